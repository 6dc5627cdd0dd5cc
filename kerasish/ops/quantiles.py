"""Quantiles: sorting, then picking and mixing two neighbours; with and without NaN.

A method gives the two elements, counted from 0, between which a quantile of n sorted
ones lies, and the weight of the second. Names and places are those of R. J. Hyndman &
Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996),
as in `numpy.quantile`. Places are computed in float64 whatever x is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.backend import dtypes, get_backend
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.tensor import Tensor
from kerasish.ops import reduction, rules
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import (
    add,
    ceil,
    divide,
    equal,
    floor,
    isnan,
    logical_not,
    maximum,
    minimum,
    multiply,
    rint,
    subtract,
    where,
)
from kerasish.ops.floats import as_float
from kerasish.ops.indexing import sort, take, take_along_axis
from kerasish.ops.reduction import Axes
from kerasish.ops.shape import cast, moveaxis, ravel, reshape, slice_to

# two places, and the weight of the second; None where both places are one
Between = tuple[Any, Any, Any]
Method = Callable[[Any, Any], Between]


def _mixed(place: Any) -> Between:
    low = floor(place)
    return low, ceil(place), subtract(place, low)


def _single(place: Any) -> Between:
    return place, place, None


def _last_place(q: Any, n: Any) -> Any:
    return multiply(q, subtract(n, 1))


def _plotted(alpha: float, beta: float) -> Method:
    """Return a method by its plotting positions (Hyndman & Fan, eq. 4)."""

    def method(q: Any, n: Any) -> Between:
        shift = add(multiply(q, 1 - alpha - beta), alpha)
        place = subtract(add(multiply(q, n), shift), 1)
        return _mixed(maximum(minimum(place, subtract(n, 1)), 0.0))

    return method


def _midpoint(q: Any, n: Any) -> Between:
    low, high, _ = _mixed(_last_place(q, n))
    return low, high, 0.5


def _inverted(q: Any, n: Any) -> Between:
    return _single(subtract(ceil(multiply(q, n)), 1))


def _averaged(q: Any, n: Any) -> Between:
    reached = multiply(q, n)
    low = subtract(ceil(reached), 1)
    return low, minimum(floor(reached), subtract(n, 1)), 0.5


def _closest(q: Any, n: Any) -> Between:
    return _single(subtract(rint(multiply(q, n)), 1))


METHODS: dict[str, Method] = {
    "linear": lambda q, n: _mixed(_last_place(q, n)),
    "lower": lambda q, n: _single(floor(_last_place(q, n))),
    "higher": lambda q, n: _single(ceil(_last_place(q, n))),
    "midpoint": _midpoint,
    "nearest": lambda q, n: _single(rint(_last_place(q, n))),
    "inverted_cdf": _inverted,
    "averaged_inverted_cdf": _averaged,
    "closest_observation": _closest,
    "interpolated_inverted_cdf": _plotted(0, 1),
    "hazen": _plotted(1 / 2, 1 / 2),
    "weibull": _plotted(0, 0),
    "median_unbiased": _plotted(1 / 3, 1 / 3),
    "normal_unbiased": _plotted(3 / 8, 3 / 8),
}


def quantile(
    x: Any, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return quantiles of the elements over axes; NaN where there is a NaN.

    Args:
        x: Any shape; whole numbers become floats.
        q: Which quantiles, each in [0, 1]: a number, or an array of any shape.
        axis: Axes to reduce, all by default.
        method: What lies between two elements: "linear", "lower", "higher", "midpoint",
            "nearest", or any other of `numpy.quantile`.
        keepdims: Whether to keep the axes with length 1.

    Returns:
        The shape of `q`, then the axes that are left.

    Raises:
        ValueError: There is no such method, or `q` lies outside [0, 1].
        ShapeError: There are no elements to choose from.

    Example:
        >>> quantile([1.0, 2.0, 3.0, 4.0], [0.5, 1.0]).tolist()
        [2.5, 4.0]
    """
    return _quantile(x, _fractions(q), axis, method, keepdims, skip_nan=False)


