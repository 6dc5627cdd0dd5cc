"""The base of callbacks that watch one metric: is a value better than the best so far?

Whether small or large is better is found at the first look, when the model is compiled
and built. A metric says it by `_direction`, "up" or "down"; a loss is always "down".
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kerasish.callbacks.base import Callback
from kerasish.errors import explain


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
        mode = self.mode if self.mode != "auto" else self._mode_of_metric()
        self.monitor_op = operator.lt if mode == "min" else operator.gt
        if mode == "min":
            self.min_delta = -self.min_delta

    def _mode_of_metric(self) -> str:
        name = self.monitor.removeprefix("val_")
        metrics = list(_flatten(getattr(self.model, "metrics", None) or ()))
        mode = _MODES.get(_direction(name, metrics))
        if mode is not None:
            return mode
        raise ValueError(
            explain(
                f"{type(self).__name__} callback received monitor={self.monitor}, but "
                "it cannot be told whether that metric should be maximized or "
                "minimized.",
                got=f"a model with the metrics {[m.name for m in metrics]}",
                expected="the loss, or a metric that knows which values are better",
                fix="pass `mode='max'` if higher is better, else `mode='min'`",
            )
        )

    def _is_improvement(self, monitor_value: Any, reference_value: Any) -> bool:
        """Return whether a value beats a reference by more than `min_delta`."""
        if reference_value is None:
            return True
        assert self.monitor_op is not None
        return bool(self.monitor_op(monitor_value - self.min_delta, reference_value))


_MODES = {"up": "max", "down": "min"}


def _flatten(metrics: Iterable[Any]) -> Iterator[Any]:
    """Yield the metrics, and those that they hold."""
    for metric in metrics:
        yield metric
        yield from _flatten(getattr(metric, "metrics", None) or ())


def _direction(name: str, metrics: list[Any]) -> Any:
    """Return "up", "down", or None if the metric is unknown or does not say."""
    if name == "loss":
        return "down"
    directions = {m.name: getattr(m, "_direction", None) for m in metrics}
    if name in directions:
        return directions[name]
    # With several outputs, logs have the output's name before the metric's.
    if name.endswith("_loss"):
        return "down"
    endings = [known for known in directions if name.endswith(f"_{known}")]
    return directions[max(endings, key=len)] if endings else None
