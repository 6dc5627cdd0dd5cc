"""The base of callbacks that watch one metric: is a value better than the best so far?

Whether small or large is better is found at the first look, when the model is compiled
and built. Of Keras's metrics it is known by class; a metric of one's own may say it by
an attribute `_direction`, "up" or "down", as in Keras. Values are compared in float32,
the precision they were computed in: a change of just `min_delta` is judged as in Keras.
"""

from __future__ import annotations

import ctypes
import operator
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kerasish.callbacks.base import Callback
from kerasish.errors import explain

HIGHER_IS_BETTER = frozenset(
    {
        "AUC",
        "Accuracy",
        "BinaryAccuracy",
        "BinaryIoU",
        "CategoricalAccuracy",
        "ConcordanceCorrelation",
        "CosineSimilarity",
        "F1Score",
        "FBetaScore",
        "IoU",
        "MeanIoU",
        "OneHotIoU",
        "OneHotMeanIoU",
        "PearsonCorrelation",
        "Precision",
        "PrecisionAtRecall",
        "R2Score",
        "Recall",
        "RecallAtPrecision",
        "SensitivityAtSpecificity",
        "SparseCategoricalAccuracy",
        "SparseTopKCategoricalAccuracy",
        "SpecificityAtSensitivity",
        "TopKCategoricalAccuracy",
    }
)
LOWER_IS_BETTER = frozenset(
    {
        "BinaryCrossentropy",
        "CategoricalCrossentropy",
        "CategoricalHinge",
        "Hinge",
        "KLDivergence",
        "LogCoshError",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "MeanSquaredError",
        "MeanSquaredLogarithmicError",
        "Poisson",
        "RootMeanSquaredError",
        "SparseCategoricalCrossentropy",
        "SquaredHinge",
    }
)


class MonitorCallback(Callback):
    """A callback that watches one metric.

    Args:
        monitor: Name of the metric in the logs.
        mode: "min" or "max": what is better; "auto" takes it from the metric.
        initial_value_threshold: Value that the first one has to beat.
        min_delta: Least change that counts as better; its sign does not matter.

    Attributes:
        best: Best value so far, None before the first.
        monitor_op: Comparison of a value with a reference, None before the first look.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        initial_value_threshold: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__} mode '{mode}' is unknown, "
                "fallback to auto mode.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = initial_value_threshold
        self.min_delta = abs(min_delta)
        self.monitor_op: Callable[[Any, Any], bool] | None = None

    def _set_monitor_op(self) -> None:
        """Find out, once, whether small or large is better.

        Raises:
            ValueError: `mode` is "auto" and the metric does not say it.
        """
        if self.monitor_op is not None:
            return
        mode = self.mode if self.mode != "auto" else self._resolve_mode()
        self.monitor_op = operator.lt if mode == "min" else operator.gt
        if mode == "min":
            self.min_delta = -self.min_delta

    def _resolve_mode(self) -> str:
        name = self.monitor.removeprefix("val_")
        metrics = list(_flatten(getattr(self.model, "metrics", None) or ()))
        mode = _mode_of(name, metrics)
        if mode is not None:
            return mode
        known = [m.name for m in metrics if hasattr(m, "name")]
        raise ValueError(
            explain(
                f"{type(self).__name__} callback received monitor={self.monitor}, but "
                "it cannot be told whether that metric should be maximized or "
                "minimized.",
                got=f"a model with the metrics {known}",
                expected="the loss, or a metric that knows which values are better",
                fix="pass `mode='max'` if higher is better, else `mode='min'`",
            )
        )

    def _is_improvement(self, monitor_value: Any, reference_value: Any) -> bool:
        """Return whether a value beats a reference by more than `min_delta`."""
        if reference_value is None:
            return True
        assert self.monitor_op is not None
        least = as_float32(monitor_value - self.min_delta)
        return self.monitor_op(least, as_float32(reference_value))


def as_float32(value: Any) -> float:
    """Return a number rounded to float32; beyond its range, infinity."""
    return ctypes.c_float(value).value


def _flatten(metrics: Iterable[Any]) -> Iterator[Any]:
    """Yield the metrics, and those that they hold."""
    for metric in metrics:
        yield metric
        yield from _flatten(getattr(metric, "metrics", None) or ())


def _mode_of(name: str, metrics: list[Any]) -> str | None:
    """Return "min", "max", or None if the metric is unknown or does not say."""
    if name == "loss":
        return "min"
    modes = {m.name: _mode_of_metric(m) for m in metrics if hasattr(m, "name")}
    if name in modes:
        return modes[name]
    # With several outputs, logs have the output's name before the metric's.
    if name.endswith("_loss"):
        return "min"
    endings = [known for known in modes if name.endswith(f"_{known}")]
    return modes[max(endings, key=len)] if endings else None


def _mode_of_metric(metric: Any) -> str | None:
    direction = getattr(metric, "_direction", None)
    classes = {cls.__name__ for cls in type(metric).__mro__}
    if direction == "up" or (direction is None and classes & HIGHER_IS_BETTER):
        return "max"
    if direction == "down" or (direction is None and classes & LOWER_IS_BETTER):
        return "min"
    return None
