"""F scores: precision and recall in one number, per class or averaged."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.variable import Variable
from kerasish.losses.inputs import Shape
from kerasish.metrics.base import Metric
from kerasish.metrics.counts import prepare
from kerasish.metrics.directories import METRICS

AVERAGES = ("micro", "macro", "weighted")
_CELLS = ("true_positives", "false_positives", "false_negatives")


@METRICS.add()
class FBetaScore(Metric):
    """Weighted harmonic mean (1 + b^2) P R / (b^2 P + R) of precision and recall.

    Args:
        average: What becomes of the scores of the classes: None keeps them, "micro"
            counts over all classes, "macro" takes their mean, "weighted" their mean by
            the number of true samples.
        beta: How many times recall counts for more than precision, b.
        threshold: Predictions above it are positive; None takes the largest of a row.
        name: Name of the metric.
        dtype: Dtype of the state.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> metric = FBetaScore(average="macro", beta=2.0, threshold=0.5)
        >>> round(float(metric([[1, 0], [0, 1]], [[0.9, 0.6], [0.2, 0.7]])), 3)
        0.917
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        if average is not None and average not in AVERAGES:
            raise ValueError(unknown_name("average", average, AVERAGES))
        self.average = average
        self.beta = _positive("beta", beta, float("inf"))
        if threshold is not None:
            threshold = _positive("threshold", threshold, 1.0)
        self.threshold = threshold
        self._cells: list[Variable] = []

    def create_variables(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Make the variables, one number per class."""
        size = y_pred_shape[1] if len(y_pred_shape) == 2 else None
        if size is None:
            raise ShapeError(
                explain(
                    f"Metric '{self.name}' needs one column per class.",
                    got=f"y_pred of shape {tuple(y_pred_shape)}",
                    expected="shape (batch, classes)",
                )
            )
        if self._cells:
            return
        shape = () if self.average == "micro" else (size,)
        for name in (*_CELLS, "intermediate_weights"):
            setattr(self, name, self.add_weight(shape=shape, name=name))
        self._cells = [getattr(self, name) for name in _CELLS]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: Targets of 0 and 1, shape (batch, classes).
            y_pred: Probabilities, the same shape.
            sample_weight: One per sample, or one per prediction.

        Raises:
            ShapeError: The shapes do not fit.
        """
        y_true, y_pred, weight = prepare(
            y_true, y_pred, sample_weight, self.dtype, self.name
        )
        self.create_variables(tuple(y_true.shape), tuple(y_pred.shape))
        found = ops.cast(self._chosen(y_pred), self.dtype)
        counts = (found * y_true, found * (1.0 - y_true), (1.0 - found) * y_true)
        variables = [*self._cells, self.intermediate_weights]
        for variable, count in zip(variables, (*counts, y_true), strict=True):
            values = count if weight is None else count * weight
            axis = None if self.average == "micro" else 0
            variable.assign_add(ops.sum(values, axis=axis))

    def _chosen(self, y_pred: Any) -> Any:
        if self.threshold is not None:
            return ops.greater(y_pred, self.threshold)
        best = ops.greater_equal(y_pred, ops.max(y_pred, axis=-1, keepdims=True))
        # as in Keras, a row of zeros chooses nothing
        return ops.logical_and(best, ops.greater(ops.absolute(y_pred), 1e-9))

    def result(self) -> Any:
        """Return the score, shape () or (classes,); 0 before any update."""
        if not self._cells:
            return ops.zeros((), self.dtype)
        hits, alarms, misses = self._cells
        precision = ops.divide(hits, ops.add(ops.add(hits, alarms), epsilon()))
        recall = ops.divide(hits, ops.add(ops.add(hits, misses), epsilon()))
        square = self.beta**2
        common = (1.0 + square) * precision * recall
        scores = common / (square * precision + recall + epsilon())
        if self.average == "macro":
            return ops.mean(scores)
        if self.average == "weighted":
            counts = self.intermediate_weights.value
            return ops.sum(scores * (counts / (ops.sum(counts) + epsilon())))
        return scores


def _positive(name: str, value: float, limit: float) -> float:
    if not 0 < value <= limit:
        expected = "a positive number" if limit > 1 else "a number in (0, 1]"
        raise ValueError(
            explain(f"This {name} cannot be used.", got=value, expected=expected)
        )
    return float(value)


@METRICS.add()
class F1Score(FBetaScore):
    """Harmonic mean 2 P R / (P + R) of precision and recall.

    Args:
        average: What becomes of the scores of the classes, as for `FBetaScore`.
        threshold: Predictions above it are positive; None takes the largest of a row.
        name: Name of the metric.
        dtype: Dtype of the state.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
