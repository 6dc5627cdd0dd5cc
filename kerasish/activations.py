"""Activation functions by Keras's names: `keras.activations`.

Thin functions over `kerasish.ops`, which holds the formulas and gradients, and where a
backend may put fused kernels. `get` turns what a layer was given into a function: a
name, a config, or any callable; None stands for `linear`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.saving.old_layers import OLD_HARD_SIGMOID
from kerasish.saving.registry import Directory, register_keras_serializable

_DIRECTORY = Directory("activation", "keras.activations", make_instances=False)


@_DIRECTORY.add()
def relu(
    x: Any,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Any:
    """Rectified linear unit: max(x, 0).

    With all arguments: `x` above `threshold`, `negative_slope * (x - threshold)` below;
    where there is a `max_value`, the first is held to [0, max_value].

    Args:
        x: Tensor of any shape.
        negative_slope: Slope below the threshold.
        max_value: Upper bound, or None.
        threshold: Where the unit switches on.

    Example:
        >>> relu([-1.0, 2.0]).tolist()
        [0.0, 2.0]
    """
    if threshold == 0 and max_value is None and negative_slope != 0:
        return ops.leaky_relu(x, negative_slope=negative_slope)
    if threshold == 0:
        positive = ops.relu(x)
    else:
        positive = ops.where(ops.greater(x, threshold), x, 0)
    if max_value is not None:
        # a negative threshold lets negative values through
        positive = ops.relu(positive) if threshold < 0 else positive
        positive = ops.minimum(positive, max_value)
    if negative_slope == 0:
        return positive
    below = ops.relu(ops.subtract(threshold, x))
    return ops.subtract(positive, ops.multiply(below, negative_slope))


@_DIRECTORY.add()
def relu6(x: Any) -> Any:
    """Rectified linear unit bounded at 6: min(max(x, 0), 6)."""
    return ops.relu6(x)


@_DIRECTORY.add()
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """Leaky ReLU: x above zero, `negative_slope * x` below."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


@_DIRECTORY.add()
def elu(x: Any, alpha: float = 1.0) -> Any:
    """Exponential linear unit: x above zero, `alpha * (exp(x) - 1)` below.

    References:
        Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear
        Units", ICLR 2016.
    """
    return ops.elu(x, alpha=alpha)


@_DIRECTORY.add()
def selu(x: Any) -> Any:
    """Scaled ELU: 1.0507 * elu(x, 1.6733), which keeps mean 0 and variance 1.

    References:
        Klambauer et al., "Self-Normalizing Neural Networks", NIPS 2017.
    """
    return ops.selu(x)


@_DIRECTORY.add()
def celu(x: Any, alpha: float = 1.0) -> Any:
    """Continuously differentiable ELU: max(x, 0) + min(0, alpha * (exp(x/alpha) - 1)).

    References:
        Barron, "Continuously Differentiable Exponential Linear Units", 2017.
    """
    return ops.celu(x, alpha=alpha)


@_DIRECTORY.add()
def gelu(x: Any, approximate: bool = False) -> Any:
    """Gaussian error linear unit: x * P(Z <= x) with Z of N(0, 1).

    Args:
        x: Tensor of any shape, floating.
        approximate: Whether to use the tanh form in place of the error function.

    References:
        Hendrycks & Gimpel, "Gaussian Error Linear Units", 2016.
    """
    return ops.gelu(x, approximate=approximate)


@_DIRECTORY.add("swish")
def silu(x: Any) -> Any:
    """Sigmoid linear unit, also called swish: x * sigmoid(x).

    References:
        Ramachandran et al., "Searching for Activation Functions", 2017.
    """
    return ops.silu(x)


@_DIRECTORY.add("hard_swish")
def hard_silu(x: Any) -> Any:
    """Piecewise form of SiLU, also called hard swish: x * hard_sigmoid(x).

    References:
        Howard et al., "Searching for MobileNetV3", ICCV 2019.
    """
    return ops.hard_silu(x)


@_DIRECTORY.add()
def mish(x: Any) -> Any:
    """Mish: x * tanh(softplus(x)).

    References:
        Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019.
    """
    return ops.mish(x)


@_DIRECTORY.add()
def softplus(x: Any) -> Any:
    """Smooth ReLU: log(1 + exp(x))."""
    return ops.softplus(x)


@_DIRECTORY.add()
def squareplus(x: Any, b: float = 4) -> Any:
    """Algebraic smooth ReLU: (x + sqrt(x^2 + b)) / 2.

    References:
        Barron, "Squareplus: A Softplus-Like Algebraic Rectifier", 2021.
    """
    return ops.squareplus(x, b=b)


