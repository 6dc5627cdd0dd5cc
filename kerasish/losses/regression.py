"""Losses of real-valued predictions: squared, absolute, relative, robust, angular.

Each comes as a function, which gives one value per sample (the mean over the last
axis), and as a class, which weights and reduces. Formulas and clipping are Keras's.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.losses.directory import FunctionLoss, loss_of
from kerasish.losses.inputs import elementwise_pair


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Return mean((y_true - y_pred)^2) over the last axis.

    Args:
        y_true: Targets, shape (batch, ..., d).
        y_pred: Predictions, the same shape.

    Returns:
        Shape (batch, ...).

    Raises:
        ShapeError: The shapes do not broadcast.

    Example:
        >>> float(mean_squared_error([1, 0, 0, 1], [0, 0, 0, 0]))
        0.5
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "mean_squared_error")
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Return mean(abs(y_true - y_pred)) over the last axis.

    Args:
        y_true: Targets, shape (batch, ..., d).
        y_pred: Predictions, the same shape.

    Returns:
        Shape (batch, ...).
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "mean_absolute_error")
    return ops.mean(ops.absolute(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Return 100 mean(abs(y_true - y_pred) / max(abs(y_true), epsilon)), in percent.

    Args:
        y_true: Targets, shape (batch, ..., d).
        y_pred: Predictions, the same shape.

    Returns:
        Shape (batch, ...).
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "mean_absolute_percentage_error")
    size = ops.maximum(ops.absolute(y_true), epsilon())
    return 100.0 * ops.mean(ops.absolute(y_true - y_pred) / size, axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Return mean((log(1 + y_true) - log(1 + y_pred))^2) over the last axis.

    Both are raised to `epsilon()` first, so negative values count as zero.

    Args:
        y_true: Targets, shape (batch, ..., d).
        y_pred: Predictions, the same shape.

    Returns:
        Shape (batch, ...).
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "mean_squared_logarithmic_error")
    difference = ops.log1p(ops.maximum(y_pred, epsilon())) - ops.log1p(
        ops.maximum(y_true, epsilon())
    )
    return ops.mean(ops.square(difference), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Return the mean over the last axis of a loss quadratic near 0, linear beyond.

    Of an error e: e^2 / 2 where abs(e) <= delta, else delta abs(e) - delta^2 / 2.

    Args:
        y_true: Targets, shape (batch, ..., d).
        y_pred: Predictions, the same shape.
        delta: Where the parabola ends, in units of the target.

    Returns:
        Shape (batch, ...).

    References:
        Huber, "Robust Estimation of a Location Parameter", 1964.
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "huber")
    error = ops.absolute(y_pred - y_true)
    near = ops.minimum(error, delta)
    # with c = min(|e|, delta), both branches are c (|e| - c / 2): no `where` is needed
    return ops.mean(near * (error - 0.5 * near), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Return mean(log(cosh(y_pred - y_true))) over the last axis.

    Args:
        y_true: Targets, shape (batch, ..., d).
        y_pred: Predictions, the same shape.

    Returns:
        Shape (batch, ...).
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "log_cosh")
    # log cosh x = |x| + log(1 + exp(-2 |x|)) - log 2, where nothing overflows
    size = ops.absolute(y_pred - y_true)
    values = size + ops.log1p(ops.exp(-2.0 * size)) - math.log(2.0)
    return ops.mean(values, axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return minus the cosine of the angle between targets and predictions.

    Args:
        y_true: Targets, shape (batch, ..., d).
        y_pred: Predictions, the same shape.
        axis: The axis along which the vectors lie.

    Returns:
        The shape without `axis`; -1 for equal directions, 0 where a vector is zero.
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "cosine_similarity")
    return -ops.sum(_unit(y_true, axis) * _unit(y_pred, axis), axis=axis)


def _unit(x: Any, axis: int) -> Any:
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(squares, epsilon() ** 2))


@loss_of(mean_squared_error, "mse", "MSE")
class MeanSquaredError(FunctionLoss):
    """Mean of squared differences, mean((y_true - y_pred)^2).

    Example:
        >>> float(MeanSquaredError()([[0.0], [2.0]], [[0.0], [0.0]]))
        2.0
    """


@loss_of(mean_absolute_error, "mae", "MAE")
class MeanAbsoluteError(FunctionLoss):
    """Mean of absolute differences, mean(abs(y_true - y_pred))."""


@loss_of(mean_absolute_percentage_error, "mape", "MAPE")
class MeanAbsolutePercentageError(FunctionLoss):
    """Mean of absolute differences as percentages of the targets."""


@loss_of(mean_squared_logarithmic_error, "msle", "MSLE")
class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean of squared differences of log(1 + value)."""


@loss_of(huber, name="huber_loss")
class Huber(FunctionLoss):
    """Quadratic for errors up to `delta`, linear beyond."""

    # Keras forgets `delta` when it saves; we write it where it matters
    config_if_changed: ClassVar[dict[str, Any]] = {"dtype": None, "delta": 1.0}


@loss_of(log_cosh)
class LogCosh(FunctionLoss):
    """Mean of log(cosh(y_pred - y_true)): quadratic near 0, absolute far from it."""


@loss_of(cosine_similarity)
class CosineSimilarity(FunctionLoss):
    """Minus the cosine of the angle between targets and predictions."""

    # Keras forgets `axis` when it saves; we write it where it matters
    config_if_changed: ClassVar[dict[str, Any]] = {"dtype": None, "axis": -1}
