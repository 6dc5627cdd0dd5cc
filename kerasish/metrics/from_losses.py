"""Running means of the loss functions: errors, crossentropies, hinges, divergences.

Each is a loss of the same name (`kerasish.losses`), averaged over all samples seen.
"""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops
from kerasish.losses.hinge import categorical_hinge, hinge, squared_hinge
from kerasish.losses.inputs import divide_no_nan, elementwise_pair, match_ranks
from kerasish.losses.probabilistic import (
    binary_crossentropy,
    categorical_crossentropy,
    class_numbers,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from kerasish.losses.regression import (
    cosine_similarity as minus_cosine,
)
from kerasish.losses.regression import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from kerasish.metrics.counts import fit_weight
from kerasish.metrics.declare import FunctionMean, mean_of
from kerasish.metrics.directories import METRICS
from kerasish.metrics.reduction import Mean


@mean_of(mean_squared_error, "mse", "MSE")
class MeanSquaredError(FunctionMean):
    """Mean of squared differences."""


@METRICS.add()
class RootMeanSquaredError(Mean):
    """Square root of the mean of squared differences.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.

    Example:
        >>> float(RootMeanSquaredError()([[0.0], [0.0]], [[2.0], [2.0]]))
        2.0
    """

    def __init__(
        self, name: str = "root_mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(name, dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Take a batch into account.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: Factors of the squared differences.
        """
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        y_true, y_pred = elementwise_pair(y_true, y_pred, f"Metric '{self.name}'")
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self) -> Any:
        """Return the root of the mean, shape ()."""
        return ops.sqrt(divide_no_nan(self.total, self.count))


@mean_of(mean_absolute_error, "mae", "MAE")
class MeanAbsoluteError(FunctionMean):
    """Mean of absolute differences."""


@mean_of(mean_absolute_percentage_error, "mape", "MAPE")
class MeanAbsolutePercentageError(FunctionMean):
    """Mean of absolute differences as percentages of the targets."""


@mean_of(mean_squared_logarithmic_error, "msle", "MSLE")
class MeanSquaredLogarithmicError(FunctionMean):
    """Mean of squared differences of log(1 + value)."""


@mean_of(log_cosh, name="logcosh")
class LogCoshError(FunctionMean):
    """Mean of log(cosh(y_pred - y_true))."""


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return the cosine of the angle between targets and predictions.

    Args:
        y_true: Targets, shape (batch, ..., d).
        y_pred: Predictions, the same shape.
        axis: The axis along which the vectors lie.

    Returns:
        The shape without `axis`; 1 for equal directions (the loss of this name is -1).
    """
    return -minus_cosine(y_true, y_pred, axis=axis)


@mean_of(cosine_similarity)
class CosineSimilarity(FunctionMean):
    """Mean cosine of the angle between targets and predictions."""

    # Keras forgets `axis` when it saves; we write it where it matters
    config_if_changed: ClassVar[dict[str, Any]] = {"axis": -1}


@mean_of(
    binary_crossentropy, "bce", "BCE", order="name dtype from_logits label_smoothing"
)
class BinaryCrossentropy(FunctionMean):
    """Mean crossentropy of yes-or-no targets."""

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Take a batch into account; a vector of targets may meet a column.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: Factors: one per sample.
        """
        pair = match_ranks(*map(ops.convert_to_tensor, (y_true, y_pred)))
        super().update_state(*pair, sample_weight)


@mean_of(categorical_crossentropy)
class CategoricalCrossentropy(FunctionMean):
    """Mean crossentropy of one-hot targets."""


@mean_of(sparse_categorical_crossentropy)
class SparseCategoricalCrossentropy(FunctionMean):
    """Mean crossentropy of whole-number class labels.

    Args:
        ignore_class: A class number whose samples add nothing. As in Keras they still
            count as samples, unless there are sample weights.
    """

    ignore_class: int | None

    def _weight(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        if sample_weight is None or self.ignore_class is None:
            return sample_weight
        valid = ops.not_equal(class_numbers(y_true, y_pred), self.ignore_class)
        weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        weight = fit_weight(weight, tuple(valid.shape), self.name)
        return weight * ops.cast(valid, self.dtype)


@mean_of(kl_divergence)
class KLDivergence(FunctionMean):
    """Mean Kullback-Leibler divergence."""


@mean_of(poisson)
class Poisson(FunctionMean):
    """Mean of y_pred - y_true log(y_pred + epsilon)."""


@mean_of(hinge)
class Hinge(FunctionMean):
    """Mean of max(1 - y_true y_pred, 0)."""


@mean_of(squared_hinge)
class SquaredHinge(FunctionMean):
    """Mean of max(1 - y_true y_pred, 0)^2."""


@mean_of(categorical_hinge)
class CategoricalHinge(FunctionMean):
    """Mean distance by which the best wrong class comes within 1 of the right one."""