@_DIRECTORY.add()
def sparse_plus(x: Any) -> Any:
    """ReLU with a parabola in [-1, 1]: 0, then (x + 1)^2 / 4, then x."""
    return ops.sparse_plus(x)


@_DIRECTORY.add()
def softsign(x: Any) -> Any:
    """Softsign: x / (|x| + 1)."""
    return ops.softsign(x)


@_DIRECTORY.add()
def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return ops.tanh(x)


@_DIRECTORY.add()
def hard_tanh(x: Any) -> Any:
    """Tanh's piecewise form: x bounded to [-1, 1]."""
    return ops.hard_tanh(x)


@_DIRECTORY.add()
def tanh_shrink(x: Any) -> Any:
    """Tanh shrinkage: x - tanh(x)."""
    return ops.tanh_shrink(x)


@_DIRECTORY.add()
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Hard shrinkage: x where |x| > threshold, else 0."""
    return ops.hard_shrink(x, threshold=threshold)


@_DIRECTORY.add()
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Soft shrinkage: x moved towards 0 by `threshold`, and 0 within it."""
    return ops.soft_shrink(x, threshold=threshold)


@_DIRECTORY.add()
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """Return x where it exceeds `threshold`, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


@_DIRECTORY.add()
def sigmoid(x: Any) -> Any:
    """Logistic function: 1 / (1 + exp(-x))."""
    return ops.sigmoid(x)


@_DIRECTORY.add()
def log_sigmoid(x: Any) -> Any:
    """Logarithm of the sigmoid, finite for large negative x."""
    return ops.log_sigmoid(x)


@_DIRECTORY.add()
def hard_sigmoid(x: Any) -> Any:
    """Sigmoid's piecewise form: x / 6 + 0.5 bounded to [0, 1]."""
    return ops.hard_sigmoid(x)


@register_keras_serializable(*OLD_HARD_SIGMOID)
def _old_hard_sigmoid(x: Any) -> Any:
    """Return Keras 2's `hard_sigmoid`, in its files: x / 5 + 0.5 bounded to [0, 1]."""
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


@_DIRECTORY.add()
def sparse_sigmoid(x: Any) -> Any:
    """Gradient of sparse plus: (x + 1) / 2 bounded to [0, 1]."""
    return ops.sparse_sigmoid(x)


@_DIRECTORY.add()
def exponential(x: Any) -> Any:
    """Exponential function: exp(x)."""
    return ops.exp(x)


@_DIRECTORY.add()
def softmax(x: Any, axis: int | Sequence[int] = -1) -> Any:
    """Exponentials that sum to one along an axis, or several: exp(x) / sum(exp(x)).

    Args:
        x: Tensor of rank 1 or more.
        axis: Axis or axes over which the results sum to one.

    Example:
        >>> softmax([0.0, 0.0]).tolist()
        [0.5, 0.5]
    """
    return ops.softmax(x, axis=axis)


@_DIRECTORY.add()
def log_softmax(x: Any, axis: int | Sequence[int] = -1) -> Any:
    """Logarithm of the softmax, exact where the softmax would round to zero."""
    return ops.log_softmax(x, axis=axis)


@_DIRECTORY.add()
def sparsemax(x: Any, axis: int = -1) -> Any:
    """Nearest point of the probability simplex, which often lies on its edge.

    References:
        Martins & Astudillo, "From Softmax to Sparsemax", ICML 2016.
    """
    return ops.sparsemax(x, axis=axis)


@_DIRECTORY.add()
def glu(x: Any, axis: int = -1) -> Any:
    """Gated linear unit: the first half along `axis` times sigmoid of the second.

    References:
        Dauphin et al., "Language Modeling with Gated Convolutional Networks", ICML
        2017.
    """
    return ops.glu(x, axis=axis)


@_DIRECTORY.add()
def linear(x: Any) -> Any:
    """Return x itself."""
    return x


swish = silu
hard_swish = hard_silu


def get(identifier: Any) -> Any:
    """Return the activation that `identifier` stands for.

    Args:
        identifier: None (`linear`), a name, a config, or a callable.

    Raises:
        ValueError: No activation is called so, or it is none of these.

    Example:
        >>> get("swish").__name__
        'silu'
    """
    return linear if identifier is None else _DIRECTORY.get(identifier)


def serialize(activation: Any) -> Any:
    """Return the name of a built-in activation, else its config."""
    name = getattr(activation, "__name__", None)
    if name in _DIRECTORY.names() and activation is getattr(ops, str(name), None):
        return name
    return _DIRECTORY.serialize(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the activation that a name or config from a file describes."""
    return _DIRECTORY.deserialize(config, custom_objects)


__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]
