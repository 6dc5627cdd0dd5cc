"""Elementwise primitives: arithmetic, powers and logarithms, comparisons, bits.

The documentation says "as NumPy" where name, broadcasting and values are NumPy's;
dtypes are promoted by `kerasish.backend.result_type`.
"""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes, floatx
from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import Array, convert, elementwise, operand

_STEPS = "piecewise constant: the gradient is zero wherever it exists"
_BOOLEAN = "the result is a truth value"
_BITS = "defined on whole numbers"
Cotangents = Any


@elementwise
def add(x1: Array, x2: Array) -> Spec:
    """Return x1 + x2, elementwise with broadcasting."""
    return rules.same(x1, x2)


@add.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Cotangents:
    return g, g


@elementwise
def subtract(x1: Array, x2: Array) -> Spec:
    """Return x1 - x2, elementwise with broadcasting."""
    return rules.same(x1, x2)


@subtract.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Cotangents:
    return g, negative(g)


@elementwise
def multiply(x1: Array, x2: Array) -> Spec:
    """Return x1 * x2, elementwise with broadcasting."""
    return rules.same(x1, x2)


@multiply.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Cotangents:
    return multiply(g, x2), multiply(g, x1)


@elementwise
def divide(x1: Array, x2: Array) -> Spec:
    """Return x1 / x2, elementwise with broadcasting; whole numbers become floats."""
    return rules.floating(x1, x2)


@divide.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Cotangents:
    scaled = divide(g, x2)
    return scaled, negative(multiply(scaled, y))


@elementwise
def floor_divide(x1: Array, x2: Array) -> Spec:
    """Return floor(x1 / x2), elementwise with broadcasting."""
    return rules.counting(x1, x2)


floor_divide.no_gradient(_STEPS)


@elementwise
def mod(x1: Array, x2: Array) -> Spec:
    """Return x1 - floor(x1 / x2) * x2; it has the sign of x2."""
    return rules.counting(x1, x2)


@mod.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Cotangents:
    return g, negative(multiply(g, floor_divide(x1, x2)))


@elementwise
def power(x1: Array, x2: Array) -> Spec:
    """Return x1 to the power x2, elementwise with broadcasting."""
    return rules.counting(x1, x2)


@power.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Cotangents:
    # log of a non-positive base is never taken: its cotangent is 0 there, as in Keras
    positive = greater(x1, 0)
    safe = maximum(x1, 1e-30)
    base = multiply(g, multiply(x2, power(x1, subtract(x2, 1))))
    exponent = multiply(g, multiply(y, log(safe)))
    return base, multiply(exponent, positive)


@elementwise
def maximum(x1: Array, x2: Array) -> Spec:
    """Return the larger of x1 and x2; where equal, both get half the gradient."""
    return rules.same(x1, x2)


@maximum.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Cotangents:
    return _share_by(g, greater(x1, x2), less(x1, x2), equal(x1, x2))


@elementwise
def minimum(x1: Array, x2: Array) -> Spec:
    """Return the smaller of x1 and x2; where equal, both get half the gradient."""
    return rules.same(x1, x2)


@minimum.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Cotangents:
    return _share_by(g, less(x1, x2), greater(x1, x2), equal(x1, x2))


def _share_by(g: Any, first: Any, second: Any, tie: Any) -> Cotangents:
    half = multiply(multiply(g, 0.5), tie)
    return add(multiply(g, first), half), add(multiply(g, second), half)


@elementwise
def arctan2(x1: Array, x2: Array) -> Spec:
    """Return the angle of the point (x2, x1), in radians, in (-pi, pi]."""
    return rules.floating(x1, x2)


@arctan2.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Cotangents:
    scaled = divide(g, add(square(x1), square(x2)))
    return multiply(scaled, x2), negative(multiply(scaled, x1))


@elementwise
def negative(x: Array) -> Spec:
    """Return -x."""
    return rules.same(x)


@negative.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return negative(g)


@elementwise
def absolute(x: Array) -> Spec:
    """Return |x|; the gradient at 0 is 0."""
    return rules.same(x)


@absolute.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return multiply(g, sign(x))


@elementwise
def sign(x: Array) -> Spec:
    """Return -1, 0 or 1."""
    return rules.same(x)


@sign.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return None


@elementwise
def square(x: Array) -> Spec:
    """Return x * x."""
    return rules.counting(x)


@square.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return multiply(g, multiply(x, 2))


@elementwise
def reciprocal(x: Array) -> Spec:
    """Return 1 / x."""
    return rules.floating(x)


@reciprocal.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return negative(multiply(g, square(y)))


@elementwise
def sqrt(x: Array) -> Spec:
    """Return the square root of x."""
    return rules.floating(x)


@sqrt.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return divide(multiply(g, 0.5), y)


@elementwise
def exp(x: Array) -> Spec:
    """Return e to the power x."""
    return rules.floating(x)


@exp.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return multiply(g, y)


@elementwise
def expm1(x: Array) -> Spec:
    """Return exp(x) - 1, exact for small x."""
    return rules.floating(x)


@expm1.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return multiply(g, add(y, 1))


@elementwise
def log(x: Array) -> Spec:
    """Return the natural logarithm of x."""
    return rules.floating(x)


@log.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return divide(g, x)


@elementwise
def log1p(x: Array) -> Spec:
    """Return log(1 + x), exact for small x."""
    return rules.floating(x)


@log1p.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return divide(g, add(x, 1))


@elementwise
def erf(x: Array) -> Spec:
    """Return the error function, 2/sqrt(pi) times the integral of exp(-t^2) to x."""
    return rules.floating(x)


@erf.gradient
def _(g: Any, y: Any, x: Any) -> Cotangents:
    return multiply(g, multiply(exp(negative(square(x))), 1.1283791670955126))


