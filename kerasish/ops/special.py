"""The error function's complement and inverse."""

from __future__ import annotations

import math
from typing import Any

from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import Array, elementwise
from kerasish.ops.elementwise import exp, multiply, negative, square


@elementwise
def erfc(x: Array) -> Spec:
    """Return 1 - erf(x), exact for large x."""
    return rules.floating(x)


@erfc.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    slope = multiply(exp(negative(square(x))), -2 / math.sqrt(math.pi))
    return multiply(g, slope)


@elementwise
def erfinv(x: Array) -> Spec:
    """Return the y with erf(y) = x; infinite at -1 and 1, NaN beyond."""
    return rules.floating(x)


@erfinv.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, multiply(exp(square(y)), math.sqrt(math.pi) / 2))
