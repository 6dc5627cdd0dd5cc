"""Reductions over axes: sums, extremes, their places, running totals, order."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend import dtypes, floatx
from kerasish.backend.contract import Shape
from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import Array, convert, operand, primitive
from kerasish.ops.elementwise import (
    add,
    divide,
    equal,
    exp,
    isfinite,
    log,
    maximum,
    minimum,
    multiply,
    not_equal,
    select,
    sqrt,
    square,
    subtract,
    where,
)
from kerasish.ops.floats import as_float
from kerasish.ops.shape import broadcast_to, cast, flip, reshape, stop_gradient

Axes = int | Sequence[int] | None


def _reduced(x: Any, axis: Shape, keepdims: bool, dtype: str) -> Spec:
    return Spec(rules.reduced_shape(tuple(x.shape), axis, keepdims), dtype, dtype)


def _total(dtype: str) -> str:
    """Return the dtype of a sum or product: small whole numbers would overflow."""
    if dtype in ("uint8", "uint16"):
        return "uint32"
    return "int32" if dtype in ("bool", "int8", "int16") else dtype


def _spread(g: Any, x: Any, axis: Shape) -> Any:
    """Return a reduction's cotangent, or result, repeated over what was reduced."""
    return broadcast_to(reshape(g, rules.reduced_shape(x.shape, axis, True)), x.shape)


@primitive
def reduce_sum(x: Array, *, axis: Shape, keepdims: bool) -> Spec:
    """Return the sum over axes."""
    return _reduced(x, axis, keepdims, _total(x.dtype))


@reduce_sum.gradient
def _(g: Any, y: Any, x: Any, *, axis: Shape, keepdims: bool) -> Any:
    return _spread(g, x, axis)


@primitive
def reduce_max(x: Array, *, axis: Shape, keepdims: bool) -> Spec:
    """Return the largest element over axes; equals share the gradient."""
    return _reduced(x, axis, keepdims, x.dtype)


@primitive
def reduce_min(x: Array, *, axis: Shape, keepdims: bool) -> Spec:
    """Return the smallest element over axes; equals share the gradient."""
    return _reduced(x, axis, keepdims, x.dtype)


def _gradient_of_extreme(g: Any, y: Any, x: Any, *, axis: Shape, keepdims: bool) -> Any:
    hits = cast(equal(x, _spread(y, x, axis)), x.dtype)
    share = divide(hits, reduce_sum(hits, axis=axis, keepdims=True))
    return multiply(_spread(g, x, axis), share)


reduce_max.gradient(_gradient_of_extreme)
reduce_min.gradient(_gradient_of_extreme)


@primitive
def reduce_prod(x: Array, *, axis: Shape, keepdims: bool) -> Spec:
    """Return the product over axes."""
    return _reduced(x, axis, keepdims, _total(x.dtype))


@reduce_prod.gradient
def _(g: Any, y: Any, x: Any, *, axis: Shape, keepdims: bool) -> Any:
    # the product of all the others: with one zero, only that element has a gradient
    zeros = equal(x, 0)
    filled = select(zeros, convert(1, x.dtype), x)
    others = reduce_prod(filled, axis=axis, keepdims=True)
    count = reduce_sum(zeros, axis=axis, keepdims=True)
    none = multiply(cast(equal(count, 0), x.dtype), divide(others, filled))
    one = multiply(cast(equal(count, 1), x.dtype), multiply(others, zeros))
    return multiply(_spread(g, x, axis), add(none, one))


@primitive
def arg_max(x: Array, *, axis: int) -> Spec:
    """Return the index of the first largest element along an axis, int32."""
    return Spec(rules.reduced_shape(x.shape, (axis,), False), "int32")


@primitive
def arg_min(x: Array, *, axis: int) -> Spec:
    """Return the index of the first smallest element along an axis, int32."""
    return Spec(rules.reduced_shape(x.shape, (axis,), False), "int32")


@primitive
def cumulative_sum(x: Array, *, axis: int) -> Spec:
    """Return running sums along an axis."""
    dtype = "int32" if x.dtype == "bool" else x.dtype
    return Spec(x.shape, dtype, dtype)


@cumulative_sum.gradient
def _(g: Any, y: Any, x: Any, *, axis: int) -> Any:
    return flip(cumulative_sum(flip(g, axis), axis=axis), axis)


@primitive
def cumulative_prod(x: Array, *, axis: int) -> Spec:
    """Return running products along an axis."""
    dtype = "int32" if x.dtype == "bool" else x.dtype
    return Spec(x.shape, dtype, dtype)


@cumulative_prod.gradient
def _(g: Any, y: Any, x: Any, *, axis: int) -> Any:
    later = flip(cumulative_sum(flip(multiply(g, y), axis), axis=axis), axis)
    return divide(later, x)  # undefined where an element is 0


@primitive
def arg_sort(x: Array, *, axis: int) -> Spec:
    """Return the indices that would sort along an axis, int32; equals keep order."""
    return Spec(x.shape, "int32")


for _order in (arg_max, arg_min, arg_sort):
    _order.no_gradient("an index does not change by little")


