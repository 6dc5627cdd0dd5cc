"""Writing at computed places: scatter, scatter_update, and sums by segment.

An index that lies outside is left out: it goes to a row behind the last, which is cut
off. Negative indices count from the end, but of segments, where they too lie outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend import dtypes, get_backend
from kerasish.errors import ShapeError, explain
from kerasish.graph.tensor import Spec, Tensor
from kerasish.ops.creation import zeros
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.elementwise import (
    add,
    divide,
    equal,
    greater_equal,
    less,
    logical_and,
    multiply,
    where,
)
from kerasish.ops.indexing import gather, scatter_add, whole
from kerasish.ops.shape import broadcast_to, cast, concatenate, reshape, slice_to

_REDUCTIONS = (None, "add", "max", "min", "mul")


@primitive
def scatter_into(x: Array, indices: Array, updates: Array, *, how: str) -> Spec:
    """Return x with slices of its first axis replaced, or combined, at indices.

    Args:
        x: Shape (n, ...).
        indices: Whole numbers in [0, n), any shape.
        updates: Slices, shape (*indices.shape, ...).
        how: "set" (the last wins), "max", "min" or "mul".
    """
    return Spec(x.shape, x.dtype)


@scatter_into.gradient
def _(g: Any, y: Any, x: Any, indices: Any, updates: Any, *, how: str) -> Any:
    rule = {"set": _set_gradient, "mul": _product_gradient}.get(how, _extreme_gradient)
    return rule(g, y, x, indices, updates)


def _set_gradient(g: Any, y: Any, x: Any, indices: Any, updates: Any) -> Any:
    """Give the cotangent to what was written last, none to what was overwritten."""
    blank = multiply(updates, 0)
    count = math.prod(indices.shape)
    turns = np.arange(count, dtype=np.int32).reshape(indices.shape)
    before = np.full(x.shape[:1], -1, np.int32)
    last = gather(scatter_into(before, indices, turns, how="max"), indices, axis=0)
    won = reshape(equal(last, turns), _padded(indices, updates))
    own = multiply(gather(g, indices, axis=0), cast(won, g.dtype))
    return scatter_into(g, indices, blank, how="set"), None, own


def _padded(indices: Any, updates: Any) -> tuple[int, ...]:
    """Return the shape of indices with an axis of length 1 for each other of slices."""
    return (*indices.shape, *(1,) * (len(updates.shape) - len(indices.shape)))


def _extreme_gradient(g: Any, y: Any, x: Any, indices: Any, updates: Any) -> Any:
    """Share the cotangent among all that equal the extreme."""
    held = cast(equal(x, y), g.dtype)
    reached = cast(equal(updates, gather(y, indices, axis=0)), g.dtype)
    count = add(held, scatter_add(indices, reached, shape=x.shape))
    share = divide(g, count)
    own = multiply(gather(share, indices, axis=0), reached)
    return multiply(share, held), None, own


def _product_gradient(g: Any, y: Any, x: Any, indices: Any, updates: Any) -> Any:
    """Give every factor the product of the others, also where factors are zero."""
    zero = equal(x, 0), equal(updates, 0)
    firm = where(zero[0], 1, x), where(zero[1], 1, updates)
    others = scatter_into(firm[0], indices, firm[1], how="mul")
    zeros = add(
        cast(zero[0], g.dtype),
        scatter_add(indices, cast(zero[1], g.dtype), shape=x.shape),
    )
    pulled = multiply(g, others)

    def share(pulled: Any, zeros: Any, factor: Any, is_zero: Any) -> Any:
        alone = equal(zeros, cast(is_zero, g.dtype))  # no other factor is zero
        return multiply(divide(pulled, factor), cast(alone, g.dtype))

    for_x = share(pulled, zeros, firm[0], zero[0])
    pulled, zeros = (gather(t, indices, axis=0) for t in (pulled, zeros))
    return for_x, None, share(pulled, zeros, firm[1], zero[1])


def scatter(indices: Any, values: Any, shape: Sequence[int]) -> Any:
    """Return zeros of `shape` with values added at indices.

    Args:
        indices: Shape (..., k): each row picks along the first k axes of the result.
        values: Shape (..., *shape[k:]).
        shape: The result's.

    Example:
        >>> scatter([[1], [3], [1]], [1.0, 2.0, 4.0], (4,)).tolist()
        [0.0, 5.0, 0.0, 2.0]
    """
    values, shape = convert(values), tuple(shape)
    rows, count, rest = _rows(indices, shape)
    flat = reshape(values, (rows.shape[0], *rest))
    summed = scatter_add(rows, flat, shape=(count + 1, *rest))
    return reshape(_without_last(summed), shape)


def scatter_update(
    inputs: Any, indices: Any, updates: Any, reduction: str | None = None
) -> Any:
    """Return `inputs` with elements or slices replaced, or combined, at indices.

    Args:
        inputs: Any shape.
        indices: Shape (..., k): each row picks along the first k axes.
        updates: Shape (..., *inputs.shape[k:]).
        reduction: None (the last update wins), "add", "max", "min" or "mul".

    Raises:
        ValueError: Nobody knows the reduction.

    Example:
        >>> scatter_update([1.0, 2.0, 3.0], [[0], [2]], [9.0, 8.0]).tolist()
        [9.0, 2.0, 8.0]
    """
    if reduction not in _REDUCTIONS:
        raise ValueError(
            explain(
                "scatter_update does not know this reduction.",
                got=repr(reduction),
                expected="one of " + ", ".join(map(repr, _REDUCTIONS)),
            )
        )
    inputs = convert(inputs)
    updates = cast(convert(updates), dtypes.dtype_name(inputs.dtype))
    if reduction == "add":
        return add(inputs, scatter(indices, updates, inputs.shape))
    rows, count, rest = _rows(indices, tuple(inputs.shape))
    flat = reshape(updates, (rows.shape[0], *rest))
    spare = zeros((1, *rest), dtypes.dtype_name(inputs.dtype))
    padded = concatenate([reshape(inputs, (count, *rest)), spare])
    made = scatter_into(padded, rows, flat, how=reduction or "set")
    return reshape(_without_last(made), inputs.shape)


def _rows(indices: Any, shape: tuple[int, ...]) -> tuple[Any, int, tuple[int, ...]]:
    """Return flat row numbers of indices, the number of rows, and a row's shape.

    An index outside gets the number behind the last.
    """
    indices = cast(whole(indices), "int32")
    depth = indices.shape[-1] if indices.shape else 0
    if not 0 < depth <= len(shape):
        raise ShapeError(
            explain(
                "The last axis of scatter's indices picks along the first axes.",
                got=f"indices of shape {tuple(indices.shape)} for shape {shape}",
                expected=f"a last length from 1 to {len(shape)}",
            )
        )
    picked, count = shape[:depth], math.prod(shape[:depth])
    table = reshape(indices, (math.prod(indices.shape[:-1]), depth))
    lengths = np.array(picked, np.int32)
    table = where(less(table, 0), add(table, lengths), table)
    inside = logical_and(greater_equal(table, 0), less(table, lengths))
    row, valid = None, None
    for k in range(depth):
        column = (slice(None), slice(k, k + 1))
        own, fits = (slice_to(t, slices=column) for t in (table, inside))
        row = own if row is None else add(multiply(row, picked[k]), own)
        valid = fits if valid is None else logical_and(valid, fits)
    flat = where(valid, row, count)
    return reshape(flat, (table.shape[0],)), count, shape[depth:]


def _without_last(x: Any) -> Any:
    return slice_to(x, slices=(slice(0, x.shape[0] - 1),))


# Segments


def segment_sum(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Return the sums of the slices of each segment; 0 of an empty one.

    Args:
        data: Shape (n, ...).
        segment_ids: Shape (n,): which segment each slice belongs to. Slices of ids
            outside [0, num_segments) are left out.
        num_segments: Number of segments; one more than the largest id by default,
            which can only be told outside a trace.
        sorted: Whether the ids rise; nothing depends on it here.

    Returns:
        Shape (num_segments, ...).

    Raises:
        ShapeError: `segment_ids` is not one number per slice.
        ValueError: `num_segments` is needed, and is not given.
    """
    data, rows, count = _segments(data, segment_ids, num_segments)
    if dtypes.dtype_name(data.dtype) == "bool":
        data = cast(data, "int32")
    return _without_last(scatter_add(rows, data, shape=(count + 1, *data.shape[1:])))


