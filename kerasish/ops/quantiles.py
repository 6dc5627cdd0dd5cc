"""Quantiles: sorting, then picking and mixing two neighbours; with and without NaN.

A method gives the place of a quantile among n sorted elements, counted from 0, and the
two elements between which it lies. The names, and the places, are those of R. J.
Hyndman & Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician
50 (1996), as in `numpy.quantile`. Places are computed in float64 whatever x is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.tensor import Tensor
from kerasish.graph.variable import Variable
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
    mod,
    multiply,
    rint,
    subtract,
    where,
)
from kerasish.ops.indexing import sort, take, take_along_axis
from kerasish.ops.reduction import Axes
from kerasish.ops.rounding import as_float
from kerasish.ops.shape import cast, expand_dims, moveaxis, ravel, reshape, slice_to

# the places between which a quantile lies, and how far it is on the way
Between = tuple[Any, Any, Any]


def _mixed(place: Any) -> Between:
    low = floor(place)
    return low, ceil(place), subtract(place, low)


def _single(place: Any) -> Between:
    return place, place, multiply(place, 0)


def _plotted(alpha: float, beta: float) -> Callable[[Any, Any], Between]:
    """Return a method by its plotting positions (Hyndman & Fan, eq. 4)."""

    def method(q: Any, n: Any) -> Between:
        own = add(alpha, multiply(q, 1 - alpha - beta))
        place = subtract(add(multiply(q, n), own), 1)
        return _mixed(maximum(minimum(place, subtract(n, 1)), 0))

    return method


def _on_line(q: Any, n: Any) -> Any:
    return multiply(q, subtract(n, 1))


def _midpoint(q: Any, n: Any) -> Between:
    low, high, _ = _mixed(_on_line(q, n))
    return low, high, multiply(add(low, 1), 0) + 0.5


def _inverted(q: Any, n: Any) -> Between:
    return _single(maximum(subtract(ceil(multiply(q, n)), 1), 0))
