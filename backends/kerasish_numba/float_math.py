"""Functions of float32 made of arithmetic alone, which compilers vectorize.

The C library's functions are calls, which keep a loop from using vector instructions:
65,536 exponentials took 152 µs by calls, 28 by NumPy and 17 by `exp_single`. Each is
within 4e-7 of the exact value, relatively. The reductions of the argument are the usual
ones: powers of two are taken out exactly, a polynomial does what remains; the
polynomials were fitted for least relative error.

References:
    Muller et al., "Handbook of Floating-Point Arithmetic", 2nd ed., chapter 10.
    Cody & Waite, "Software Manual for the Elementary Functions", 1980.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy import float32, int32

from kerasish_numpy import special

_LOG2_E = float32(1.4426950408889634)
# log(2) in two parts; the first has so few digits that its products are exact
_LN2_HIGH = float32(0.693359375)
_LN2_LOW = float32(-2.12194440e-4)
_HALF_ROOT = float32(0.70710678)
_LEAST_NORMAL = float32(2.0**-126)
_ONE, _HALF, _TWO = float32(1), float32(0.5), float32(2)

# (expm1(r) - r) / r**2 for |r| <= log(2) / 2
_E5, _E4, _E3, _E2, _E1 = (
    float32(1.9845957e-4),
    float32(1.3941653e-3),
    float32(8.3333915e-3),
    float32(4.1666348e-2),
    float32(1.6666667e-1),
)
# (log1p(f) - f + f**2 / 2) / f**3 for sqrt(1/2) <= 1 + f <= sqrt(2)
_L8, _L7, _L6, _L5, _L4, _L3, _L2, _L1, _L0 = (
    float32(0.06746608),
    float32(-0.11675653),
    float32(0.11888178),
    float32(-0.1240559),
    float32(0.1421955),
    float32(-0.16667996),
    float32(0.20002119),
    float32(-0.2500001),
    float32(0.33333313),
)
# x * P(x**2) / Q(x**2), the error function for |x| <= _ERF_LIMIT
_ERF_LIMIT = float32(special.SINGLE_LIMIT)
_P5, _P4, _P3, _P2, _P1, _P0 = (float32(c) for c in special.SINGLE_P)
_Q5, _Q4, _Q3, _Q2, _Q1, _Q0 = (float32(c) for c in special.SINGLE_Q)


def _inlined(function: Any) -> Any:
    return numba.njit(inline="always", error_model="numpy")(function)


@_inlined
def _power_of_two(k: Any) -> Any:
    """Return 2**k for whole k from -126 to 127."""
    return int32((k + int32(127)) << int32(23)).view(float32)


@_inlined
def _small_expm1(r: Any) -> Any:
    p = _E5 * r + _E4
    p = p * r + _E3
    p = p * r + _E2
    p = p * r + _E1
    p = p * r + _HALF
    return p * r * r + r


@_inlined
def exp_single(x: Any) -> Any:
    """Return e**x."""
    x = min(max(x, float32(-104)), float32(89))
    whole = np.floor(x * _LOG2_E + _HALF)
    r = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
    k = int32(whole)
    # in two factors: 2**128 and 2**-149 are results, but no normal numbers
    first = k >> int32(1)
    scaled = (_small_expm1(r) + _ONE) * _power_of_two(first)
    return scaled * _power_of_two(int32(k - first))


@_inlined
def expm1_single(x: Any) -> Any:
    """Return e**x - 1, accurate for small x."""
    cut = min(max(x, float32(-20)), float32(17))
    whole = np.floor(cut * _LOG2_E + _HALF)
    r = (cut - whole * _LN2_HIGH) - whole * _LN2_LOW
    scale = _power_of_two(int32(whole))
    near = _small_expm1(r) * scale + (scale - _ONE)
    return exp_single(x) if x > float32(17) else near


@_inlined
def tanh_single(x: Any) -> Any:
    """Return the hyperbolic tangent."""
    size = min(abs(x), float32(10))
    grown = expm1_single(size + size)
    result = grown / (grown + _TWO)
    result = -result if x < float32(0) else result
    return x if x != x else result


@_inlined
def erf_single(x: Any) -> Any:
    """Return the error function."""
    cut = min(max(x, -_ERF_LIMIT), _ERF_LIMIT)
    t = cut * cut
    p = _P5 * t + _P4
    p = p * t + _P3
    p = p * t + _P2
    p = p * t + _P1
    p = p * t + _P0
    q = _Q5 * t + _Q4
    q = q * t + _Q3
    q = q * t + _Q2
    q = q * t + _Q1
    q = q * t + _Q0
    result = min(max(cut * p / q, -_ONE), _ONE)
    return x if x != x else result


@_inlined
def log_single(x: Any) -> Any:
    """Return the natural logarithm."""
    is_tiny = x < _LEAST_NORMAL
    scaled = x * float32(2.0**23) if is_tiny else x
    bits = float32(scaled).view(int32)
    exponent = (bits >> int32(23)) - int32(126)
    mantissa = int32((bits & int32(0x007FFFFF)) | int32(0x3F000000)).view(float32)
    is_low = mantissa < _HALF_ROOT
    mantissa = mantissa + mantissa if is_low else mantissa
    k = float32(exponent)
    k = k - _ONE if is_low else k
    k = k - float32(23) if is_tiny else k
    f = mantissa - _ONE
    p = _L8 * f + _L7
    p = p * f + _L6
    p = p * f + _L5
    p = p * f + _L4
    p = p * f + _L3
    p = p * f + _L2
    p = p * f + _L1
    p = p * f + _L0
    rest = p * f * f * f + k * _LN2_LOW - _HALF * f * f
    result = rest + f + k * _LN2_HIGH
    result = x if x == float32(np.inf) else result
    result = float32(-np.inf) if x == float32(0) else result
    return float32(np.nan) if (x < float32(0)) | (x != x) else result


@_inlined
def log1p_single(x: Any) -> Any:
    """Return log(1 + x), accurate for small x."""
    u = _ONE + x
    d = u - _ONE
    # what rounding took from x in u is given back (Higham, chapter 1.14.1)
    near = log_single(u) * (x / d)
    near = x if d == float32(0) else near
    return log_single(u) if (u > float32(2.0**27)) | (u == float32(0)) else near
