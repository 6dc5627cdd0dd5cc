"""From what a user passes to `fit`, `evaluate` or `predict` to batches.

`make_adapter` picks the kind of adapter, and says so when arguments do not go with the
data. `train_validation_split` is `fit(validation_split=...)`. The training loop uses
these two, and `Adapter` and `Batch` from `data_adapter`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from kerasish.errors import DTypeError, explain
from kerasish.graph import tree
from kerasish.training.data_adapter import Adapter
from kerasish.training.data_indexed import IndexedAdapter
from kerasish.training.data_iterated import IteratedAdapter, PyDatasetAdapter
from kerasish.training.data_sources import LazySource, Source
from kerasish.training.data_structure import DataStructure, standardize
from kerasish.utils.pydataset import PyDataset

_ARRAY_MARKS = ("shape", "__array__", "__dlpack__")


def make_adapter(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: bool | str = False,
    steps: int | None = None,
    class_weight: dict[int, float] | None = None,
) -> Adapter:
    """Return the adapter for a data set.

    Args:
        x: Array, data frame, HDF5 data set, numbers in lists, or lists, tuples and
            dicts of arrays; or a `PyDataset`, a generator, or another iterable of
            batches.
        y: Targets, for arrays only.
        sample_weight: Weights, for arrays only.
        batch_size: Samples a batch (32 by default), for arrays only.
        shuffle: Whether to draw a new order in each pass: of the samples of arrays
            ("batch": of whole batches), of the batches of a `PyDataset`.
        steps: Batches an epoch; None for one pass.
        class_weight: Class number -> weight.

    Raises:
        ValueError: Arguments that do not go with the data, or do not fit one another.
        DTypeError: `x` is nothing that can be trained on.

    Example:
        >>> adapter = make_adapter([[1.0], [2.0], [3.0]], [0, 1, 0], batch_size=2)
        >>> [batch.size for batch in adapter.epoch()]
        [2, 1]
    """
    if _is_array_like(x):
        return IndexedAdapter(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            shuffle=shuffle,
            steps=steps,
            class_weight=class_weight,
        )
    if not isinstance(x, (PyDataset, Iterable)) or isinstance(x, (str, bytes)):
        raise _not_data(x)
    extra = {"y": y, "sample_weight": sample_weight, "batch_size": batch_size}
    _refuse_beside_batches(x, extra)
    if isinstance(x, PyDataset):
        return PyDatasetAdapter(
            x, shuffle=shuffle, steps=steps, class_weight=class_weight
        )
    return IteratedAdapter(x, steps=steps, class_weight=class_weight)


def _is_array_like(x: Any) -> bool:
    if isinstance(x, (np.ndarray, list, tuple, dict)):
        return True
    is_marked = any(hasattr(x, mark) for mark in _ARRAY_MARKS)
    return is_marked and not isinstance(x, PyDataset)


def _not_data(x: Any) -> DTypeError:
    fix = "convert it to a NumPy array first"
    if inspect.isgeneratorfunction(x):
        fix = f"call it: pass {x.__name__}(), not {x.__name__}"
    return DTypeError(
        explain(
            "Unrecognized data type: x is nothing that can be trained on.",
            got=f"{type(x).__name__}" if x is not None else "None",
            expected="arrays, data frames, a PyDataset, or an iterable of batches",
            fix=fix,
        )
    )


_BESIDE_BATCHES = {
    "y": "yield the targets with the inputs: (x, y)",
    "sample_weight": "yield the weights too: (x, y, sample_weight)",
    "batch_size": "leave `batch_size` out: the data brings its own batches",
}


def _refuse_beside_batches(x: Any, extra: dict[str, Any]) -> None:
    """Raise if arguments for arrays stand beside data that brings its own batches."""
    kind = "PyDataset" if isinstance(x, PyDataset) else type(x).__name__
    for name, value in extra.items():
        if value is not None:
            raise ValueError(
                explain(
                    f"When providing `x` as a {kind}, `{name}` should not be passed.",
                    got=f"`{name}` of type {type(value).__name__}",
                    expected="everything to come out of `x`",
                    fix=_BESIDE_BATCHES[name],
                )
            )


def train_validation_split(
    arrays: tuple[Any, ...], validation_split: float
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the first part of the samples, and the last part, for validation.

    The split comes before any shuffling. Nothing is copied or read: arrays are cut into
    views, data on disk into ranges of rows.

    Args:
        arrays: `(x,)`, `(x, y)` or `(x, y, sample_weight)`; parts may be None.
        validation_split: Fraction of the samples that goes to the second part, in (0,
            1).

    Returns:
        Two tuples like `arrays`, both ready for `make_adapter`.

    Raises:
        ValueError: The data has no rows to cut (a generator), one part would be empty,
            or the fraction is none.

    Example:
        >>> train, validation = train_validation_split(([1, 2, 3, 4],), 0.25)
        >>> train[0].tolist(), validation[0].tolist()
        ([1, 2, 3], [4])
    """
    if not _is_array_like(arrays[0]):
        raise ValueError(
            explain(
                "`validation_split` is only supported for arrays.",
                got=f"x of type {type(arrays[0]).__name__}",
                fix="pass `validation_data` instead",
            )
        )
    parts = zip(arrays, ("x", "y", "sample_weight"), strict=False)
    structures = tuple(standardize(part, name) for part, name in parts)
    total = DataStructure(*structures).num_samples()
    cut = _cut(total, validation_split)
    first = tree.map_structure(lambda s: _rows(s, 0, cut), structures)
    second = tree.map_structure(lambda s: _rows(s, cut, total), structures)
    return first, second


def _cut(total: int, validation_split: float) -> int:
    if not 0 < validation_split < 1:
        raise ValueError(
            explain(
                "`validation_split` is no fraction.",
                got=repr(validation_split),
                expected="a number between 0 and 1, both excluded",
            )
        )
    cut = math.floor(total * (1 - validation_split))
    if cut in (0, total):
        raise ValueError(
            explain(
                f"Training data contains {total} samples, which is not sufficient to "
                "split it into a validation and training set.",
                got=f"validation_split={validation_split}",
                expected="at least one sample in each part",
                fix="either provide more data, or a different `validation_split`",
            )
        )
    return cut


def _rows(source: Source | None, start: int, stop: int) -> Source | None:
    if source is None:
        return None
    if isinstance(source, LazySource):
        return source.rows(start, stop)
    return source[start:stop]
