"""Special functions NumPy lacks.

The error function follows W. J. Cody, "Rational Chebyshev Approximations for the Error
Function", Math. Comp. 23 (1969): the coefficients are the paper's, relative error below
1e-15 in float64. Of float32 it is one rational function, in blocks that stay in cache.
"""

from __future__ import annotations

import numpy as np

from kerasish.backend.contract import Array

# |x| <= 0.5:  erf(x) = x * P(x^2) / Q(x^2)
_P_SMALL = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
_Q_SMALL = (
    1.0,
    2.36012909523441209e1,
    2.44024637934444173e2,
    1.28261652607737228e3,
    2.84423683343917062e3,
)
# 0.46875 <= |x| <= 4:  erfc(x) = exp(-x^2) * P(x) / Q(x)
_P_MIDDLE = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
_Q_MIDDLE = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
# |x| >= 4:  erfc(x) = exp(-x^2) / x * (1 / sqrt(pi) - P(1/x^2) / Q(1/x^2) / x^2)
_P_LARGE = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
_Q_LARGE = (
    1.0,
    2.56852019228982242e0,
    1.87295284992346047e0,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)

# float32:  erf(x) = x * P(x^2) / Q(x^2) for |x| <= SINGLE_LIMIT, beyond which it is 1;
# fitted for least relative error, which is 4e-7 with rounding
SINGLE_LIMIT = 3.919206
SINGLE_P = (
    2.0507467e-6,
    2.8488968e-4,
    3.7645057e-3,
    5.2745428e-2,
    1.9037634e-1,
    1.1283791,
)
SINGLE_Q = (3.8098886e-5, 1.1623248e-3, 1.4966976e-2, 1.1409730e-1, 5.0204939e-1, 1.0)
_BLOCK = 1 << 14  # elements: three blocks of float32 stay in the second cache


def erf(out: Array, x: Array) -> None:
    """Write the error function of `x` into `out`; allocates its temporaries."""
    if x.dtype == np.float64:
        _erf_double(out, x)
    elif x.dtype == np.float32 and x.flags.c_contiguous and out.flags.c_contiguous:
        _erf_single(out.reshape(-1), x.reshape(-1))
    else:
        single = np.ascontiguousarray(x, np.float32)
        result = np.empty_like(single)
        _erf_single(result.reshape(-1), single.reshape(-1))
        np.copyto(out, result, casting="unsafe")


def _erf_single(out: Array, x: Array) -> None:
    blocks = [np.empty(min(_BLOCK, x.size), np.float32) for _ in range(3)]
    for start in range(0, x.size, _BLOCK):
        part = x[start : start + _BLOCK]
        cut, over, under = (block[: part.size] for block in blocks)
        np.clip(part, -SINGLE_LIMIT, SINGLE_LIMIT, out=cut)
        square = out[start : start + _BLOCK]  # `part`, if in place, was read
        np.multiply(cut, cut, out=square)
        _horner_into(over, square, SINGLE_P)
        _horner_into(under, square, SINGLE_Q)
        over *= cut
        np.divide(over, under, out=square)
        np.clip(square, -1, 1, out=square)


def _horner_into(total: Array, x: Array, coefficients: tuple[float, ...]) -> None:
    total.fill(coefficients[0])
    for coefficient in coefficients[1:]:
        total *= x
        total += coefficient


def _erf_double(out: Array, x: Array) -> None:
    size = np.abs(x)
    small = size < 0.5
    near = _small(np.where(small, x, 0))
    middle = np.clip(size, 0.5, 6.0)  # beyond 6, 1 - erf(x) is below one rounding
    tail = np.exp(-size * size) * _ratio(middle, _P_MIDDLE, _Q_MIDDLE)
    far = np.sign(x) * (1 - tail)
    np.copyto(out, np.where(small, near, far), casting="unsafe")


def _small(x: Array) -> Array:
    return x * _ratio(x * x, _P_SMALL, _Q_SMALL)


def erfc(out: Array, x: Array) -> None:
    """Write 1 - erf(x), exact for large `x`, into `out`; allocates its temporaries."""
    np.copyto(out, _complement(x.astype(np.float64)), casting="unsafe")


def _complement(x: Array) -> Array:
    size = np.abs(x)
    near = 1 - _small(np.where(size < 0.5, x, 0))
    decay = _exp_of_minus_square(size)
    middle = decay * _ratio(np.clip(size, 0.5, 4.0), _P_MIDDLE, _Q_MIDDLE)
    large = np.maximum(size, 4.0)
    inverse = 1 / (large * large)
    tail = 1 / np.sqrt(np.pi) - inverse * _ratio(inverse, _P_LARGE, _Q_LARGE)
    far = np.where(size <= 4, middle, decay / large * tail)
    return np.where(size < 0.5, near, np.where(x > 0, far, 2 - far))


def _exp_of_minus_square(x: Array) -> Array:
    # the part of x with few bits has an exact square; the rest is small
    short = np.floor(np.minimum(x, 30) * 16) / 16
    rest = (x - short) * (x + short)
    return np.exp(-short * short) * np.exp(-rest)


def erfinv(out: Array, x: Array) -> None:
    """Write the y with erf(y) = x into `out`; allocates its temporaries.

    Three steps of Halley's method, from S. Winitzki's approximation.
    """
    wide = x.astype(np.float64)
    size = np.abs(wide)
    inside = np.where(size < 1, size, 0)
    y = _first_guess(inside)
    for _ in range(3):
        # erf(y) - x, by what is exact near 0, and what is exact near 1
        near = _small(np.minimum(y, 0.5)) - inside
        error = np.where(y < 0.5, near, (1 - inside) - _complement(y))
        step = error / (2 / np.sqrt(np.pi) * np.exp(-y * y))
        y = y - step / (1 + y * step)
    y = np.where(size < 1, y, np.where(size == 1, np.inf, np.nan))
    np.copyto(out, np.copysign(y, wide), casting="unsafe")


def _first_guess(x: Array) -> Array:
    logarithm = np.log1p(-x * x)
    half = 2 / (np.pi * 0.147) + logarithm / 2
    return np.sqrt(np.sqrt(half * half - logarithm / 0.147) - half)


def _ratio(
    x: Array, numerator: tuple[float, ...], denominator: tuple[float, ...]
) -> Array:
    return _horner(x, numerator) / _horner(x, denominator)


def _horner(x: Array, coefficients: tuple[float, ...]) -> Array:
    total = np.empty_like(x)
    _horner_into(total, x, coefficients)
    return total
