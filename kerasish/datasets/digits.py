"""Digits: 1,797 small pictures of handwritten digits, shipped with the package.

Needs no network: for first steps, examples and tests. Not in Keras. Origin and license
(CC BY 4.0) are told in `digits.md`, beside the data.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import explain

Split = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def load_data(test_fraction: float = 0.2, seed: int = 0) -> tuple[Split, Split]:
    """Return `(x_train, y_train), (x_test, y_test)` of the UCI digits.

    The split is random, and the same for the same seed.

    Args:
        test_fraction: Fraction of the 1,797 pictures in the second part, in (0, 1).
        seed: Of the order of the pictures.

    Returns:
        Pictures, uint8 of shape `(samples, 8, 8)`, 0 to 16; and digits, uint8 of shape
        `(samples,)`, 0 to 9.

    Raises:
        ValueError: `test_fraction` leaves one part empty.

    References:
        E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI
        Machine Learning Repository, 1998, https://doi.org/10.24432/C50P49.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, x_test.shape
        ((1437, 8, 8), (360, 8, 8))
    """
    file = Path(__file__).with_name("digits.npz")
    with np.load(file, allow_pickle=False) as archive:
        images, labels = archive["images"], archive["labels"]
    total = len(labels)
    num_test = _count_test(total, test_fraction)
    order = np.random.Generator(np.random.Philox(seed)).permutation(total)
    test, train = order[:num_test], order[num_test:]
    return (images[train], labels[train]), (images[test], labels[test])


def _count_test(total: int, test_fraction: float) -> int:
    count = math.ceil(total * test_fraction)
    if 0 < count < total:
        return count
    raise ValueError(
        explain(
            "`test_fraction` leaves nothing to train on, or nothing to test.",
            got=repr(test_fraction),
            expected=f"a number between 0 and 1 (there are {total} pictures)",
        )
    )
