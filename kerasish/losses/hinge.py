"""Losses of a margin: hinge, squared hinge, categorical hinge.

Each comes as a function, which gives one value per sample, and as a class, which
weights and reduces.
"""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.losses.directory import FunctionLoss, loss_of
from kerasish.losses.inputs import elementwise_pair


def _signs(y_true: Any) -> Any:
    """Return targets of only 0 and 1 as -1 and 1, any others as they are."""
    is_binary = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    binary = ops.cast(is_binary, y_true.dtype)
    # 2 y - 1 or y, by a factor: whether targets are 0/1 is known only as it runs
    return y_true * (1.0 + binary) - binary


def _margin(y_true: Any, y_pred: Any, what: str) -> Any:
    y_true, y_pred = elementwise_pair(y_true, y_pred, what)
    return ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Return mean(max(1 - y_true y_pred, 0)) over the last axis.

    Args:
        y_true: Targets of -1 and 1 (or of 0 and 1, which become so).
        y_pred: Predictions, the same shape (batch, ..., d).

    Returns:
        Shape (batch, ...).
    """
    return ops.mean(_margin(y_true, y_pred, "hinge"), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return mean(max(1 - y_true y_pred, 0)^2) over the last axis.

    Args:
        y_true: Targets of -1 and 1 (or of 0 and 1, which become so).
        y_pred: Predictions, the same shape (batch, ..., d).

    Returns:
        Shape (batch, ...).
    """
    return ops.mean(ops.square(_margin(y_true, y_pred, "squared_hinge")), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return max(best wrong score - right score + 1, 0), over the last axis.

    Args:
        y_true: One-hot targets, shape (batch, ..., classes).
        y_pred: Scores, the same shape.

    Returns:
        Shape (batch, ...).
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "categorical_hinge")
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


@loss_of(hinge)
class Hinge(FunctionLoss):
    """Mean of max(1 - y_true y_pred, 0), for targets of -1 and 1 (or 0 and 1)."""


@loss_of(squared_hinge)
class SquaredHinge(FunctionLoss):
    """Mean of max(1 - y_true y_pred, 0)^2, for targets of -1 and 1 (or 0 and 1)."""


@loss_of(categorical_hinge)
class CategoricalHinge(FunctionLoss):
    """How far the best wrong class comes within 1 of the right one."""
