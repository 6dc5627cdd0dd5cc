"""Normalizing: standard scores over axes, and a scale and a shift after them.

Two forms have gradients in closed form, which need far fewer passes over the data than
their compositions would: `standardized` (layer, group and root-mean-square
normalization) and `standardized_channels` (batch normalization, where scale and shift
do not vary along the axes reduced). What a rule computes again, the compiler finds to
be what the forward pass computed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish.backend import dtypes, floatx
from kerasish.backend import epsilon as default_epsilon
from kerasish.backend.contract import Shape
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.ops import reduction, rules
from kerasish.ops.declare import Array, composed, convert
from kerasish.ops.elementwise import add, multiply, rsqrt, square, subtract
from kerasish.ops.shape import cast, reshape

Axis = int | Sequence[int]


def _spread(x: Any, axes: Shape, epsilon: float, center: bool) -> tuple[Any, Any]:
    """Return deviations (from the mean, or from 0), and 1 / their root mean square."""
    deviation = subtract(x, reduction.mean(x, axes, keepdims=True)) if center else x
    variance = reduction.mean(square(deviation), axes, keepdims=True)
    return deviation, rsqrt(add(variance, epsilon))


@composed
def standardized(x: Array, *, axes: Shape, epsilon: float, center: bool) -> Any:
    """Return x with variance 1 over axes, and with mean 0 if it is to be centered.

    `(x - mean) / sqrt(variance + epsilon)`, or `x / sqrt(mean(x^2) + epsilon)`.
    """
    deviation, inverse = _spread(x, axes, epsilon, center)
    return multiply(deviation, inverse)


@standardized.gradient
def _(g: Any, y: Any, x: Any, *, axes: Shape, epsilon: float, center: bool) -> Any:
    # inverse * (g - mean(g) - y * mean(g * y))
    _, inverse = _spread(x, axes, epsilon, center)
    along = reduction.mean(multiply(g, y), axes, keepdims=True)
    rest = subtract(g, multiply(y, along))
    if center:
        rest = subtract(rest, reduction.mean(g, axes, keepdims=True))
    return multiply(rest, inverse)


@composed
def standardized_channels(
    x: Array, scale: Array, offset: Array, *, axes: Shape, epsilon: float
) -> Any:
    """Return `(x - mean) / sqrt(variance + epsilon) * scale + offset`.

    Mean and variance are over axes, along which scale and offset have length 1.

    References:
        Ioffe & Szegedy, "Batch Normalization", ICML 2015, algorithm 1.
    """
    deviation, inverse = _spread(x, axes, epsilon, center=True)
    return add(multiply(deviation, multiply(inverse, scale)), offset)


@standardized_channels.gradient
def _(
    g: Any, y: Any, x: Any, scale: Any, offset: Any, *, axes: Shape, epsilon: float
) -> Any:
    deviation, inverse = _spread(x, axes, epsilon, center=True)
    total = reduction.sum(g, axes, keepdims=True)
    along = multiply(
        reduction.sum(multiply(g, deviation), axes, keepdims=True), inverse
    )
    share = 1.0 / max(math.prod(x.shape[a] for a in axes), 1)
    slope = multiply(multiply(along, inverse), share)
    rest = subtract(subtract(g, multiply(deviation, slope)), multiply(total, share))
    return multiply(rest, multiply(inverse, scale)), along, total


def _wide(x: Any) -> tuple[Any, str]:
    """Return x in a dtype to sum in, and the dtype of the result."""
    x = convert(x)
    dtype = dtypes.dtype_name(x.dtype)
    if dtype in ("float16", "bfloat16"):
        return cast(x, "float32"), dtype
    if dtypes.is_float(dtype):
        return x, dtype
    return cast(x, floatx()), floatx()


def _along(parameter: Any, x: Any, axis: Axis, name: str) -> Any:
    """Return a parameter of lengths along `axis`, shaped to broadcast with x."""
    given = convert(parameter)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    places = [rules.normalize_axis(a, len(x.shape)) for a in axes]
    lengths = tuple(x.shape[a] for a in places)
    if math.prod(given.shape) != math.prod(lengths):
        raise ShapeError(
            explain(
                f"This {name} does not fit.",
                got=f"shape {tuple(given.shape)}",
                expected=f"shape {lengths}: the lengths of axes {tuple(axes)} of an "
                f"input of shape {tuple(x.shape)}",
            )
        )
    if places == list(range(len(x.shape) - len(places), len(x.shape))):
        return reshape(given, lengths)
    full = [n if i in places else 1 for i, n in enumerate(x.shape)]
    return reshape(given, full)


def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axis: Axis = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Any:
    """Return `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, over axes.

    Args:
        x: Any shape; half precision is computed in single.
        gamma: Scale, of the lengths along `axis`; 1 by default.
        beta: Shift, of the lengths along `axis`; 0 by default.
        axis: Axis or axes to normalize over.
        epsilon: Added to the variance; `config.epsilon()` by default.
        **kwargs: `rms_scaling=True` gives `x / sqrt(variance + epsilon) * gamma`: not
            centered and not shifted.

    Raises:
        ShapeError: gamma or beta does not fit.

    References:
        Ba et al., "Layer Normalization", arXiv:1607.06450.

    Example:
        >>> layer_normalization([[1.0, 3.0]]).round(3).tolist()
        [[-1.0, 1.0]]
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    for unknown in kwargs:
        message = unknown_name("argument of layer_normalization", unknown, _LAYER)
        raise TypeError(message)
    wide, dtype = _wide(x)
    axes = rules.normalize_axes(axis, len(wide.shape))
    added = default_epsilon() if epsilon is None else epsilon
    if rms_scaling:
        _, inverse = _spread(wide, axes, added, center=True)
        result, beta = multiply(wide, inverse), None
    else:
        result = standardized(wide, axes=axes, epsilon=added, center=True)
    if gamma is not None:
        result = multiply(result, _along(gamma, wide, axis, "gamma"))
    if beta is not None:
        result = add(result, _along(beta, wide, axis, "beta"))
    return cast(result, dtype)


_LAYER = ("x", "gamma", "beta", "axis", "epsilon", "rms_scaling")


def rms_normalization(
    x: Any, scale: Any = None, axis: Axis = -1, epsilon: float | None = None
) -> Any:
    """Return `x / sqrt(mean(x^2) + epsilon) * scale`, the mean over axes.

    Args:
        x: Any shape; half precision is computed in single.
        scale: A number, or a tensor of the lengths along `axis`; 1 by default.
        axis: Axis or axes to normalize over.
        epsilon: Added to the mean square; `config.epsilon()` by default.

    Raises:
        ShapeError: The scale does not fit.

    References:
        Zhang & Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019.

    Example:
        >>> rms_normalization([[3.0, 3.0]]).round(3).tolist()
        [[1.0, 1.0]]
    """
    wide, dtype = _wide(x)
    axes = rules.normalize_axes(axis, len(wide.shape))
    added = default_epsilon() if epsilon is None else epsilon
    result = standardized(wide, axes=axes, epsilon=added, center=False)
    if scale is not None:
        scale = convert(scale)
        wide_scale = _along(scale, wide, axis, "scale") if scale.shape else scale
        result = multiply(result, wide_scale)
    return cast(result, dtype)


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Any:
    """Return `(x - mean) / sqrt(variance + epsilon) * scale + offset`.

    Args:
        x: Any shape.
        mean: Means, of the length of `axis`.
        variance: Variances, of the length of `axis`.
        axis: The axis of the channels.
        offset: Of the length of `axis`; 0 by default.
        scale: Of the length of `axis`; 1 by default.
        epsilon: Added to the variance.

    Raises:
        ShapeError: A parameter does not fit.

    Example:
        >>> batch_normalization([[3.0]], [1.0], [4.0], -1, epsilon=0.0).tolist()
        [[1.0]]
    """
    x = convert(x)
    mean = _along(mean, x, axis, "mean")
    factor = rsqrt(add(_along(variance, x, axis, "variance"), epsilon))
    if scale is not None:
        factor = multiply(factor, _along(scale, x, axis, "scale"))
    # two passes over x: the rest has the size of the channels
    shift = multiply(mean, factor)
    if offset is None:
        return subtract(multiply(x, factor), shift)
    shift = subtract(_along(offset, x, axis, "offset"), shift)
    return add(multiply(x, factor), shift)
