"""The best of one rate where another is high enough: recall at precision, and the like.

The four counts at evenly spread thresholds are kept. Of the thresholds at which the
bounded rate reaches its bound, the one with the best other rate is reported.
"""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.memory_limit import claim
from kerasish.losses.inputs import divide_no_nan
from kerasish.metrics.counts import (
    CountingMetric,
    Counts,
    count_confusion,
    one_class,
    prepare,
)
from kerasish.metrics.directories import METRICS


def _precision(counts: Counts) -> Any:
    return divide_no_nan(
        counts.true_positives, counts.true_positives + counts.false_positives
    )


def _recall(counts: Counts) -> Any:
    return divide_no_nan(
        counts.true_positives, counts.true_positives + counts.false_negatives
    )


def _specificity(counts: Counts) -> Any:
    return divide_no_nan(
        counts.true_negatives, counts.true_negatives + counts.false_positives
    )


_RATES = {
    "precision": _precision,
    "recall": _recall,
    "sensitivity": _recall,
    "specificity": _specificity,
}


class _BestAt(CountingMetric):
    """The best `sought` rate where the `bounded` one is at least `bound`."""

    sought: ClassVar[str]
    bounded: ClassVar[str]

    def __init__(
        self,
        bound: float,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: Any,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        if not 0 <= bound <= 1:
            raise ValueError(
                explain(
                    f"Metric '{self.name}' cannot use this {self.bounded}.",
                    got=f"{self.bounded}={bound}",
                    expected="a number in [0, 1]",
                )
            )
        self._bound = bound
        self.class_id = class_id
        self.num_thresholds = num_thresholds
        self.thresholds = self._spread(num_thresholds)
        self._make_cells((num_thresholds,))

    def _spread(self, count: int) -> list[float]:
        if count < 1:
            raise ValueError(
                explain(
                    f"Metric '{self.name}' needs thresholds.",
                    got=f"num_thresholds={count}",
                    expected="a whole number, 1 or more",
                )
            )
        claim((count, 4), "float64", keep=False)
        return [0.5] if count == 1 else [i / (count - 1) for i in range(count)]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: Targets of 0 and 1.
            y_pred: Probabilities, the same shape.
            sample_weight: One per sample, or one per prediction.

        Raises:
            ShapeError: The shapes do not fit.
        """
        y_true, y_pred, weight = prepare(
            y_true, y_pred, sample_weight, self.dtype, self.name
        )
        y_true, y_pred, weight = one_class(
            y_true, y_pred, weight, self.class_id, self.name
        )
        self._add_counts(count_confusion(y_true, y_pred, self.thresholds, weight))

    def result(self) -> Any:
        """Return the best rate, shape (); 0 where no threshold reaches the bound."""
        counts = self._counted()
        reached = ops.greater_equal(_RATES[self.bounded](counts), self._bound)
        rates = _RATES[self.sought](counts)
        return ops.max(rates * ops.cast(reached, rates.dtype))


@METRICS.add()
class PrecisionAtRecall(_BestAt):
    """The best precision at which the recall is at least a given one.

    Args:
        recall: The recall to be reached, in [0, 1].
        num_thresholds: How many thresholds are tried, evenly spread over [0, 1].
        class_id: If given, only this class (column) is looked at.
        name: Name of the metric.
        dtype: Dtype of the state.

    Raises:
        ValueError: A number is out of its range.

    Example:
        >>> metric = PrecisionAtRecall(0.5)
        >>> float(metric([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    sought, bounded = "precision", "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall


@METRICS.add()
class RecallAtPrecision(_BestAt):
    """The best recall at which the precision is at least a given one.

    Args:
        precision: The precision to be reached, in [0, 1].
        num_thresholds: How many thresholds are tried, evenly spread over [0, 1].
        class_id: If given, only this class (column) is looked at.
        name: Name of the metric.
        dtype: Dtype of the state.

    Raises:
        ValueError: A number is out of its range.
    """

    sought, bounded = "recall", "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision


@METRICS.add()
class SensitivityAtSpecificity(_BestAt):
    """The best share of positives found where enough negatives are recognised.

    Args:
        specificity: The share of the negatives to be recognised, in [0, 1].
        num_thresholds: How many thresholds are tried, evenly spread over [0, 1].
        class_id: If given, only this class (column) is looked at.
        name: Name of the metric.
        dtype: Dtype of the state.

    Raises:
        ValueError: A number is out of its range.
    """

    sought, bounded = "sensitivity", "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity


@METRICS.add()
class SpecificityAtSensitivity(_BestAt):
    """The best share of negatives recognised where enough positives are found.

    Args:
        sensitivity: The share of the positives to be found, in [0, 1].
        num_thresholds: How many thresholds are tried, evenly spread over [0, 1].
        class_id: If given, only this class (column) is looked at.
        name: Name of the metric.
        dtype: Dtype of the state.

    Raises:
        ValueError: A number is out of its range.
    """

    sought, bounded = "specificity", "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity
