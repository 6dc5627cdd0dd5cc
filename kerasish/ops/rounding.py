"""Cutting towards zero and its remainder; casts that do not wrap; NaN replaced."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.backend import dtypes, standardize_dtype
from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import Array, convert, elementwise
from kerasish.ops.elementwise import (
    absolute,
    divide,
    equal,
    greater_equal,
    isnan,
    less_equal,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    where,
)
from kerasish.ops.floats import as_float
from kerasish.ops.shape import cast


@elementwise
def trunc_(x: Array) -> Spec:
    """Return x without its fraction, for floats."""
    return rules.floating(x)


@trunc_.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return None


def trunc(x: Any) -> Any:
    """Return x cut towards zero; whole numbers stay as they are.

    Example:
        >>> trunc([-1.7, 1.7]).tolist()
        [-1.0, 1.0]
    """
    x = convert(x)
    return trunc_(x) if dtypes.is_float(dtypes.dtype_name(x.dtype)) else x


@elementwise
def fmod(x1: Array, x2: Array) -> Spec:
    """Return x1 - trunc(x1 / x2) * x2; it has the sign of x1."""
    return rules.counting(x1, x2)


@fmod.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    return g, negative(multiply(g, trunc_(divide(x1, x2))))


def fabs(x: Any) -> Any:
    """Return |x| as a float; the gradient at 0 is 0."""
    return absolute(as_float(x))


def nan_to_num(
    x: Any,
    nan: float = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Any:
    """Return x with NaN and infinities replaced.

    Args:
        x: Any tensor; whole numbers and truth values stay as they are.
        nan: In place of NaN.
        posinf: In place of infinity; by default the largest number of the dtype.
        neginf: In place of minus infinity; by default the smallest.

    Example:
        >>> nan_to_num([float("nan"), 1.0]).tolist()
        [0.0, 1.0]
    """
    x = convert(x)
    dtype = dtypes.dtype_name(x.dtype)
    if not dtypes.is_float(dtype):
        return x
    limits = np.finfo(dtype)
    largest = float(limits.max) if posinf is None else posinf
    smallest = float(limits.min) if neginf is None else neginf
    x = where(isnan(x), convert(nan, dtype), x)
    x = where(equal(x, np.inf), convert(largest, dtype), x)
    return where(equal(x, -np.inf), convert(smallest, dtype), x)


def saturate_cast(x: Any, dtype: Any) -> Any:
    """Return x in another dtype, what lies beyond its range at its ends.

    Args:
        x: Any tensor. NaN stays NaN, and becomes 0 as a whole number.
        dtype: Dtype name.

    Example:
        >>> saturate_cast([-7.0, 300.0], "uint8").tolist()
        [0, 255]
    """
    x, target = convert(x), standardize_dtype(dtype)
    source = dtypes.dtype_name(x.dtype)
    if target == "bool" or source == "bool":
        return cast(x, target)
    least, most = _range_of(target)
    if dtypes.is_float(source) and not dtypes.is_float(target):
        return _to_whole(x, target, least, most)
    # of two ranges the narrower: its ends are numbers of both dtypes
    own_least, own_most = _range_of(source)
    if least > own_least:
        x = maximum(x, convert(least, source))
    if most < own_most:
        x = minimum(x, convert(most, source))
    return cast(x, target)


def _range_of(dtype: str) -> tuple[Any, Any]:
    """Return the smallest and the largest number of a dtype."""
    if dtypes.is_float(dtype):
        return float(np.finfo(dtype).min), float(np.finfo(dtype).max)
    return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)


def _to_whole(x: Any, target: str, least: int, most: int) -> Any:
    # the largest whole number may be no float, but the next power of two: what reaches
    # that is never cast
    low, high = less_equal(x, float(least)), greater_equal(x, float(most))
    outside = logical_or(logical_or(low, high), isnan(x))
    inside = cast(where(outside, 0.0, x), target)
    lifted = where(low, convert(least, target), inside)
    return where(high, convert(most, target), lifted)