def sum(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the sum over axes, over all by default."""
    x = convert(x)
    axes = rules.normalize_axes(axis, len(x.shape))
    if not axes:
        return cast(x, _total(dtypes.dtype_name(x.dtype)))
    return reduce_sum(x, axis=axes, keepdims=keepdims)


def prod(x: Any, axis: Axes = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Return the product over axes, over all by default."""
    x = convert(x, dtype)
    axes = rules.normalize_axes(axis, len(x.shape))
    if not axes:
        return cast(x, _total(dtypes.dtype_name(x.dtype)))
    return reduce_prod(x, axis=axes, keepdims=keepdims)


def max(x: Any, axis: Axes = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Return the largest element over axes, over all by default.

    With `initial`, nothing below it; of none, it.
    """
    return _extreme(reduce_max, maximum, x, axis, keepdims, initial)


def min(x: Any, axis: Axes = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Return the smallest element over axes, over all by default.

    With `initial`, nothing above it; of none, it.
    """
    return _extreme(reduce_min, minimum, x, axis, keepdims, initial)


def _extreme(
    reduce: Any,
    join: Callable[..., Any],
    x: Any,
    axis: Axes,
    keepdims: bool,
    initial: Any,
) -> Any:
    x = convert(x)
    axes = rules.normalize_axes(axis, len(x.shape))
    if initial is not None and 0 in [x.shape[a] for a in axes]:
        shape = rules.reduced_shape(tuple(x.shape), axes, keepdims)
        start = operand(initial)
        dtype = dtypes.strong(rules.promoted(x, start), floatx())
        return broadcast_to(convert(start, dtype), shape)
    found = reduce(x, axis=axes, keepdims=keepdims) if axes else x
    return found if initial is None else join(found, initial)


def mean(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the mean over axes, over all by default; whole numbers become floats."""
    x = convert(x)
    dtype = dtypes.dtype_name(x.dtype)
    if dtype == "float16":  # the sum would leave its range at 65,504
        return cast(mean(cast(x, "float32"), axis, keepdims), dtype)
    x = x if dtypes.is_float(dtype) else cast(x, floatx())
    axes = rules.normalize_axes(axis, len(x.shape))
    count = math.prod(x.shape[a] for a in axes)
    return multiply(sum(x, axes, keepdims), 1.0 / count if count else math.nan)


def var(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the variance over axes (the mean of squared deviations)."""
    x = convert(x)
    return mean(square(subtract(x, mean(x, axis, True))), axis, keepdims)


def std(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the standard deviation over axes."""
    return sqrt(var(x, axis, keepdims))


def any(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return whether any element over axes is true; of none, it is false."""
    found = not_equal(x, 0)
    if 0 in found.shape:  # nothing has no largest element
        return not_equal(sum(found, axis, keepdims), 0)
    return max(found, axis, keepdims)


def all(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return whether all elements over axes are true; of none, they are."""
    found = not_equal(x, 0)
    if 0 in found.shape:
        return equal(sum(equal(found, 0), axis, keepdims), 0)
    return min(found, axis, keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the first largest element, int32; of x flat by default."""
    return _argument(arg_max, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the first smallest element, int32; of x flat by default."""
    return _argument(arg_min, x, axis, keepdims)


def _argument(op: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    x = convert(x)
    ndim = len(x.shape)
    if axis is None:
        found = op(reshape(x, (-1,)), axis=0)
        return reshape(found, (1,) * ndim) if keepdims else found
    axis = rules.normalize_axis(axis, ndim)
    found = op(x, axis=axis)
    if not keepdims:
        return found
    return reshape(found, rules.reduced_shape(tuple(x.shape), (axis,), True))


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return running sums along an axis, of x flat by default."""
    x = convert(x, dtype)
    x = reshape(x, (-1,)) if axis is None else x
    return cumulative_sum(x, axis=rules.normalize_axis(axis or 0, len(x.shape)))


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return running products along an axis, of x flat by default."""
    x = convert(x, dtype)
    x = reshape(x, (-1,)) if axis is None else x
    return cumulative_prod(x, axis=rules.normalize_axis(axis or 0, len(x.shape)))


def argsort(x: Any, axis: int | None = -1) -> Any:
    """Return the indices that would sort along an axis (None: x flat), int32.

    A tensor of rank 0 counts as one of a single element.
    """
    x = reshape(x, (-1,)) if axis is None else convert(x)
    last = -1 if axis is None else axis
    x = x if x.shape else reshape(x, (1,))
    return arg_sort(x, axis=rules.normalize_axis(last, len(x.shape)))


def logsumexp(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return log(sum(exp(x))) over axes, safe for large |x|; of none, -inf."""
    x = as_float(x)
    start = -math.inf if 0 in x.shape else None
    peak = stop_gradient(max(x, axis, keepdims=True, initial=start))
    shift = where(isfinite(peak), peak, 0)  # inf - inf would be NaN
    total = sum(exp(subtract(x, shift)), axis, keepdims=True)
    # a total of 0 has a peak of -inf, which is the result
    result = add(log(where(equal(total, 0), 1, total)), peak)
    if keepdims:
        return result
    axes = rules.normalize_axes(axis, len(x.shape))
    return reshape(result, rules.reduced_shape(tuple(x.shape), axes, False))
