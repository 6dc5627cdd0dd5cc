"""Reductions that leave NaN out.

NaN is replaced by what changes nothing (0 in a sum, 1 in a product, an infinity in an
extreme), and counted apart where the result depends on how many elements there are. No
gradient reaches a NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kerasish.backend import dtypes
from kerasish.ops import reduction
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import (
    divide,
    isnan,
    logical_not,
    select,
    sqrt,
    square,
    subtract,
    where,
)
from kerasish.ops.floats import as_float
from kerasish.ops.reduction import Axes
from kerasish.ops.shape import cast


def _without_nan(x: Any, value: float) -> Any:
    """Return x with a number in place of NaN; whole numbers as they are."""
    dtype = dtypes.dtype_name(x.dtype)
    if not dtypes.is_float(dtype):
        return x
    return select(isnan(x), convert(value, dtype), x)


def nansum(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the sum over axes of the elements that are not NaN; of none, 0.

    Example:
        >>> float(nansum([1.0, float("nan"), 2.0]))
        3.0
    """
    return reduction.sum(_without_nan(convert(x), 0), axis, keepdims)


def nanprod(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the product over axes of the elements that are not NaN; of none, 1."""
    return reduction.prod(_without_nan(convert(x), 1), axis, keepdims)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return running sums along an axis (of x flat by default), NaN counting as 0."""
    return reduction.cumsum(_without_nan(convert(x), 0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return running products along an axis (of x flat by default), NaN as 1."""
    return reduction.cumprod(_without_nan(convert(x), 1), axis, dtype)


def nanmax(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the largest element over axes that is not NaN; of none, NaN."""
    return _extreme(reduction.max, x, -math.inf, axis, keepdims)


def nanmin(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the smallest element over axes that is not NaN; of none, NaN."""
    return _extreme(reduction.min, x, math.inf, axis, keepdims)


def _extreme(
    reduce: Callable[..., Any], x: Any, beyond: float, axis: Axes, keepdims: bool
) -> Any:
    x = convert(x)
    dtype = dtypes.dtype_name(x.dtype)
    if not dtypes.is_float(dtype):
        return reduce(x, axis, keepdims)
    found = reduce(_without_nan(x, beyond), axis, keepdims)
    nothing = reduction.all(isnan(x), axis, keepdims)
    return select(nothing, convert(math.nan, dtype), found)


def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the first largest element that is not NaN; of none, -1.

    Args:
        x: Any shape.
        axis: The axis to go along; by default x is taken flat.
        keepdims: Whether to keep it with length 1.

    Returns:
        Indices, int32.
    """
    return _place(reduction.argmax, x, -math.inf, axis, keepdims)


def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the first smallest element that is not NaN; of none, -1."""
    return _place(reduction.argmin, x, math.inf, axis, keepdims)


def _place(
    find: Callable[..., Any], x: Any, beyond: float, axis: int | None, keepdims: bool
) -> Any:
    x = convert(x)
    found = find(_without_nan(x, beyond), axis, keepdims)
    if not dtypes.is_float(dtypes.dtype_name(x.dtype)):
        return found
    return where(reduction.all(isnan(x), axis, keepdims), -1, found)


def nanmean(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the mean over axes of the elements that are not NaN; of none, NaN.

    Example:
        >>> float(nanmean([1.0, float("nan"), 2.0]))
        1.5
    """
    return _in_range(_mean, x, axis, keepdims)


def nanvar(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the variance over axes of the elements that are not NaN; of none, NaN."""
    return _in_range(_variance, x, axis, keepdims)


def nanstd(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the standard deviation over axes of the elements that are not NaN."""
    return sqrt(nanvar(x, axis, keepdims))


def _in_range(reduce: Callable[..., Any], x: Any, axis: Axes, keepdims: bool) -> Any:
    """Reduce float16 in single precision: its sums leave the range at 65,504."""
    x = as_float(x)
    if dtypes.dtype_name(x.dtype) == "float16":
        return cast(reduce(cast(x, "float32"), axis, keepdims), "float16")
    return reduce(x, axis, keepdims)


def _mean(x: Any, axis: Axes, keepdims: bool) -> Any:
    present = cast(logical_not(isnan(x)), dtypes.dtype_name(x.dtype))
    count = reduction.sum(present, axis, keepdims)
    return divide(nansum(x, axis, keepdims), count)


def _variance(x: Any, axis: Axes, keepdims: bool) -> Any:
    deviation = subtract(x, _mean(x, axis, True))
    return _mean(square(deviation), axis, keepdims)
