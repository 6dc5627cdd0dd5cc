"""Picking elements by index: gathering, scattering, sorting, one-hot codes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import dtypes, standardize_dtype
from kerasish.backend.contract import Shape
from kerasish.errors import DTypeError, ShapeError, explain
from kerasish.graph.tensor import Spec
from kerasish.ops import reduction, rules
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.elementwise import (
    add,
    equal,
    greater,
    less,
    multiply,
    negative,
    where,
)
from kerasish.ops.shape import (
    broadcast_to,
    cast,
    expand_dims,
    moveaxis,
    reshape,
    slice_to,
)


@primitive
def gather(x: Array, indices: Array, *, axis: int) -> Spec:
    """Return the slices of x at whole-number indices along an axis."""
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    return Spec(shape, x.dtype)


@gather.gradient
def _(g: Any, y: Any, x: Any, indices: Any, *, axis: int) -> Any:
    front = tuple(range(axis, axis + len(indices.shape)))
    rows = moveaxis(g, front, tuple(range(len(front))))
    first = (x.shape[axis], *x.shape[:axis], *x.shape[axis + 1 :])
    return moveaxis(scatter_add(indices, rows, shape=first), 0, axis), None


@primitive
def scatter_add(indices: Array, x: Array, *, shape: Shape) -> Spec:
    """Return zeros of `shape` with the slices x added at indices of the first axis."""
    return Spec(shape, x.dtype)


@scatter_add.gradient
def _(g: Any, y: Any, indices: Any, x: Any, *, shape: Shape) -> Any:
    return None, gather(g, indices, axis=0)


def whole(indices: Any) -> Any:
    """Return indices as a tensor.

    Raises:
        DTypeError: They are not whole numbers.
    """
    indices = convert(indices)
    if dtypes.is_float(dtypes.dtype_name(indices.dtype)):
        raise DTypeError(
            explain(
                "Indices must be whole numbers.",
                got=dtypes.dtype_name(indices.dtype),
                fix='cast them: ops.cast(indices, "int32")',
            )
        )
    return indices


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Return the slices of x at the indices along an axis (of x flat by default).

    Raises:
        IndexError: An index lies outside (NumPy backend; when the step runs).
    """
    x = reshape(x, (-1,)) if axis is None else convert(x)
    axis = rules.normalize_axis(axis or 0, len(x.shape))
    return gather(x, whole(indices), axis=axis)


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Return elements of x picked along an axis by indices of x's rank."""
    x, indices = convert(x), whole(indices)
    if axis is None:
        return take(reshape(x, (-1,)), reshape(indices, (-1,)), 0)
    axis = rules.normalize_axis(axis, len(x.shape))
    length, shape = x.shape[axis], list(x.shape)
    for i, n in enumerate(indices.shape):
        shape[i] = n if i == axis else max(n, shape[i])
    x = broadcast_to(x, [*shape[:axis], length, *shape[axis + 1 :]])
    indices = broadcast_to(indices, shape)
    indices = where(less(indices, 0), add(indices, length), indices)
    places = cast(indices, "int32")
    strides, start = _flat_starts(shape, axis, length)
    flat = add(multiply(places, strides[axis]), start)
    return reshape(take(reshape(x, (-1,)), reshape(flat, (-1,)), 0), shape)


def _flat_starts(
    shape: list[int], axis: int, length: int
) -> tuple[list[int], NDArray[np.int32]]:
    """Return the strides of a C-ordered array, and flat indices but for one axis.

    `shape` is the result's; the array has `length` along `axis`.
    """
    lengths = [length if i == axis else n for i, n in enumerate(shape)]
    strides = [math.prod(lengths[i + 1 :]) for i in range(len(lengths))]
    start = np.zeros([1] * len(shape), np.int32)
    for i, n in enumerate(shape):
        if i != axis:
            line = np.arange(n, dtype=np.int32) * np.int32(strides[i])
            start = start + line.reshape(
                [-1 if j == i else 1 for j in range(len(shape))]
            )
    return strides, start


