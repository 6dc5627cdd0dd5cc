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
from kerasish.metrics.directories import FUNCTIONS, METRICS
from kerasish.metrics.reduction import Mean, MeanMetricWrapper


@METRICS.add("mse", "MSE")
class MeanSquaredError(MeanMetricWrapper):
    """Mean of squared differences.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


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


@METRICS.add("mae", "MAE")
class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of absolute differences.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


@METRICS.add("mape", "MAPE")
class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Mean of absolute differences as percentages of the targets.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    def __init__(
        self, name: str = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


@METRICS.add("msle", "MSLE")
class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean of squared differences of log(1 + value).

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    def __init__(
        self, name: str = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


@METRICS.add()
class LogCoshError(MeanMetricWrapper):
    """Mean of log(cosh(y_pred - y_true)).

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name, dtype)


@FUNCTIONS.add()
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


@METRICS.add()
class CosineSimilarity(MeanMetricWrapper):
    """Mean cosine of the angle between targets and predictions.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
        axis: The axis along which the vectors lie.
    """

    # Keras forgets `axis` when it saves; we write it where it matters
    config_if_changed: ClassVar[dict[str, Any]] = {"axis": -1}

    def __init__(
        self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


@METRICS.add("bce", "BCE")
class BinaryCrossentropy(MeanMetricWrapper):
    """Mean crossentropy of yes-or-no targets.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
        from_logits: Whether predictions are logits rather than probabilities.
        label_smoothing: How far targets are drawn towards 0.5, in [0, 1].
    """

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            _binary_crossentropy_at_one_rank,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


def _binary_crossentropy_at_one_rank(y_true: Any, y_pred: Any, **kwargs: Any) -> Any:
    y_true, y_pred = match_ranks(y_true, y_pred)
    return binary_crossentropy(y_true, y_pred, **kwargs)


@METRICS.add()
class CategoricalCrossentropy(MeanMetricWrapper):
    """Mean crossentropy of one-hot targets.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
        from_logits: Whether predictions are logits rather than probabilities.
        label_smoothing: How far targets are drawn towards 1 / classes, in [0, 1].
        axis: The axis of the classes.
    """

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@METRICS.add()
class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Mean crossentropy of whole-number class labels.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
        from_logits: Whether predictions are logits rather than probabilities.
        ignore_class: A class number whose samples add nothing. As in Keras they still
            count as samples, unless there are sample weights.
        axis: The axis of the classes.
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.ignore_class = ignore_class

    def _weight(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        if sample_weight is None or self.ignore_class is None:
            return sample_weight
        valid = ops.not_equal(class_numbers(y_true, y_pred), self.ignore_class)
        weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        weight = fit_weight(weight, tuple(valid.shape), self.name)
        return weight * ops.cast(valid, self.dtype)


@METRICS.add()
class KLDivergence(MeanMetricWrapper):
    """Mean Kullback-Leibler divergence.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    def __init__(self, name: str = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(kl_divergence, name, dtype)


@METRICS.add()
class Poisson(MeanMetricWrapper):
    """Mean of y_pred - y_true log(y_pred + epsilon).

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    def __init__(self, name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, name, dtype)


@METRICS.add()
class Hinge(MeanMetricWrapper):
    """Mean of max(1 - y_true y_pred, 0).

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


@METRICS.add()
class SquaredHinge(MeanMetricWrapper):
    """Mean of max(1 - y_true y_pred, 0)^2.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)


@METRICS.add()
class CategoricalHinge(MeanMetricWrapper):
    """Mean distance by which the best wrong class comes within 1 of the right one.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.
    """

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name, dtype)
