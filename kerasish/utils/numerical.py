"""`to_categorical` and `normalize`: small conversions of arrays.

Both compute on the host. What came from a device goes back there, in `floatx()`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import floatx, get_backend
from kerasish.errors import ShapeError, explain


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Return class numbers as one-hot rows: 1 at the class, 0 elsewhere.

    Args:
        x: Class numbers from 0, of any shape; a last axis of size 1 is dropped. Floats
            are cut to integers.
        num_classes: Length of the rows; `max(x) + 1` by default.

    Returns:
        float64 array of shape `(*x.shape, num_classes)`; a backend tensor for one.

    Raises:
        ValueError: `x` is empty, and `num_classes` not given.
        IndexError: A class below 0 or beyond `num_classes`. (Keras counts negative ones
            from the end.)

    Example:
        >>> to_categorical([0, 2], 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    labels = _to_host(x).astype(np.int64)
    shape = labels.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    labels = labels.reshape(-1)
    num_classes = _count_classes(labels) if num_classes is None else num_classes
    _check_labels(labels, num_classes)
    rows = np.zeros((labels.size, num_classes))
    rows[np.arange(labels.size), labels] = 1.0
    return _like(x, rows.reshape(*shape, num_classes))


def _is_on_device(x: Any) -> bool:
    return not isinstance(x, np.ndarray) and isinstance(x, get_backend().array_type)


def _to_host(x: Any) -> NDArray[Any]:
    return get_backend().to_host(x) if _is_on_device(x) else np.asarray(x)


def _like(x: Any, result: NDArray[Any]) -> Any:
    """Return the result where `x` was: on the host, or on the device."""
    if not _is_on_device(x):
        return result
    return get_backend().from_host(result.astype(floatx()))


def _count_classes(labels: NDArray[np.int64]) -> int:
    if labels.size == 0:
        raise ValueError(
            explain(
                "The number of classes cannot be read off an empty array.",
                fix="pass `num_classes`",
            )
        )
    return int(labels.max()) + 1


def _check_labels(labels: NDArray[np.int64], num_classes: int) -> None:
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if wrong.size:
        raise IndexError(
            explain(
                "A class number is out of range.",
                got=f"{wrong[0]} ({wrong.size} such numbers)",
                expected=f"0 to {num_classes - 1} (num_classes={num_classes})",
                fix="raise `num_classes`, or number the classes from 0 "
                "(numpy.unique(..., return_inverse=True))",
            )
        )


def normalize(x: Any, axis: int = -1, order: float = 2) -> Any:
    """Return `x` divided by its norm along an axis; rows of zeros stay zero.

    Args:
        x: Array of one axis or more; integers become floats.
        axis: Along which the norm is taken.
        order: Of the norm, as `numpy.linalg.norm` has it (2: Euclidean).

    Returns:
        Array of the shape of `x` (a vector becomes one row, as in Keras); a backend
        tensor for one.

    Raises:
        ShapeError: `x` has no such axis.

    Example:
        >>> normalize([[3.0, 4.0]]).tolist()
        [[0.6, 0.8]]
    """
    values = _to_host(x)
    if not -values.ndim <= axis < values.ndim:
        raise ShapeError(
            explain(
                "`normalize` cannot find the axis.",
                got=f"axis={axis} for an array of shape {values.shape}",
                expected=f"{values.ndim} axes or fewer",
            )
        )
    if values.ndim == 1:
        values, axis = values[np.newaxis], -1
    norms = np.linalg.norm(values, order, axis=axis, keepdims=True)
    return _like(x, values / np.where(norms == 0, 1, norms))
