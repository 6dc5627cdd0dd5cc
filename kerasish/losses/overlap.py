"""Losses of overlapping regions, as in image segmentation: Dice and Tversky.

Both are 1 minus a ratio of sums, over all axes (one number for the batch) or over some.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.losses.directory import FunctionLoss, loss_of
from kerasish.losses.inputs import divide_no_nan, elementwise_pair


def dice(y_true: Any, y_pred: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Return 1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred)).

    Args:
        y_true: Targets in [0, 1], any shape.
        y_pred: Probabilities, the same shape.
        axis: The axes over which the sums are taken; all of them if None.

    Returns:
        The shape without `axis`; 1 where both are all zeros.

    References:
        Milletari et al., "V-Net", 3DV 2016, section 3.

    Example:
        >>> round(float(dice([1.0, 1.0, 0.0], [1.0, 0.0, 0.0])), 4)
        0.3333
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "dice")
    common = ops.sum(y_true * y_pred, axis=axis)
    size = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - divide_no_nan(2.0 * common, size)


def tversky(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: int | Sequence[int] | None = None,
) -> Any:
    """Return 1 - tp / (tp + alpha fn + beta fp), with sums of products as counts.

    `alpha = beta = 0.5` gives the Dice loss. Keras computes it so, though its words and
    the paper have `alpha` and `beta` the other way round.

    Args:
        y_true: Targets in [0, 1], any shape.
        y_pred: Probabilities, the same shape.
        alpha: Weight of false negatives.
        beta: Weight of false positives.
        axis: The axes over which the sums are taken; all of them if None.

    Returns:
        The shape without `axis`; 1 where both are all zeros.

    References:
        Salehi et al., "Tversky Loss Function for Image Segmentation Using 3D Fully
        Convolutional Deep Networks", 2017, eq. 3.
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "tversky")
    hits = ops.sum(y_true * y_pred, axis=axis)
    alarms = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    misses = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    return 1.0 - divide_no_nan(hits, hits + alpha * misses + beta * alarms)


@loss_of(dice, order="reduction name axis dtype")
class Dice(FunctionLoss):
    """One minus the Dice coefficient, twice the overlap over the sum of both sizes."""


@loss_of(tversky, order="alpha beta reduction name axis dtype")
class Tversky(FunctionLoss):
    """One minus the Tversky index: Dice with weights for the two kinds of error.

    References:
        Salehi et al., "Tversky Loss Function for Image Segmentation Using 3D Fully
        Convolutional Deep Networks", 2017.
    """
