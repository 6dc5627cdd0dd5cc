"""Trigonometric and hyperbolic primitives; angles in radians."""

from __future__ import annotations

from typing import Any

from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import Array, elementwise
from kerasish.ops.elementwise import (
    add,
    divide,
    multiply,
    negative,
    sqrt,
    square,
    subtract,
)


@elementwise
def sin(x: Array) -> Spec:
    """Return the sine of x."""
    return rules.floating(x)


@sin.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, cos(x))


@elementwise
def cos(x: Array) -> Spec:
    """Return the cosine of x."""
    return rules.floating(x)


@cos.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return negative(multiply(g, sin(x)))


@elementwise
def tan(x: Array) -> Spec:
    """Return the tangent of x."""
    return rules.floating(x)


@tan.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, add(square(y), 1))


@elementwise
def arcsin(x: Array) -> Spec:
    """Return the angle whose sine is x, in [-pi/2, pi/2]."""
    return rules.floating(x)


@arcsin.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return divide(g, sqrt(subtract(1, square(x))))


@elementwise
def arccos(x: Array) -> Spec:
    """Return the angle whose cosine is x, in [0, pi]."""
    return rules.floating(x)


@arccos.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return negative(divide(g, sqrt(subtract(1, square(x)))))


@elementwise
def arctan(x: Array) -> Spec:
    """Return the angle whose tangent is x, in (-pi/2, pi/2)."""
    return rules.floating(x)


@arctan.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return divide(g, add(square(x), 1))


@elementwise
def sinh(x: Array) -> Spec:
    """Return (exp(x) - exp(-x)) / 2."""
    return rules.floating(x)


@sinh.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, cosh(x))


@elementwise
def cosh(x: Array) -> Spec:
    """Return (exp(x) + exp(-x)) / 2."""
    return rules.floating(x)


@cosh.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, sinh(x))


@elementwise
def tanh(x: Array) -> Spec:
    """Return sinh(x) / cosh(x)."""
    return rules.floating(x)


@tanh.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, subtract(1, square(y)))


@elementwise
def arcsinh(x: Array) -> Spec:
    """Return the number whose hyperbolic sine is x."""
    return rules.floating(x)


@arcsinh.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return divide(g, sqrt(add(square(x), 1)))


@elementwise
def arccosh(x: Array) -> Spec:
    """Return the non-negative number whose hyperbolic cosine is x >= 1."""
    return rules.floating(x)


@arccosh.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return divide(g, sqrt(subtract(square(x), 1)))


@elementwise
def arctanh(x: Array) -> Spec:
    """Return the number whose hyperbolic tangent is x, |x| < 1."""
    return rules.floating(x)


@arctanh.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return divide(g, subtract(1, square(x)))
