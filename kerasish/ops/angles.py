"""Degrees and radians, and the sine of x over x."""

from __future__ import annotations

import math
from typing import Any

from kerasish.ops.declare import Array, composed
from kerasish.ops.elementwise import (
    absolute,
    add,
    divide,
    equal,
    less,
    multiply,
    square,
    subtract,
    where,
)
from kerasish.ops.floats import as_float
from kerasish.ops.trigonometry import cos, sin

# Taylor coefficients of the slope of sin(t) / t, over t, in powers of t^2: they decide
# below |t| = 1, where the difference of cos(t) and sin(t) / t would lose its digits
_SLOPE = tuple((-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 10))


def deg2rad(x: Any) -> Any:
    """Return an angle given in degrees in radians."""
    return multiply(as_float(x), math.pi / 180)


def rad2deg(x: Any) -> Any:
    """Return an angle given in radians in degrees."""
    return multiply(as_float(x), 180 / math.pi)


@composed
def sinc(x: Array) -> Any:
    """Return sin(pi x) / (pi x), and 1 at 0."""
    turned = multiply(as_float(x), math.pi)
    at_zero = equal(turned, 0)
    return where(at_zero, 1.0, divide(sin(turned), where(at_zero, 1.0, turned)))


@sinc.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    turned = multiply(as_float(x), math.pi)
    near = less(absolute(turned), 1.0)
    small = where(near, turned, 0.0)
    series = _SLOPE[-1]
    for coefficient in _SLOPE[-2::-1]:
        series = add(multiply(square(small), series), coefficient)
    # y by itself, not the result: the second derivative goes through the series too
    far = where(near, 1.0, turned)
    slope = divide(subtract(cos(far), divide(sin(far), far)), far)
    return multiply(g, multiply(where(near, multiply(small, series), slope), math.pi))