def sort(x: Any, axis: int | None = -1) -> Any:
    """Return the elements in rising order along an axis (None: x flat)."""
    x = reshape(x, (-1,)) if axis is None else convert(x)
    last = -1 if axis is None else axis
    return take_along_axis(x, reduction.argsort(x, last), last)


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """Return the k largest elements of the last axis, largest first, and their indices.

    Equal elements come in the order of their indices.
    """
    x = convert(x)
    order = reduction.argsort(negative(x), -1)
    best = slice_to(order, slices=(slice(None),) * (len(x.shape) - 1) + (slice(k),))
    return take_along_axis(x, best, -1), best


def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Return whether each target's prediction is among the k largest of its row.

    Args:
        targets: Class indices, shape (n,).
        predictions: Scores, shape (n, classes).
        k: How many places count.
    """
    predictions = convert(predictions)
    own = take_along_axis(predictions, expand_dims(targets, -1), -1)
    better = cast(greater(predictions, own), "int32")
    return less(reduction.sum(better, -1), k)


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """Return codes that are 1 at each index and 0 elsewhere, along a new axis.

    An index outside 0 ... num_classes - 1 gives a row of zeros.
    """
    if sparse:
        raise ValueError("one_hot: sparse tensors do not exist here; use sparse=False")
    x = whole(x)
    classes = np.arange(num_classes, dtype=np.int32)
    ndim = len(x.shape) + 1
    axis = rules.normalize_axis(axis, ndim)
    classes = classes.reshape([-1 if i == axis else 1 for i in range(ndim)])
    return cast(equal(expand_dims(x, axis), classes), standardize_dtype(dtype))


def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
) -> Any:
    """Return codes that are 1 at every index of a row: one_hot's maximum over it.

    Args:
        inputs: Class numbers.
        num_classes: Length of the codes; needed.
        axis: Where the codes lie.
        dtype: Dtype of the result.
        sparse: Must be false.

    Raises:
        ValueError: `num_classes` is missing, or `sparse` is true.
    """
    if num_classes is None or sparse:
        raise ValueError(
            explain(
                "Codes are dense and need their length.",
                got=f"num_classes={num_classes}, sparse={sparse}",
            )
        )
    codes = one_hot(inputs, num_classes, axis, dtype)
    return reduction.max(codes, 0 if len(codes.shape) == 2 else 1)


def get_item(x: Any, key: Any) -> Any:
    """Return x[key] for whole numbers, slices, None, ... and whole-number tensors.

    Raises:
        ShapeError: There are more indices than axes.
    """
    keys = key if isinstance(key, tuple) else (key,)
    named = [k for k in keys if k is not None and k is not Ellipsis]
    if len(named) > len(x.shape):
        raise ShapeError(
            explain(
                "Too many indices.",
                got=f"{len(named)} for shape {tuple(x.shape)}",
            )
        )
    gap = len(x.shape) - len(named)
    at = next((i for i, k in enumerate(keys) if k is Ellipsis), len(keys))
    keys = (*keys[:at], *(slice(None),) * gap, *keys[at + 1 :])
    return _index_axes(x, keys)


def _index_axes(x: Any, keys: tuple[Any, ...]) -> Any:
    slices, shape, picked = [], [], None
    lengths = iter(x.shape)
    for key in keys:
        if key is None:
            shape.append(1)
            continue
        length = next(lengths)
        if isinstance(key, (int, np.integer)):
            at = rules.normalize_axis(int(key), length)
            slices.append(slice(at, at + 1))
        elif isinstance(key, slice):
            slices.append(key)
            shape.append(len(range(length)[key]))
        else:
            picked = (len(shape), key)
            slices.append(slice(None))
            shape.append(length)
    if any(s != slice(None) for s in slices):
        x = slice_to(x, slices=tuple(slices))
    x = reshape(x, shape)
    return x if picked is None else take(x, picked[1], picked[0])


def size(x: Any) -> int:
    """Return the number of elements."""
    return math.prod(convert(x).shape)
