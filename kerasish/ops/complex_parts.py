"""Parts of complex numbers, as they are of real ones: there is no complex dtype here.

What Fourier transforms give are pairs (real, imaginary) of tensors.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

from kerasish.backend import dtypes
from kerasish.errors import DTypeError, explain
from kerasish.ops.bits import signbit
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import isnan, where
from kerasish.ops.floats import as_float
from kerasish.ops.shape import broadcast_to


def real(x: Any) -> Any:
    """Return the real part: x itself, being real."""
    return convert(x)


def imag(x: Any) -> Any:
    """Return the imaginary part: zeros of x's shape and dtype, x being real."""
    x = convert(x)
    return broadcast_to(convert(0, dtypes.dtype_name(x.dtype)), x.shape)


def conjugate(x: Any) -> Any:
    """Return the complex conjugate: x itself, being real."""
    return convert(x)


def conj(x: Any) -> Any:
    """Return the complex conjugate: x itself, being real."""
    return convert(x)


def isreal(x: Any) -> Any:
    """Return whether the imaginary part is 0: true everywhere, x being real."""
    return broadcast_to(convert(True), convert(x).shape)


def angle(x: Any) -> Any:
    """Return the angle in the complex plane, in radians: 0, and pi where x is negative.

    Args:
        x: Any shape; -0.0 counts as negative, NaN stays NaN.
    """
    x = as_float(x)
    dtype = dtypes.dtype_name(x.dtype)
    turned = where(signbit(x), convert(math.pi, dtype), convert(0, dtype))
    return where(isnan(x), x, turned)


def view_as_complex(x: Any) -> NoReturn:
    """Raise: there is no complex dtype here.

    Raises:
        DTypeError: Always.
    """
    raise _no_complex("view_as_complex", "x[..., 0] and x[..., 1] as a pair")


def view_as_real(x: Any) -> NoReturn:
    """Raise: there is no complex dtype here.

    Raises:
        DTypeError: Always.
    """
    raise _no_complex("view_as_real", "ops.stack(pair, axis=-1)")


def _no_complex(operation: str, instead: str) -> DTypeError:
    return DTypeError(
        explain(
            f"{operation} needs complex numbers, and there is no complex dtype here.",
            expected="pairs (real, imaginary) of real tensors, as ops.fft takes them",
            fix=f"use {instead}",
        )
    )
