"""Metrics of the confusion matrix: the four counts, precision and recall.

Each keeps one number per threshold, and answers with a number or, for several
thresholds, a vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish.losses.inputs import divide_no_nan
from kerasish.metrics.base import Metric
from kerasish.metrics.counts import (
    Counts,
    count_confusion,
    keep_top_k,
    one_class,
    parse_thresholds,
    prepare,
)
from kerasish.metrics.directories import METRICS

Thresholds = float | Sequence[float] | None
_BELOW_ALL = -1e10  # Keras's default threshold once `top_k` chooses the positives


def _one_or_all(values: Any, thresholds: Sequence[float]) -> Any:
    return values[0] if len(thresholds) == 1 else values


class _Thresholded(Metric):
    """A metric at thresholds; its config holds them as they were given."""

    def __init__(self, thresholds: Thresholds, name: str | None, dtype: Any) -> None:
        super().__init__(dtype=dtype, name=name)
        self.init_thresholds = thresholds
        self.thresholds = parse_thresholds(thresholds)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class _Count(_Thresholded):
    """The running count of one cell of the confusion matrix."""

    cell: ClassVar[str]

    def __init__(
        self, thresholds: Thresholds = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(thresholds, name, dtype)
        size = len(self.thresholds)
        self.accumulator = self.add_weight(shape=(size,), name="accumulator")

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
        counts = count_confusion(y_true, y_pred, self.thresholds, weight)
        self.accumulator.assign_add(getattr(counts, self.cell))

    def result(self) -> Any:
        """Return the count, shape () or (thresholds,)."""
        return _one_or_all(self.accumulator.value, self.thresholds)


@METRICS.add()
class TruePositives(_Count):
    """How many positives are predicted as such.

    Args:
        thresholds: A prediction above one is positive; one or several in [0, 1], 0.5 by
            default.
        name: Name of the metric.
        dtype: Dtype of the state.

    Example:
        >>> float(TruePositives()([0, 1, 1, 1], [1.0, 0.0, 0.9, 0.8]))
        2.0
    """

    cell = "true_positives"


@METRICS.add()
class TrueNegatives(_Count):
    """How many negatives are predicted as such.

    Args:
        thresholds: A prediction above one is positive; 0.5 by default.
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    cell = "true_negatives"


@METRICS.add()
class FalsePositives(_Count):
    """How many negatives are predicted as positives.

    Args:
        thresholds: A prediction above one is positive; 0.5 by default.
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    cell = "false_positives"


@METRICS.add()
class FalseNegatives(_Count):
    """How many positives are predicted as negatives.

    Args:
        thresholds: A prediction above one is positive; 0.5 by default.
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    cell = "false_negatives"


class _Ratio(_Thresholded):
    """True positives as a share of them and of one kind of error."""

    error: ClassVar[str]

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, name, dtype)
        self.top_k = top_k
        self.class_id = class_id
        if thresholds is None and top_k is not None:
            self.thresholds = [_BELOW_ALL]
        size = len(self.thresholds)
        self.true_positives = self.add_weight(shape=(size,), name="true_positives")
        self._errors = self.add_weight(shape=(size,), name=self.error)
        setattr(self, self.error, self._errors)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: Targets of 0 and 1.
            y_pred: Probabilities, the same shape.
            sample_weight: One per sample, or one per prediction.

        Raises:
            ShapeError: The shapes do not fit.
        """
        counts = self._counts(y_true, y_pred, sample_weight)
        self.true_positives.assign_add(counts.true_positives)
        self._errors.assign_add(getattr(counts, self.error))

    def _counts(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Counts:
        y_true, y_pred, weight = prepare(
            y_true, y_pred, sample_weight, self.dtype, self.name
        )
        if self.top_k is not None:
            y_pred = keep_top_k(y_pred, self.top_k, self.name)
        y_true, y_pred, weight = one_class(
            y_true, y_pred, weight, self.class_id, self.name
        )
        return count_confusion(y_true, y_pred, self.thresholds, weight)

    def result(self) -> Any:
        """Return the share, shape () or (thresholds,); 0 where nothing was counted."""
        hits = self.true_positives.value
        share = divide_no_nan(hits, hits + self._errors)
        return _one_or_all(share, self.thresholds)


@METRICS.add()
class Precision(_Ratio):
    """Which share of the positive predictions is right: tp / (tp + fp).

    Args:
        thresholds: A prediction above one is positive; one or several in [0, 1], 0.5 by
            default.
        top_k: If given, only the k largest predictions of a row can be positive.
        class_id: If given, only this class (column) is looked at.
        name: Name of the metric.
        dtype: Dtype of the state.

    Example:
        >>> float(Precision()([0, 1, 1, 1], [1.0, 0.0, 0.9, 0.8])) # doctest: +ELLIPSIS
        0.666...
    """

    error = "false_positives"


@METRICS.add()
class Recall(_Ratio):
    """Which share of the positives is found: tp / (tp + fn).

    Args:
        thresholds: A prediction above one is positive; one or several in [0, 1], 0.5 by
            default.
        top_k: If given, only the k largest predictions of a row can be positive.
        class_id: If given, only this class (column) is looked at.
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    error = "false_negatives"
