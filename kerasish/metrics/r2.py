"""The coefficient of determination: the share of the targets' variance explained."""

from __future__ import annotations

import math
from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.variable import Variable
from kerasish.losses.inputs import Shape, divide_no_nan
from kerasish.metrics.base import Metric
from kerasish.metrics.counts import prepare
from kerasish.metrics.directories import METRICS

AGGREGATIONS = ("uniform_average", "variance_weighted_average")
_SUMS = ("squared_sum", "sum", "residual", "count")


@METRICS.add()
class R2Score(Metric):
    """R^2 = 1 - sum((t - p)^2) / sum((t - mean(t))^2), by columns.

    Where targets do not vary, it is 0.

    Args:
        class_aggregation: What becomes of the columns: None keeps them,
            "uniform_average" takes their mean, "variance_weighted_average" their mean
            by the variance of the targets.
        num_regressors: Number p of inputs to adjust for: the score is then
            1 - (1 - R^2) (n - 1) / (n - p - 1), where there are enough samples. As in
            Keras n is the number of targets, over all columns.
        name: Name of the metric.
        dtype: Dtype of the state.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> metric = R2Score()
        >>> round(float(metric([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])), 4)
        0.5714
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        if class_aggregation is not None and class_aggregation not in AGGREGATIONS:
            kind = "class_aggregation"
            raise ValueError(unknown_name(kind, class_aggregation, AGGREGATIONS))
        if num_regressors < 0:
            raise ValueError(
                explain(
                    f"Metric '{self.name}' cannot use this num_regressors.",
                    got=num_regressors,
                    expected="0 or more",
                )
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_weight(name="num_samples")
        self._sums: list[Variable] = []

    def create_variables(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Make the variables, one number per column."""
        size = y_pred_shape[1] if len(y_pred_shape) == 2 else None
        if size is None:
            raise ShapeError(
                explain(
                    f"Metric '{self.name}' needs columns.",
                    got=f"y_pred of shape {tuple(y_pred_shape)}",
                    expected="shape (batch, columns)",
                    fix="reshape both to (batch, 1)",
                )
            )
        if self._sums:
            return
        for name in _SUMS:
            setattr(self, name, self.add_weight(shape=(size,), name=name))
        self._sums = [getattr(self, name) for name in _SUMS]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: Targets, shape (batch, columns).
            y_pred: Predictions, the same shape.
            sample_weight: One per sample, or one per prediction.

        Raises:
            ShapeError: The shapes do not fit.
        """
        y_true, y_pred, weight = prepare(
            y_true, y_pred, sample_weight, self.dtype, self.name
        )
        self.create_variables(tuple(y_true.shape), tuple(y_pred.shape))
        weight = ops.ones_like(y_true) if weight is None else weight
        weight = ops.broadcast_to(weight, tuple(y_true.shape))
        weighted = y_true * weight
        residual = ops.square(y_true - y_pred) * weight
        parts = (weighted * y_true, weighted, residual, weight)
        for variable, part in zip(self._sums, parts, strict=True):
            variable.assign_add(ops.sum(part, axis=0))
        self.num_samples.assign_add(float(math.prod(y_true.shape)))

    def result(self) -> Any:
        """Return the score, shape () or (columns,); 0 before any update."""
        if not self._sums:
            return ops.zeros((), self.dtype)
        squares, total, residual, count = (v.value for v in self._sums)
        variance = squares - total * divide_no_nan(total, count)
        varies = ops.cast(ops.not_equal(variance, 0), self.dtype)
        scores = (1.0 - divide_no_nan(residual, variance)) * varies
        if self.class_aggregation == "uniform_average":
            scores = ops.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = divide_no_nan(ops.sum(scores * variance), ops.sum(variance))
        return self._adjusted(scores) if self.num_regressors else scores

    def _adjusted(self, scores: Any) -> Any:
        """Return scores adjusted for the regressors, unless samples are too few."""
        rest = self.num_samples.value - 1.0
        free = rest - self.num_regressors
        adjusted = 1.0 - (1.0 - scores) * divide_no_nan(rest, free)
        return ops.where(ops.greater(free, 0), adjusted, scores)