def segment_max(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Return the largest of the slices of each segment, elementwise.

    Of an empty segment the least number of the dtype. Arguments as of `segment_sum`.
    """
    return _combined("max", data, segment_ids, num_segments)


def segment_min(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Return the smallest of the slices of each segment, elementwise.

    Of an empty segment the largest number of the dtype. Arguments as of `segment_sum`.
    """
    return _combined("min", data, segment_ids, num_segments)


def segment_prod(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Return the products of the slices of each segment; 1 of an empty one.

    Arguments as of `segment_sum`.
    """
    return _combined("mul", data, segment_ids, num_segments)


def _combined(how: str, data: Any, segment_ids: Any, num_segments: int | None) -> Any:
    data, rows, count = _segments(data, segment_ids, num_segments)
    dtype = dtypes.dtype_name(data.dtype)
    start = convert(np.asarray(_start(how, dtype), dtype))
    blank = broadcast_to(start, (count + 1, *data.shape[1:]))
    return _without_last(scatter_into(blank, rows, data, how=how))


def _start(how: str, dtype: str) -> Any:
    if how == "mul":
        return 1
    if dtypes.is_float(dtype):
        return -math.inf if how == "max" else math.inf
    if dtype == "bool":
        return how == "min"
    limits = np.iinfo(dtype)
    return limits.min if how == "max" else limits.max


def _segments(
    data: Any, segment_ids: Any, num_segments: int | None
) -> tuple[Any, Any, int]:
    """Return the data, row numbers, and the number of segments."""
    data, ids = convert(data), whole(segment_ids)
    if len(ids.shape) != 1 or tuple(data.shape[:1]) != tuple(ids.shape):
        raise ShapeError(
            explain(
                "Each slice of the data belongs to one segment.",
                got=f"segment_ids of shape {tuple(ids.shape)} for data of shape "
                f"{tuple(data.shape)}",
                expected=f"shape {tuple(data.shape[:1])}",
                fix="reshape the data so that its first axis counts the slices",
            )
        )
    count = _num_segments(ids) if num_segments is None else int(num_segments)
    ids = cast(ids, "int32")
    inside = logical_and(greater_equal(ids, 0), less(ids, count))
    return data, where(inside, ids, count), count


def _num_segments(ids: Any) -> int:
    if isinstance(ids, Tensor):
        raise ValueError(
            explain(
                "The number of segments is needed to trace this.",
                got="num_segments=None",
                fix="give num_segments: the shape of the result must not depend on "
                "the values",
            )
        )
    return int(get_backend().to_host(ids).max(initial=-1)) + 1
