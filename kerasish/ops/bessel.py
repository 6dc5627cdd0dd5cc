"""Modified Bessel functions of the first kind."""

from __future__ import annotations

from typing import Any

from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import Array, elementwise
from kerasish.ops.elementwise import divide, equal, multiply, subtract, where


@elementwise
def i0(x: Array) -> Spec:
    """Return the modified Bessel function of the first kind and order 0."""
    return rules.floating(x)


@i0.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, i1(x))


@elementwise
def i1(x: Array) -> Spec:
    """Return the modified Bessel function of the first kind and order 1."""
    return rules.floating(x)


@i1.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    # I1' = I0 - I1 / x, and I1 / x goes to 1/2
    at_zero = equal(x, 0)
    ratio = where(at_zero, 0.5, divide(y, where(at_zero, 1.0, x)))
    return multiply(g, subtract(i0(x), ratio))
