"""Losses of real-valued predictions: squared, absolute, relative, robust, angular.

Each comes as a function, which gives one value per sample (the mean over the last
axis), and as a class, which weights and reduces. Formulas and clipping are Keras's.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.losses.base import LossFunctionWrapper
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


class MeanSquaredError(LossFunctionWrapper):
    """Mean of squared differences, mean((y_true - y_pred)^2).

    Args:
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.

    Example:
        >>> float(MeanSquaredError()([[0.0], [2.0]], [[0.0], [0.0]]))
        2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """Mean of absolute differences, mean(abs(y_true - y_pred)).

    Args:
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """Mean of absolute differences as percentages of the targets.

    Args:
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Mean of squared differences of log(1 + value).

    Args:
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class Huber(LossFunctionWrapper):
    """Quadratic for errors up to `delta`, linear beyond.

    Args:
        delta: Where the parabola ends, in units of the target.
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.
    """

    # Keras forgets `delta` when it saves; we write it where it matters
    config_if_changed: ClassVar[dict[str, Any]] = {"dtype": None, "delta": 1.0}

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(LossFunctionWrapper):
    """Mean of log(cosh(y_pred - y_true)): quadratic near 0, absolute far from it.

    Args:
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine of the angle between targets and predictions.

    Args:
        axis: The axis along which the vectors lie.
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.
    """

    # Keras forgets `axis` when it saves; we write it where it matters
    config_if_changed: ClassVar[dict[str, Any]] = {"dtype": None, "axis": -1}

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
