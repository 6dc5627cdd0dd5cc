"""CIFAR-10: 60,000 small colour pictures of 10 kinds of things.

airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck. (A. Krizhevsky,
"Learning Multiple Layers of Features from Tiny Images", 2009.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerasish.datasets import cifar

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
FILE_HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
_NAME, _FOLDER = "cifar-10-batches-py-target", "cifar-10-batches-py"
_FILE_SIZE = 10_000  # pictures a file

Split = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def load_data() -> tuple[Split, Split]:
    """Return `(x_train, y_train), (x_test, y_test)` of CIFAR-10.

    The archive is looked for in `$KERAS_HOME/datasets`, and downloaded (163 MiB) if it
    is not there. Nothing in it is run.

    Returns:
        Pictures, uint8 of shape `(50000, 32, 32, 3)` and `(10000, 32, 32, 3)`, 0 to
        255, channels first if that is the setting in force; and kinds, uint8 of shape
        `(50000, 1)` and `(10000, 1)`, 0 to 9.

    Raises:
        OSError: The archive is not there, and cannot be downloaded.
        FileFormatError: A file in it is missing or damaged.
    """
    folder = cifar.fetch(_NAME, ORIGIN, FILE_HASH, _FOLDER)
    names = [f"data_batch_{number}" for number in range(1, 6)]
    parts = [
        cifar.read_file(folder / name, "labels", _FILE_SIZE)
        for name in [*names, "test_batch"]
    ]
    x_train = np.concatenate([x for x, _ in parts[:-1]])
    y_train = np.concatenate([y for _, y in parts[:-1]])
    x_test, y_test = parts[-1]
    return (x_train, y_train.astype("uint8")), (x_test, y_test.astype("uint8"))
