"""Running sums and means, and the mean of any function: the base of most metrics.

Written in few operations, for `update_state` runs inside the training step: a mean
costs one sum and two additions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.graph.masks import get_mask
from kerasish.losses.inputs import divide_no_nan, match_ranks
from kerasish.metrics.base import Metric
from kerasish.metrics.directories import FUNCTIONS, METRICS


@METRICS.add()
class Sum(Metric):
    """The weighted sum of all values seen.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.

    Example:
        >>> float(Sum()([1.0, 3.0, 5.0]))
        9.0
    """

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_weight(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values.

        Args:
            values: Numbers of any shape.
            sample_weight: Factors: one per value, or one per entry of leading axes.
        """
        values = ops.convert_to_tensor(values, dtype=self.dtype)
        if sample_weight is not None:
            values, weight = _matched(values, sample_weight, ops.sum, self)
            values = values * weight
        self.total.assign_add(ops.sum(values))

    def result(self) -> Any:
        """Return the sum, shape ()."""
        return self.total.value


@METRICS.add()
class Mean(Metric):
    """The weighted mean of all values seen, sample by sample.

    The values of one sample (all axes but the first) are averaged first, so each sample
    counts once however many values it has.

    Args:
        name: Name of the metric.
        dtype: Dtype of the state.

    Example:
        >>> float(Mean()([1.0, 3.0, 5.0], sample_weight=[1.0, 0.0, 1.0]))
        3.0
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_weight(name="total")
        self.count = self.add_weight(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take values into account.

        Args:
            values: Numbers of any shape, samples along axis 0.
            sample_weight: Factors: one per value, or one per entry of leading axes.
        """
        values = ops.convert_to_tensor(values, dtype=self.dtype)
        if sample_weight is None:
            size = float(math.prod(values.shape[:1]))
        else:
            values, weight = _matched(values, sample_weight, ops.mean, self)
            values = values * weight
            # a weight that is broadcast counts as often as it is repeated
            samples = math.prod(values.shape[:1])
            size = _scaled(ops.sum(weight), samples / max(math.prod(weight.shape), 1))
        share = 1.0 / max(math.prod(values.shape[1:]), 1)
        total = ops.sum(values) if values.shape else values
        self.total.assign_add(_scaled(total, share))
        self.count.assign_add(size)

    def result(self) -> Any:
        """Return the mean, shape (); 0 before any value."""
        return divide_no_nan(self.total, self.count)


def _scaled(x: Any, factor: float) -> Any:
    return x if factor == 1.0 else x * factor


def _matched(
    values: Any, sample_weight: Any, reduce: Callable[..., Any], metric: Metric
) -> tuple[Any, Any]:
    """Return values and weights at one rank, values reduced to the weights' axes."""
    weight = ops.convert_to_tensor(sample_weight, dtype=metric.dtype)
    values, weight = match_ranks(values, weight)
    surplus = tuple(range(len(weight.shape), len(values.shape)))
    if surplus:
        values = reduce(values, axis=surplus)
    shapes = tuple(weight.shape), tuple(values.shape)
    require_weights_fit(*shapes, metric.name)
    return values, weight


def require_weights_fit(
    weight: tuple[int, ...], values: tuple[int, ...], name: str
) -> None:
    """Raise unless weights of this shape can be repeated to the shape of the values.

    Args:
        weight: Shape of the weights.
        values: Shape of the values, of the same rank.
        name: Name of the metric.

    Raises:
        ShapeError: They cannot.
    """
    if len(weight) == len(values) and all(
        w in (1, v) for w, v in zip(weight, values, strict=True)
    ):
        return
    raise ShapeError(
        explain(
            f"Metric '{name}' cannot use this sample_weight.",
            got=f"sample_weight of shape {weight} for values of shape {values}",
            expected="one weight per sample, or one per value",
            fix=f"give weights of shape {values[:1]}",
        )
    )


@METRICS.add()
class MeanMetricWrapper(Mean):
    """The running mean of a function `fn(y_true, y_pred, **kwargs)`.

    Args:
        fn: Function of targets and predictions, with one value per sample or more.
        name: Name of the metric; the class's name in snake case by default.
        dtype: Dtype of the state.
        **kwargs: Further arguments of `fn`.

    Example:
        >>> from kerasish.losses.regression import mean_squared_error
        >>> metric = MeanMetricWrapper(mean_squared_error, name="mse")
        >>> float(metric([[0.0], [2.0]], [[0.0], [0.0]]))
        2.0
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype)  # type: ignore[arg-type]
        self.fn = fn
        self.fn_arguments = kwargs

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Take a batch into account.

        Args:
            y_true: Targets.
            y_pred: Predictions; where they carry a mask, only what it keeps counts.
            sample_weight: Factors: one per sample, or one per value of the function.

        Raises:
            ShapeError: The shapes do not fit.
        """
        mask = get_mask(y_pred)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        keeps_dtype = getattr(self.fn, "takes_class_numbers", False)
        y_true = ops.convert_to_tensor(
            y_true, dtype=None if keeps_dtype else self.dtype
        )
        values = self.fn(y_true, y_pred, **self.fn_arguments)
        weight = self._weight(y_true, y_pred, sample_weight)
        super().update_state(values, _masked(mask, weight, self.dtype))

    def _weight(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        """Return the weights to use; a place for metrics that leave samples out."""
        return sample_weight

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name, the function as files hold it."""
        config = super().get_config()
        if "fn" in config:
            config["fn"] = _stored_function(config["fn"])
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new metric made from what `get_config` returned."""
        if "fn" in config:
            config = {**config, "fn": FUNCTIONS.deserialize(config["fn"])}
        return cls(**config)


def _masked(mask: Any, sample_weight: Any, dtype: str) -> Any:
    """Return weights that are 0 where a mask leaves a value out."""
    if mask is None:
        return sample_weight
    kept = ops.cast(mask, dtype)
    if sample_weight is None:
        return kept
    weight = ops.convert_to_tensor(sample_weight, dtype=dtype)
    weight, kept = match_ranks(weight, kept)
    return weight * kept


def _stored_function(fn: Any) -> Any:
    """Return a function as Keras stores it here: a config even if it is built in."""
    stored = FUNCTIONS.serialize(fn)
    if not isinstance(stored, str):
        return stored
    return {
        "module": "builtins",
        "class_name": "function",
        "config": stored,
        "registered_name": "function",
    }