def percentile(
    x: Any, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return quantiles, given in percent: `quantile` of q / 100.

    Example:
        >>> float(percentile([1.0, 2.0, 3.0], 50))
        2.0
    """
    share = _fractions(q, whole=100)
    return _quantile(x, share, axis, method, keepdims, skip_nan=False)


def median(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the middle element over axes, the mean of two where they are even.

    Example:
        >>> float(median([1.0, 9.0, 2.0, 3.0]))
        2.5
    """
    return quantile(x, 0.5, axis, keepdims=keepdims)


def nanquantile(
    x: Any, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return quantiles of the elements that are not NaN: see `quantile`.

    Where all are NaN, so is the result.
    """
    return _quantile(x, _fractions(q), axis, method, keepdims, skip_nan=True)


def nanpercentile(
    x: Any, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return quantiles, given in percent, of the elements that are not NaN."""
    share = _fractions(q, whole=100)
    return _quantile(x, share, axis, method, keepdims, skip_nan=True)


def nanmedian(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the median of the elements that are not NaN."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


def _fractions(q: Any, whole: int = 1) -> Any:
    """Return which quantiles as a tensor of float64, in [0, 1].

    Raises:
        ValueError: One lies outside.
    """
    if isinstance(q, (list, tuple)) and not any(hasattr(p, "shape") for p in q):
        q = np.asarray(q, np.float64)  # not by way of floatx
    q = divide(convert(q, "float64"), float(whole))
    if isinstance(q, Tensor):
        return q
    host = np.asarray(get_backend().to_host(q))
    if host.size and not (host.min() >= 0 and host.max() <= 1):
        raise ValueError(
            explain(
                "Quantiles lie between the least and the largest element.",
                got=f"{host.min() * whole:g} to {host.max() * whole:g}",
                expected=f"numbers from 0 to {whole}",
            )
        )
    return q


def _quantile(
    x: Any, q: Any, axis: Axes, method: str, keepdims: bool, skip_nan: bool
) -> Any:
    if method not in METHODS:
        raise ValueError(unknown_name("method of quantile", method, METHODS))
    x = as_float(x)
    shape, axes = tuple(x.shape), rules.normalize_axes(axis, len(x.shape))
    lines = sort(_lines(x, axes))
    length = lines.shape[-1]
    missing = isnan(lines)
    if skip_nan:
        count = reduction.sum(cast(logical_not(missing), "float64"), -1, keepdims=True)
        found = _picked(lines, ravel(q), count, method)
    else:
        last = slice_to(missing, slices=_last(missing, length))
        found = _picked(lines, ravel(q), float(length), method)
        found = where(last, convert(math.nan, found.dtype), found)
    rest = rules.reduced_shape(shape, axes, keepdims)
    return reshape(moveaxis(found, -1, 0), (*q.shape, *rest))


def _lines(x: Any, axes: tuple[int, ...]) -> Any:
    """Return x with the axes to reduce as one, the last.

    Raises:
        ShapeError: It has no elements.
    """
    kept = [i for i in range(len(x.shape)) if i not in axes]
    length = math.prod(x.shape[a] for a in axes)
    if not length:
        raise ShapeError(
            explain(
                "Of no elements there is no quantile.",
                got=f"shape {tuple(x.shape)}, axes {axes}",
            )
        )
    moved = moveaxis(x, axes, range(len(kept), len(x.shape)))
    return reshape(moved, (*(x.shape[i] for i in kept), length))


def _last(x: Any, length: int) -> tuple[slice, ...]:
    return (*(slice(None),) * (len(x.shape) - 1), slice(length - 1, length))


def _picked(lines: Any, q: Any, count: Any, method: str) -> Any:
    """Return the quantiles of sorted lines, one for each of q, along the last axis.

    Args:
        lines: Shape (..., length), rising, NaN last.
        q: Shape (k,), float64.
        count: How many elements count: a number, or shape (..., 1).
        method: Name of a method.
    """
    low, high, weight = METHODS[method](q, count)
    first = _at(lines, low)
    if weight is None:
        return first
    if not isinstance(weight, float):
        weight = cast(weight, dtypes.dtype_name(lines.dtype))
    mixed = add(
        multiply(first, subtract(1, weight)), multiply(_at(lines, high), weight)
    )
    # alone, not mixed with itself: infinity times 0 is NaN
    return where(equal(low, high), first, mixed)


def _at(lines: Any, place: Any) -> Any:
    last = lines.shape[-1] - 1
    place = cast(maximum(minimum(place, float(last)), 0.0), "int32")
    if len(place.shape) == 1:
        return take(lines, place, axis=-1)
    return take_along_axis(lines, place, axis=-1)
