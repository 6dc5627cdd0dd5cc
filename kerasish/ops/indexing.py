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
    greater_equal,
    less,
    logical_and,
    multiply,
    subtract,
    where,
)
from kerasish.ops.shape import (
    broadcast_to,
    cast,
    expand_dims,
    flip,
    moveaxis,
    reshape,
    slice_to,
    transpose,
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

    Equal elements come in the order of their indices; NaN counts as the largest.
    """
    x = convert(x)
    keys = cast(x, "int32") if dtypes.dtype_name(x.dtype) == "bool" else x
    # the rising order backwards: not all dtypes can be negated. Flipped before, too,
    # so that equals stay in order
    order = flip(reduction.argsort(flip(keys, -1), -1), -1)
    best = slice_to(order, slices=(slice(None),) * (len(x.shape) - 1) + (slice(k),))
    best = subtract(x.shape[-1] - 1, best)
    return take_along_axis(x, best, -1), best


def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Return whether each target's prediction is among the k largest of its row.

    Args:
        targets: Class indices, shape (n,).
        predictions: Scores, shape (n, classes).
        k: How many places count.

    Returns:
        Truth values, shape (n,); false for a target that is no class.
    """
    predictions, targets = convert(predictions), cast(whole(targets), "int32")
    known = logical_and(greater_equal(targets, 0), less(targets, predictions.shape[-1]))
    places = expand_dims(where(known, targets, 0), -1)
    own = take_along_axis(predictions, places, -1)
    better = cast(greater(predictions, own), "int32")
    return logical_and(known, less(reduction.sum(better, -1), k))


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """Return codes that are 1 at each index and 0 elsewhere, along a new axis.

    An index outside 0 ... num_classes - 1 gives a row of zeros; floats are cut towards
    zero.
    """
    if sparse:
        raise ValueError("one_hot: sparse tensors do not exist here; use sparse=False")
    x = convert(x)
    x = cast(x, "int32") if dtypes.is_float(dtypes.dtype_name(x.dtype)) else x
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

    Several tensors broadcast together, as NumPy's do; the axes they index become the
    tensors' axes: in place if they are neighbours, else in front.

    Raises:
        ShapeError: There are more indices than axes, or the tensors do not broadcast.
        DTypeError: An index is a truth value, a float, or a tensor of such.
        IndexError: An index lies outside (NumPy backend; when the step runs).
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
    return _index_axes(x, tuple(map(_checked_key, keys)))


def _checked_key(key: Any) -> Any:
    """Return a key of one axis, any but a slice, a number or None as a tensor.

    Raises:
        DTypeError: It is a truth value or a float, or a tensor of such.
    """
    if key is None or isinstance(key, slice):
        return key
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        return int(key)
    key = np.zeros(0, np.int32) if isinstance(key, list) and not key else key
    places = whole(key)
    if dtypes.dtype_name(places.dtype) == "bool":
        raise DTypeError(
            explain(
                "Truth values cannot be indices.",
                got=f"bool{list(places.shape)}",
                expected="whole numbers, slices, None or ...",
                fix="use ops.where(mask, x, 0), or multiply by the mask",
            )
        )
    return places


def _index_axes(x: Any, keys: tuple[Any, ...]) -> Any:
    """Return x indexed by one checked key per axis, and None for new axes."""
    slices, shape, picked = [], [], []
    lengths = iter(x.shape)
    jointly = any(not isinstance(k, (int, slice)) for k in keys if k is not None)
    for key in keys:
        if key is None:
            shape.append(1)
            continue
        length = next(lengths)
        if isinstance(key, slice):
            slices.append(key)
            shape.append(len(range(length)[key]))
            continue
        if isinstance(key, int):
            key = rules.normalize_axis(key, length)
            if not jointly:
                slices.append(slice(key, key + 1))
                continue
        picked.append((len(shape), key))
        slices.append(slice(None))
        shape.append(length)
    if any(s != slice(None) for s in slices):
        x = slice_to(x, slices=tuple(slices))
    x = reshape(x, shape)
    if len(picked) > 1:
        return _take_jointly(x, picked)
    return take(x, picked[0][1], picked[0][0]) if picked else x


def _take_jointly(x: Any, picked: list[tuple[int, Any]]) -> Any:
    """Return x with several axes indexed at once: pairs of an axis and its indices."""
    axes = [axis for axis, _ in picked]
    first, flat, inside = axes[0], 0, True
    for axis, places in picked:
        length = x.shape[axis]
        places = cast(places, "int32")
        places = where(less(places, 0), add(places, length), places)
        fits = logical_and(greater_equal(places, 0), less(places, length))
        flat, inside = add(multiply(flat, length), places), logical_and(inside, fits)
    if axes != list(range(first, first + len(axes))):
        rest = [a for a in range(len(x.shape)) if a not in axes]
        x, first = transpose(x, [*axes, *rest]), 0
    end = first + len(axes)
    count = math.prod(x.shape[first:end])
    x = reshape(x, (*x.shape[:first], count, *x.shape[end:]))
    # an index outside must not reach a neighbouring row: it stays outside
    return gather(x, where(inside, flat, count), axis=first)


def size(x: Any) -> int:
    """Return the number of elements."""
    return math.prod(convert(x).shape)
