"""Moments, distances and signal quality; complex numbers from size and angle."""

from __future__ import annotations

import math
from typing import Any

from kerasish.backend import dtypes, floatx
from kerasish.errors import ShapeError, explain
from kerasish.ops import reduction
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import (
    greater,
    log,
    multiply,
    sqrt,
    square,
    subtract,
    where,
)
from kerasish.ops.reduction import Axes
from kerasish.ops.shape import cast, expand_dims, reshape
from kerasish.ops.trigonometry import cos, sin


def _as_float(x: Any) -> Any:
    x = convert(x)
    return x if dtypes.is_float(dtypes.dtype_name(x.dtype)) else cast(x, floatx())


def moments(
    x: Any, axes: Axes, keepdims: bool = False, synchronized: bool = False
) -> tuple[Any, Any]:
    """Return the mean and the variance over axes.

    Args:
        x: Any shape; whole numbers become floats, half precision is summed in single.
        axes: Axes to reduce.
        keepdims: Whether to keep them with length 1.
        synchronized: Whether to count the batches of all devices; there is one.

    Example:
        >>> mean, variance = moments([1.0, 3.0], axes=[0])
        >>> float(mean), float(variance)
        (2.0, 1.0)
    """
    x = _as_float(x)
    dtype = dtypes.dtype_name(x.dtype)
    wide = cast(x, "float32") if dtype == "float16" else x
    mean = reduction.mean(wide, axes, keepdims=True)
    variance = reduction.mean(square(subtract(wide, mean)), axes, keepdims)
    mean = mean if keepdims else reshape(mean, variance.shape)
    return cast(mean, dtype), cast(variance, dtype)


def psnr(x1: Any, x2: Any, max_val: Any) -> Any:
    """Return the peak signal-to-noise ratio: 10 log10(max_val^2 / mean (x1 - x2)^2).

    Args:
        x1: A signal, any shape.
        x2: Another of the same shape.
        max_val: The largest value a signal can have.

    Returns:
        A scalar, in decibels; infinite where the two are equal.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> round(float(psnr([0.0, 0.0], [0.1, 0.1], 1.0)), 3)
        20.0
    """
    x1, x2 = _as_float(x1), _as_float(x2)
    if tuple(x1.shape) != tuple(x2.shape):
        raise ShapeError(
            explain(
                "psnr compares signals of one shape.",
                got=f"shapes {tuple(x1.shape)} and {tuple(x2.shape)}",
            )
        )
    error = reduction.mean(square(subtract(x1, x2)))
    decibels = 10 / math.log(10)
    peak = multiply(log(convert(max_val, dtypes.dtype_name(error.dtype))), 2 * decibels)
    return subtract(peak, multiply(log(error), decibels))


def cdist(x: Any, y: Any) -> Any:
    """Return the Euclidean distances between all vectors of x and all of y.

    The gradient at a distance of 0 is taken as 0.

    Args:
        x: Vectors as rows, (..., n, d).
        y: Vectors as rows, (..., m, d); the axes before broadcast.

    Returns:
        Shape (..., n, m).

    Raises:
        ShapeError: The vectors differ in length, or there is but one.

    Example:
        >>> cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]]).tolist()
        [[5.0, 1.0]]
    """
    x, y = _as_float(x), _as_float(y)
    if min(len(x.shape), len(y.shape)) < 2 or x.shape[-1] != y.shape[-1]:
        raise ShapeError(
            explain(
                "cdist compares rows of one length.",
                got=f"shapes {tuple(x.shape)} and {tuple(y.shape)}",
                expected="(..., n, d) and (..., m, d)",
            )
        )
    difference = subtract(expand_dims(x, -2), expand_dims(y, -3))
    total = reduction.sum(square(difference), -1)
    apart = greater(total, 0)
    return multiply(sqrt(where(apart, total, 1.0)), apart)


def polar(abs_: Any, angle: Any) -> tuple[Any, Any]:
    """Return complex numbers of these sizes and angles.

    Unlike Keras, which returns a complex array, as a pair (real, imaginary): that is
    what `ops.fft` and its like take and return.

    Args:
        abs_: Sizes, any shape.
        angle: Angles in radians, of a shape that broadcasts with it.

    Example:
        >>> real, imaginary = polar(2.0, 0.0)
        >>> float(real), float(imaginary)
        (2.0, 0.0)
    """
    abs_, angle = _as_float(abs_), _as_float(angle)
    return multiply(abs_, cos(angle)), multiply(abs_, sin(angle))
