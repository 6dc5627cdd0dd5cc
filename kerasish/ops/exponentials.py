"""Powers and logarithms to the bases 2 and 10, cube roots, lengths, sums in logarithms.

Primitives, since compositions would lose what they are for: `log2(8)` is 3 exactly, and
nothing here overflows before its result does.
"""

from __future__ import annotations

import math
from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import DTypeError, explain
from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import Array, convert, elementwise, operand
from kerasish.ops.elementwise import (
    divide,
    equal,
    exp,
    floor_divide,
    multiply,
    reciprocal,
    square,
    subtract,
    where,
)
from kerasish.ops.floats import as_float

_LN2, _LN10 = math.log(2), math.log(10)


@elementwise
def exp2(x: Array) -> Spec:
    """Return 2 to the power x."""
    return rules.floating(x)


@exp2.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, multiply(y, _LN2))


@elementwise
def log2(x: Array) -> Spec:
    """Return the logarithm of x to the base 2."""
    return rules.floating(x)


@log2.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return divide(g, multiply(x, _LN2))


@elementwise
def log10(x: Array) -> Spec:
    """Return the logarithm of x to the base 10."""
    return rules.floating(x)


@log10.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return divide(g, multiply(x, _LN10))


@elementwise
def cbrt(x: Array) -> Spec:
    """Return the cube root of x, negative for negative x."""
    return rules.floating(x)


@cbrt.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return divide(g, multiply(square(y), 3))


@elementwise
def hypot(x1: Array, x2: Array) -> Spec:
    """Return sqrt(x1**2 + x2**2), without overflow; the gradient at (0, 0) is 0."""
    return rules.floating(x1, x2)


@hypot.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    scaled = multiply(g, reciprocal(where(equal(y, 0), 1, y)))
    return multiply(scaled, x1), multiply(scaled, x2)


@elementwise
def logaddexp(x1: Array, x2: Array) -> Spec:
    """Return log(exp(x1) + exp(x2)), safe for large |x|."""
    return rules.floating(x1, x2)


@logaddexp.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    return tuple(multiply(g, exp(_finite_difference(x, y))) for x in (x1, x2))


@elementwise
def logaddexp2(x1: Array, x2: Array) -> Spec:
    """Return log2(2**x1 + 2**x2), safe for large |x|."""
    return rules.floating(x1, x2)


@logaddexp2.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    return tuple(multiply(g, exp2(_finite_difference(x, y))) for x in (x1, x2))


def _finite_difference(x: Any, y: Any) -> Any:
    """Return x - y, and 0 where they are the same infinity."""
    return where(equal(x, y), 0.0, subtract(x, y))


def ldexp(x1: Any, x2: Any) -> Any:
    """Return x1 * 2**x2, elementwise with broadcasting.

    Args:
        x1: Numbers; whole ones become floats.
        x2: Exponents, whole numbers.

    Raises:
        DTypeError: The exponents are not whole numbers.

    Example:
        >>> ldexp([1.0, 3.0], [4, -1]).tolist()
        [16.0, 1.5]
    """
    exponent = operand(x2)
    if dtypes.is_float(dtypes.dtype_name(exponent.dtype)):
        raise DTypeError(
            explain(
                "ldexp takes whole numbers as exponents.",
                got=f"x2 of dtype {dtypes.dtype_name(exponent.dtype)}",
                fix='cast them: ops.cast(x2, "int32"), or use x1 * ops.exp2(x2)',
            )
        )
    number = as_float(x1)
    dtype = dtypes.dtype_name(number.dtype)
    whole = convert(exponent, "int32")
    # in two steps: 2**x2 alone may leave the range where the product does not
    half = floor_divide(whole, 2)
    first, second = (
        exp2(convert(part, dtype)) for part in (half, subtract(whole, half))
    )
    return multiply(multiply(number, first), second)
