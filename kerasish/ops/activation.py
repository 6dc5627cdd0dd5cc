"""Activation functions with their formulas; elementwise but for the softmaxes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasish.ops import rules
from kerasish.ops.declare import Array, composed, convert
from kerasish.ops.elementwise import (
    absolute,
    add,
    divide,
    erf,
    exp,
    expm1,
    greater,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    sign,
    sqrt,
    square,
    subtract,
    where,
)
from kerasish.ops.floats import as_float
from kerasish.ops.indexing import take_along_axis
from kerasish.ops.reduction import argsort, cumsum, max, sum
from kerasish.ops.shape import cast, split, stop_gradient
from kerasish.ops.trigonometry import tanh

_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


@composed
def relu(x: Array) -> Any:
    """Return max(x, 0); the gradient at 0 is 0."""
    return maximum(x, 0)


@relu.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, greater(y, 0))


def relu6(x: Any) -> Any:
    """Return min(max(x, 0), 6)."""
    return minimum(relu(x), 6)


@composed
def sigmoid(x: Array) -> Any:
    """Return 1 / (1 + exp(-x)), as (1 + tanh(x / 2)) / 2: it never overflows."""
    return add(multiply(tanh(multiply(x, 0.5)), 0.5), 0.5)


@sigmoid.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, multiply(y, subtract(1, y)))


@composed
def softplus(x: Array) -> Any:
    """Return log(1 + exp(x)), safe for large |x|.

    References:
        Dugas et al., "Incorporating Second-Order Functional Knowledge", NIPS 2000.
    """
    x = as_float(x)
    # exp never sees a positive number
    return add(maximum(x, 0), log1p(exp(negative(absolute(x)))))


@softplus.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(g, sigmoid(x))


def log_sigmoid(x: Any) -> Any:
    """Return log(sigmoid(x)), safe for large |x|."""
    return negative(softplus(negative(as_float(x))))


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """Return x where positive, else negative_slope * x."""
    x = as_float(x)
    return subtract(relu(x), multiply(relu(negative(x)), negative_slope))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """Return x where positive, else alpha * (exp(x) - 1).

    References:
        Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear
        Units", ICLR 2016.
    """
    x = as_float(x)
    return add(relu(x), multiply(expm1(negative(relu(negative(x)))), alpha))


def selu(x: Any) -> Any:
    """Return elu(x, 1.6733) * 1.0507: activations keep mean 0 and variance 1.

    References:
        Klambauer et al., "Self-Normalizing Neural Networks", NIPS 2017.
    """
    return multiply(elu(x, _SELU_ALPHA), _SELU_SCALE)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """Return max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))."""
    x = as_float(x)
    below = divide(negative(relu(negative(x))), alpha)
    return add(relu(x), multiply(expm1(below), alpha))


@composed
def gelu(x: Array, approximate: bool = True) -> Any:
    """Return x * P(X <= x) for a standard normal X, by erf or its tanh approximation.

    References:
        Hendrycks & Gimpel, "Gaussian Error Linear Units", arXiv:1606.08415.
    """
    x = as_float(x)
    if approximate:
        inner = add(x, multiply(multiply(square(x), x), 0.044715))
        return multiply(
            multiply(x, 0.5), add(tanh(multiply(inner, math.sqrt(2 / math.pi))), 1)
        )
    return multiply(multiply(x, 0.5), add(erf(multiply(x, math.sqrt(0.5))), 1))


def silu(x: Any) -> Any:
    """Return x * sigmoid(x)."""
    x = convert(x)
    return multiply(x, sigmoid(x))


swish = silu


def mish(x: Any) -> Any:
    """Return x * tanh(softplus(x)).

    References:
        Misra, "Mish: A Self Regularized Non-Monotonic Activation", BMVC 2020.
    """
    x = as_float(x)
    return multiply(x, tanh(softplus(x)))


def softsign(x: Any) -> Any:
    """Return x / (1 + |x|)."""
    x = as_float(x)
    return divide(x, add(absolute(x), 1))


def hard_sigmoid(x: Any) -> Any:
    """Return relu6(x + 3) / 6."""
    return divide(relu6(add(x, 3.0)), 6)


def hard_silu(x: Any) -> Any:
    """Return x * hard_sigmoid(x)."""
    x = convert(x)
    return multiply(x, hard_sigmoid(x))


hard_swish = hard_silu


def hard_tanh(x: Any) -> Any:
    """Return x held to [-1, 1]."""
    return minimum(maximum(x, -1.0), 1.0)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return x where |x| > threshold, else 0."""
    x = as_float(x)
    return multiply(x, greater(absolute(x), threshold))


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return x moved towards 0 by threshold, 0 within it."""
    x = as_float(x)
    return multiply(sign(x), relu(subtract(absolute(x), threshold)))


def tanh_shrink(x: Any) -> Any:
    """Return x - tanh(x)."""
    x = convert(x)
    return subtract(x, tanh(x))


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """Return x where x > threshold, else default_value."""
    x = convert(x)
    return where(greater(x, threshold), x, default_value)


def squareplus(x: Any, b: float = 4) -> Any:
    """Return (x + sqrt(x^2 + b)) / 2."""
    x = as_float(x)
    return divide(add(x, sqrt(add(square(x), b))), 2)


def sparse_plus(x: Any) -> Any:
    """Return 0 for x <= -1, (x + 1)^2 / 4 for |x| < 1, x for x >= 1."""
    x = as_float(x)
    middle = divide(square(add(hard_tanh(x), 1)), 4)
    return add(middle, relu(subtract(x, 1)))


def sparse_sigmoid(x: Any) -> Any:
    """Return 0 for x <= -1, (x + 1) / 2 for |x| < 1, 1 for x >= 1."""
    return divide(add(hard_tanh(x), 1), 2)


def glu(x: Any, axis: int = -1) -> Any:
    """Return a * sigmoid(b), where a and b are x's halves along an axis.

    References:
        Dauphin et al., "Language Modeling with Gated Convolutional Networks", ICML
        2017.
    """
    values, gates = split(x, 2, axis)
    return multiply(values, sigmoid(gates))


@composed
def softmax_along(x: Array, *, axes: tuple[int, ...]) -> Any:
    """Return exp(x) / sum(exp(x)) over axes, safe for large |x|."""
    shifted = exp(subtract(x, max(x, axes, keepdims=True)))
    return divide(shifted, sum(shifted, axes, keepdims=True))


@softmax_along.gradient
def _(g: Any, y: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    return multiply(y, subtract(g, sum(multiply(g, y), axes, keepdims=True)))


def _has_lengths(x: Any, axes: tuple[int, ...]) -> bool:
    """Return whether there is anything along axes to share among."""
    return all(x.shape[a] for a in axes)


def softmax(x: Any, axis: Any = -1) -> Any:
    """Return exp(x) / sum(exp(x)) along an axis, or axes; sums to 1."""
    x = as_float(x)
    axes = rules.normalize_axes(axis, len(x.shape))
    return softmax_along(x, axes=axes) if _has_lengths(x, axes) else x


@composed
def log_softmax_along(x: Array, *, axes: tuple[int, ...]) -> Any:
    """Return x - log(sum(exp(x))) over axes, safe for large |x|."""
    shifted = subtract(x, stop_gradient(max(x, axes, keepdims=True)))
    return subtract(shifted, log(sum(exp(shifted), axes, keepdims=True)))


@log_softmax_along.gradient
def _(g: Any, y: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    return subtract(g, multiply(exp(y), sum(g, axes, keepdims=True)))


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """Return log(softmax(x)) along an axis, or axes."""
    x = as_float(x)
    axes = rules.normalize_axes(axis, len(x.shape))
    return log_softmax_along(x, axes=axes) if _has_lengths(x, axes) else x


def sparsemax(x: Any, axis: int = -1) -> Any:
    """Return the nearest point of the probability simplex; many entries are 0.

    References:
        Martins & Astudillo, "From Softmax to Sparsemax", ICML 2016, algorithm 1.
    """
    x = convert(x)
    axis = rules.normalize_axis(axis, len(x.shape))
    falling = take_along_axis(x, argsort(negative(x), axis), axis)
    ranks = np.arange(1, x.shape[axis] + 1, dtype="float32")
    ranks = ranks.reshape([-1 if i == axis else 1 for i in range(len(x.shape))])
    running = cumsum(falling, axis)
    inside = cast(greater(add(multiply(falling, ranks), 1), running), x.dtype)
    count = sum(inside, axis, keepdims=True)
    total = sum(multiply(falling, inside), axis, keepdims=True)
    return relu(subtract(x, divide(subtract(total, 1), count)))