@elementwise
def floor(x: Array) -> Spec:
    """Return the largest whole number not above x, as a float."""
    return rules.floating(x)


@elementwise
def ceil(x: Array) -> Spec:
    """Return the smallest whole number not below x, as a float."""
    return rules.floating(x)


@elementwise
def rint(x: Array) -> Spec:
    """Return the nearest whole number, halves to even, as a float."""
    return rules.floating(x)


for _step in (floor, ceil, rint):
    _step.gradient(lambda g, y, x: None)


@elementwise
def equal(x1: Array, x2: Array) -> Spec:
    """Return whether x1 == x2, elementwise with broadcasting."""
    return rules.comparison(x1, x2)


@elementwise
def not_equal(x1: Array, x2: Array) -> Spec:
    """Return whether x1 != x2, elementwise with broadcasting."""
    return rules.comparison(x1, x2)


@elementwise
def less(x1: Array, x2: Array) -> Spec:
    """Return whether x1 < x2, elementwise with broadcasting."""
    return rules.comparison(x1, x2)


@elementwise
def less_equal(x1: Array, x2: Array) -> Spec:
    """Return whether x1 <= x2, elementwise with broadcasting."""
    return rules.comparison(x1, x2)


@elementwise
def greater(x1: Array, x2: Array) -> Spec:
    """Return whether x1 > x2, elementwise with broadcasting."""
    return rules.comparison(x1, x2)


@elementwise
def greater_equal(x1: Array, x2: Array) -> Spec:
    """Return whether x1 >= x2, elementwise with broadcasting."""
    return rules.comparison(x1, x2)


@elementwise
def logical_and(x1: Array, x2: Array) -> Spec:
    """Return whether both are true."""
    return rules.logical(x1, x2)


@elementwise
def logical_or(x1: Array, x2: Array) -> Spec:
    """Return whether either is true."""
    return rules.logical(x1, x2)


@elementwise
def logical_xor(x1: Array, x2: Array) -> Spec:
    """Return whether exactly one is true."""
    return rules.logical(x1, x2)


@elementwise
def logical_not(x: Array) -> Spec:
    """Return whether x is false."""
    return rules.logical(x)


def _float_test(x: Any) -> Spec:
    form = rules.floating(x)
    return Spec(form.shape, "bool", form.dtype)


@elementwise
def isnan(x: Array) -> Spec:
    """Return whether x is not a number."""
    return _float_test(x)


@elementwise
def isfinite(x: Array) -> Spec:
    """Return whether x is neither infinite nor NaN."""
    return _float_test(x)


@elementwise
def isinf(x: Array) -> Spec:
    """Return whether x is infinite."""
    return _float_test(x)


for _test in (
    *(equal, not_equal, less, less_equal, greater, greater_equal),
    *(logical_and, logical_or, logical_xor, logical_not, isnan, isfinite, isinf),
):
    _test.no_gradient(_BOOLEAN)


@elementwise
def bitwise_and(x: Array, y: Array) -> Spec:
    """Return the bits set in both."""
    return rules.integral(x, y)


@elementwise
def bitwise_or(x: Array, y: Array) -> Spec:
    """Return the bits set in either."""
    return rules.integral(x, y)


@elementwise
def bitwise_xor(x: Array, y: Array) -> Spec:
    """Return the bits set in exactly one."""
    return rules.integral(x, y)


@elementwise
def left_shift(x: Array, y: Array) -> Spec:
    """Return x's bits moved up by y places."""
    return rules.shifted(x, y)


@elementwise
def right_shift(x: Array, y: Array) -> Spec:
    """Return x's bits moved down by y places."""
    return rules.shifted(x, y)


for _bits in (bitwise_and, bitwise_or, bitwise_xor, left_shift, right_shift):
    _bits.no_gradient(_BITS)


@elementwise
def select(condition: Array, x1: Array, x2: Array) -> Spec:
    """Return x1 where the condition holds, else x2; x1 and x2 are of one dtype."""
    shape = rules.broadcast_shapes(condition.shape, x1.shape, x2.shape)
    return Spec(shape, x1.dtype)


select.kept_operands = (0, 1)  # the kernel reads them after it has begun to write


@select.gradient
def _(g: Any, y: Any, condition: Any, x1: Any, x2: Any) -> Cotangents:
    zero = convert(0, g.dtype)
    return None, select(condition, g, zero), select(condition, zero, g)


def where(condition: Any, x1: Any, x2: Any) -> Any:
    """Return x1 where the condition holds, else x2, as `ops.where` documents.

    A maximum, a minimum or a product with a mask is faster where it says the same.
    """
    first, second = operand(x1), operand(x2)
    dtype = dtypes.strong(rules.promoted(first, second), floatx())
    return select(
        convert(condition, "bool"), convert(first, dtype), convert(second, dtype)
    )


def rsqrt(x: Any) -> Any:
    """Return 1 / sqrt(x)."""
    return reciprocal(sqrt(x))


def round(x: Any, decimals: int = 0) -> Any:
    """Return x rounded to a number of decimal places, halves to even.

    Args:
        x: Any shape; whole numbers stay whole.
        decimals: Places after the point; negative ones count before it.
    """
    x = convert(x)
    dtype = dtypes.dtype_name(x.dtype)
    if not dtypes.is_float(dtype) and decimals >= 0:
        return x
    if decimals == 0:
        return rint(x)
    # a power of ten above 1 is exact: multiply by it, or divide by it
    shift = 10.0 ** (decimals if decimals > 0 else -decimals)
    there, back = (multiply, divide) if decimals > 0 else (divide, multiply)
    return convert(back(rint(there(x, shift)), shift), dtype)
