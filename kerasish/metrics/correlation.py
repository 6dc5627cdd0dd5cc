"""How well predictions go along with targets: Pearson's and Lin's coefficients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.losses.inputs import elementwise_pair
from kerasish.metrics.declare import FunctionMean, mean_of

Axis = int | Sequence[int]


def pearson_correlation(y_true: Any, y_pred: Any, axis: Axis = -1) -> Any:
    """Return the linear correlation cov(t, p) / (std(t) std(p)).

    Args:
        y_true: Targets, shape (batch, ..., d).
        y_pred: Predictions, the same shape.
        axis: The axis, or axes, along which values are compared.

    Returns:
        The shape without `axis`, in [-1, 1]; NaN where one of both does not vary.

    Example:
        >>> values = pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])
        >>> [round(float(v), 4) for v in values]
        [1.0]
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "pearson_correlation")
    t, p = _centred(y_true, axis), _centred(y_pred, axis)
    spread = ops.sqrt(ops.mean(ops.square(t), axis=axis)) * ops.sqrt(
        ops.mean(ops.square(p), axis=axis)
    )
    constant = ops.equal(spread, 0)
    # 0 / 0 without the warning that NumPy would give
    quotient = ops.mean(t * p, axis=axis) / ops.where(constant, 1.0, spread)
    return ops.where(constant, math.nan, quotient)


def concordance_correlation(y_true: Any, y_pred: Any, axis: Axis = -1) -> Any:
    """Return 2 cov(t, p) / (var(t) + var(p) + (mean(t) - mean(p))^2 + epsilon).

    1 only where predictions equal targets, not just rise and fall with them.

    Args:
        y_true: Targets, shape (batch, ..., d).
        y_pred: Predictions, the same shape.
        axis: The axis, or axes, along which values are compared.

    Returns:
        The shape without `axis`, in [-1, 1].

    References:
        Lin, "A Concordance Correlation Coefficient to Evaluate Reproducibility", 1989.
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "concordance_correlation")
    t, p = _centred(y_true, axis), _centred(y_pred, axis)
    shift = ops.mean(y_true, axis=axis) - ops.mean(y_pred, axis=axis)
    spread = ops.mean(ops.square(t), axis=axis) + ops.mean(ops.square(p), axis=axis)
    common = ops.mean(t * p, axis=axis)
    return 2.0 * common / (spread + ops.square(shift) + epsilon())


def _centred(x: Any, axis: Axis) -> Any:
    return x - ops.mean(x, axis=axis, keepdims=True)


@mean_of(pearson_correlation)
class PearsonCorrelation(FunctionMean):
    """Mean linear correlation of targets and predictions."""


@mean_of(concordance_correlation)
class ConcordanceCorrelation(FunctionMean):
    """Mean agreement of targets and predictions, in direction and in size."""
