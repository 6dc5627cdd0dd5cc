"""Focal crossentropies: examples that are already right count less.

A factor (1 - p)^gamma, p being the probability given to the target, takes the weight
off easy examples (Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.losses.directory import FunctionLoss, loss_of
from kerasish.losses.inputs import (
    as_floating,
    dtype_of,
    require_one_hot,
    require_same_shape,
)
from kerasish.losses.probabilistic import smoothed_one_hot


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the mean over `axis` of (1 - p_t)^gamma times the binary crossentropy.

    p_t is p where the target is 1, and 1 - p where it is 0.

    Args:
        y_true: Targets in [0, 1], shape (batch, ..., d).
        y_pred: Probabilities, or logits, of the same shape.
        apply_class_balancing: Whether targets of 1 are weighted by `alpha`, those of 0
            by `1 - alpha`.
        alpha: Weight of the targets of 1, in [0, 1].
        gamma: Exponent of the factor; 0 gives the plain crossentropy.
        from_logits: Whether `y_pred` holds logits.
        label_smoothing: How far targets are drawn towards 0.5, in [0, 1].
        axis: The axis over which the mean is taken.

    Returns:
        The shape without `axis`.

    Raises:
        ShapeError: The shapes differ.

    References:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, eq. 4 and 5.

    Example:
        >>> values = binary_focal_crossentropy([[1.0, 0.0]], [[0.9, 0.1]])
        >>> [round(float(v), 6) for v in values]
        [0.001054]
    """
    y_pred = as_floating(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=dtype_of(y_pred))
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    require_same_shape(*shapes, "binary_focal_crossentropy")
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    p = ops.sigmoid(y_pred) if from_logits else y_pred
    right = y_true * p + (1.0 - y_true) * (1.0 - p)
    values = ops.binary_crossentropy(y_true, p) * ops.power(1.0 - right, gamma)
    if apply_class_balancing:
        values = values * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(values, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return -sum(alpha (1 - p)^gamma y log p) over the classes, for one-hot targets.

    Args:
        y_true: One row of probabilities per sample, shape (batch, ..., classes).
        y_pred: Probabilities (scaled to sum to one first), or logits.
        alpha: Weight of all classes, or one weight per class.
        gamma: Exponent of the factor; 0 gives the weighted crossentropy.
        from_logits: Whether `y_pred` holds logits.
        label_smoothing: How far targets are drawn towards 1 / classes, in [0, 1].
        axis: The axis of the classes.

    Returns:
        The shape without `axis`.

    Raises:
        ShapeError: The shapes differ, as with whole-number labels.

    References:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, eq. 5.
    """
    y_pred = as_floating(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=dtype_of(y_pred))
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    require_one_hot(*shapes, "categorical_focal_crossentropy")
    y_true = smoothed_one_hot(y_true, label_smoothing)
    if from_logits:
        p = ops.softmax(y_pred, axis=axis)
    else:
        p = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, epsilon(), 1.0 - epsilon())
    weight = ops.power(1.0 - p, gamma) * alpha
    return -ops.sum(weight * y_true * ops.log(p), axis=axis)


@loss_of(binary_focal_crossentropy)
class BinaryFocalCrossentropy(FunctionLoss):
    """Crossentropy of yes-or-no targets in which easy examples count less.

    References:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017.
    """


@loss_of(categorical_focal_crossentropy)
class CategoricalFocalCrossentropy(FunctionLoss):
    """Crossentropy of one-hot targets in which easy examples count less.

    References:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017.
    """
