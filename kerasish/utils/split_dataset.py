"""`split_dataset`: one data set made two."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.errors import ShapeError, explain
from kerasish.random.seed import draw_seed
from kerasish.utils.pydataset import PyDataset
from kerasish.utils.samples import SampleDataset


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[SampleDataset, SampleDataset]:
    """Return the samples of a data set in two: the first ones, and the last ones.

    Args:
        dataset: An array; a tuple or list of arrays of one length; what a
            `*_dataset_from_*` function returned; or samples by number (a PyTorch
            `Dataset`). All of it is held in memory.
        left_size: Samples in the first part: a number, or a fraction in (0, 1).
        right_size: The same for the second part. One of the two is enough.
        shuffle: Whether to mix the samples before.
        seed: Of the mixing.
        preferred_backend: Accepted as in Keras. It changes nothing: the parts are
            iterables of NumPy arrays.

    Returns:
        Two `SampleDataset`s: of single samples, or of batches where `dataset` has
        batches. Their method `batch` makes batches for `fit`.

    Raises:
        TypeError: `dataset` is something else, or a size is not a number.
        ValueError: The sizes do not fit the data, or leave one part empty.

    Example:
        >>> left, right = split_dataset(np.arange(10), left_size=0.7)
        >>> [int(x) for x in left], [int(x) for x in right]
        ([0, 1, 2, 3, 4, 5, 6], [7, 8, 9])
    """
    samples = _samples(dataset)
    left, right = _sizes(left_size, right_size, len(samples))
    if shuffle:
        random.Random(draw_seed() if seed is None else seed).shuffle(samples)
    batch_size = getattr(dataset, "batch_size", None)
    parts = (samples[:left], samples[len(samples) - right :])
    first, second = (_dataset(part, batch_size) for part in parts)
    return first, second


def _dataset(samples: list[Any], batch_size: int | None) -> SampleDataset:
    single = SampleDataset(lambda: iter(samples), len(samples))
    return single if batch_size is None else single.batch(batch_size)


def _samples(dataset: Any) -> list[Any]:
    """Return the samples of a data set in a list."""
    if isinstance(dataset, np.ndarray):
        samples = list(dataset)
    elif isinstance(dataset, (list, tuple)):
        samples = list(zip(*_arrays(dataset), strict=True))
    elif isinstance(dataset, SampleDataset):
        singly = dataset if dataset.batch_size is None else dataset.unbatch()
        samples = list(singly)
    elif _is_indexed(dataset):
        samples = [dataset[index] for index in range(len(dataset))]
    else:
        raise TypeError(
            explain(
                f"Unsupported dataset type: {type(dataset)}.",
                expected="an array, a tuple or list of arrays, or a data set of "
                "samples by number",
            )
        )
    if not samples:
        raise ValueError(
            explain("Received an empty dataset.", expected="at least two samples")
        )
    return samples


def _is_indexed(dataset: Any) -> bool:
    return (
        hasattr(dataset, "__len__")
        and hasattr(dataset, "__getitem__")
        and not isinstance(dataset, (PyDataset, str, bytes, dict))
    )


def _arrays(arrays: Sequence[Any]) -> Sequence[Any]:
    for index, array in enumerate(arrays):
        if not isinstance(array, np.ndarray):
            raise ShapeError(
                explain(
                    "Expected a list of `numpy.ndarray` objects.",
                    got=f"{type(array)} at index {index}",
                    fix="make one array of the samples: `numpy.array(samples)`",
                )
            )
        if len(array) != len(arrays[0]):
            raise ShapeError(
                explain(
                    "Received arrays with different lengths.",
                    got=f"{len(array)} samples at index {index}",
                    expected=f"{len(arrays[0])}",
                )
            )
    return arrays


def _sizes(left: float | None, right: float | None, total: int) -> tuple[int, int]:
    """Return how many samples each part has."""
    if left is None and right is None:
        raise ValueError(
            "At least one of the `left_size` or `right_size` must be specified."
        )
    num_left = _count("left_size", left, total)
    num_right = _count("right_size", right, total)
    num_left = total - num_right if left is None else num_left
    num_right = total - num_left if right is None else num_right
    if num_left + num_right > total:
        raise ValueError(
            explain(
                "The two parts are larger than the whole.",
                got=f"left_size={left}, right_size={right}",
                expected=f"{total} samples in all at the most",
            )
        )
    if not (num_left and num_right):
        raise ValueError(
            explain(
                f"Of the parts of {total} samples, one is empty.",
                got=f"{num_left} on the left, {num_right} on the right",
                fix="change `left_size` or `right_size`",
            )
        )
    return num_left, num_right


def _count(name: str, size: float | None, total: int) -> int:
    if size is None:
        return 0
    if isinstance(size, bool) or not isinstance(size, (int, float)):
        raise TypeError(
            explain(
                f"Invalid `{name}` type.",
                got=f"{size!r} of type {type(size).__name__}",
                expected="int, float or None",
            )
        )
    largest = total if isinstance(size, int) else 1
    if not 0 < size < largest:
        raise ValueError(
            explain(
                f"`{name}` does not fit {total} samples.",
                got=f"{name}={size}",
                expected=f"an integer from 1 to {total - 1}, or a fraction in (0, 1)",
            )
        )
    return size if isinstance(size, int) else round(size * total)
