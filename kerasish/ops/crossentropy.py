"""Cross-entropies between targets and predictions, by example.

Probabilities are divided by their sum and held to [epsilon, 1 - epsilon] before the
logarithm, as Keras does. Each is one operation with a gradient of its own, so that a
backend may fuse it and the step pays for few passes.
"""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes, epsilon, floatx
from kerasish.errors import ShapeError, explain
from kerasish.ops import rules
from kerasish.ops.activation import log_softmax, softplus
from kerasish.ops.declare import Array, composed, convert, operand
from kerasish.ops.elementwise import (
    add,
    divide,
    equal,
    greater,
    less,
    log,
    maximum,
    minimum,
    multiply,
    negative,
    subtract,
)
from kerasish.ops.indexing import one_hot
from kerasish.ops.reduction import sum
from kerasish.ops.shape import cast, expand_dims, squeeze


@composed
def clip_(x: Array, x_min: Array, x_max: Array) -> Any:
    """Return x held to [x_min, x_max]; outside, the gradient is 0."""
    return minimum(maximum(x, x_min), x_max)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Return x held to [x_min, x_max]; outside, the gradient is 0.

    Args:
        x: Any shape.
        x_min: Least number, or tensor of them; None for no bound.
        x_max: Largest number, or tensor of them; None for no bound.
    """
    if x_min is None and x_max is None:
        return convert(x)
    if x_min is None:
        return minimum(x, x_max)
    if x_max is None:
        return maximum(x, x_min)
    # Python numbers give way to x's dtype, also where they become constants of a graph
    values = [operand(v) for v in (x, x_min, x_max)]
    dtype = dtypes.strong(rules.promoted(*values), floatx())
    return clip_(*(convert(v, dtype) for v in values))


@composed
def clip_probability(x: Array, *, margin: float) -> Any:
    """Return x held to [margin, 1 - margin]."""
    return minimum(maximum(x, margin), 1.0 - margin)


@clip_probability.gradient
def _(g: Any, y: Any, x: Any, *, margin: float) -> Any:
    inside = multiply(greater(x, margin), less(x, 1.0 - margin))
    return multiply(g, inside)


@composed
def binary_crossentropy_of(target: Array, output: Array) -> Any:
    """Return -(t log p + (1 - t) log(1 - p)) for probabilities, elementwise."""
    p = clip_probability(output, margin=epsilon())
    hit = multiply(target, log(p))
    miss = multiply(subtract(1.0, target), log(subtract(1.0, p)))
    return negative(add(hit, miss))


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Return the binary cross-entropy, elementwise.

    Args:
        target: Probabilities of class 1, any shape.
        output: Predicted probabilities, or logits, of the same shape.
        from_logits: Whether `output` holds logits.
    """
    target, output = convert(target), convert(output)
    _require_same("binary_crossentropy", target, output)
    dtype = dtypes.dtype_name(output.dtype)
    target = convert(target, dtype)
    if not from_logits:
        return binary_crossentropy_of(target, output)
    # -(t log s(x) + (1-t) log(1 - s(x))) with s the sigmoid: softplus(x) - t x
    return subtract(softplus(output), multiply(target, output))


@composed
def categorical_crossentropy_of(target: Array, output: Array, *, axis: int) -> Any:
    """Return -sum(t log(p / sum(p))) along an axis, for probabilities."""
    total = sum(output, axis, keepdims=True)
    p = clip_probability(divide(output, total), margin=epsilon())
    return negative(sum(multiply(target, log(p)), axis))


@categorical_crossentropy_of.gradient
def _(g: Any, y: Any, target: Any, output: Any, *, axis: int) -> Any:
    # with q = p / sum(p) and c its clipped value: dq = -g t / c where c is q, else 0;
    # dp = (dq - sum(dq q)) / sum(p). The forward pass's values are found again by name.
    total = sum(output, axis, keepdims=True)
    share = divide(output, total)
    p = clip_probability(share, margin=epsilon())
    spread = expand_dims(negative(g), axis)
    inside = cast(equal(p, share), output.dtype)
    flow = multiply(multiply(divide(target, p), inside), spread)
    back = sum(multiply(flow, share), axis, keepdims=True)
    return multiply(spread, log(p)), divide(subtract(flow, back), total)


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """Return the cross-entropy of one-hot or soft targets, along the class axis.

    Args:
        target: Class probabilities, of `output`'s shape.
        output: Predicted probabilities, or logits.
        from_logits: Whether `output` holds logits.
        axis: The class axis.

    Returns:
        `output`'s shape without the class axis.
    """
    target, output = convert(target), convert(output)
    _require_same("categorical_crossentropy", target, output)
    target = convert(target, dtypes.dtype_name(output.dtype))
    axis = rules.normalize_axis(axis, len(output.shape))
    if not from_logits:
        return categorical_crossentropy_of(target, output, axis=axis)
    return negative(sum(multiply(target, log_softmax(output, axis)), axis))


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """Return the cross-entropy of whole-number class labels, along the class axis.

    Args:
        target: Class indices, `output`'s shape without the class axis (or with it at
            length 1).
        output: Predicted probabilities, or logits.
        from_logits: Whether `output` holds logits.
        axis: The class axis.
    """
    target, output = convert(target), convert(output)
    axis = rules.normalize_axis(axis, len(output.shape))
    if len(target.shape) == len(output.shape) and target.shape[axis] == 1:
        target = squeeze(target, axis)
    target = convert(target, "int32")
    codes = one_hot(target, output.shape[axis], axis, dtypes.dtype_name(output.dtype))
    return categorical_crossentropy(codes, output, from_logits, axis)


def _require_same(name: str, target: Any, output: Any) -> None:
    if tuple(target.shape) != tuple(output.shape):
        raise ShapeError(
            explain(
                f"{name}: target and output must have one shape.",
                got=f"target {tuple(target.shape)}, output {tuple(output.shape)}",
            )
        )


__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "clip",
    "sparse_categorical_crossentropy",
]
