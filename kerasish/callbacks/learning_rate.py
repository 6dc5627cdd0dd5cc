"""Callbacks that set the learning rate: by a schedule, or when a metric stands still.

Both write the rate of the epoch into its logs, as `learning_rate`.
"""

from __future__ import annotations

import inspect
import numbers
import warnings
from collections.abc import Callable
from typing import Any

from kerasish.callbacks.base import Callback, Logs
from kerasish.callbacks.monitor import MonitorCallback, as_float32
from kerasish.errors import explain, unknown_name
from kerasish.utils import io


def current_learning_rate(model: Any) -> float:
    """Return the learning rate of the model's optimizer, a copy on the host."""
    rate = model.optimizer.learning_rate
    return float(rate.numpy() if hasattr(rate, "numpy") else rate)


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of every epoch.

    Args:
        schedule: `f(epoch, learning_rate)` or `f(epoch)`, with the epoch counted from 0
            and the rate now in force; returns the new rate, a float.
        verbose: 1 tells every new rate, 0 nothing.

    Raises:
        ValueError: The optimizer has no learning rate, or the new one is no float.

    Example:
        >>> halve = LearningRateScheduler(lambda epoch, rate: rate / 2)
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate of the epoch."""
        if not hasattr(self.model.optimizer, "learning_rate"):
            raise ValueError(
                explain(
                    'Optimizer must have a "learning_rate" attribute.',
                    got=f"{type(self.model.optimizer).__name__} without one",
                )
            )
        rate = self._scheduled(epoch, current_learning_rate(self.model))
        if not isinstance(rate, numbers.Real) or isinstance(rate, numbers.Integral):
            raise ValueError(
                explain(
                    "The output of the `schedule` function should be a float.",
                    got=f"{rate!r} of type {type(rate).__name__}",
                    fix="return float(...) from the schedule",
                )
            )
        self.model.optimizer.learning_rate = rate
        if self.verbose > 0:
            io.print_msg(
                f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to "
                f"{rate}."
            )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the rate in the logs."""
        if logs is not None:
            logs["learning_rate"] = current_learning_rate(self.model)

    def _scheduled(self, epoch: int, rate: float) -> Any:
        try:
            inspect.signature(self.schedule).bind(epoch, rate)
        except TypeError:
            return self.schedule(epoch)  # it takes one argument
        except ValueError:
            pass  # a built-in function that does not say what it takes
        return self.schedule(epoch, rate)


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a metric no longer gets better.

    Args:
        monitor: Name of the metric in the logs.
        factor: What the rate is multiplied by, less than 1.
        patience: Number of epochs without a better value before the rate is lowered.
        verbose: 1 tells every new rate, 0 nothing.
        mode: "min" or "max": what is better; "auto" takes it from the metric.
        min_delta: Least change that counts as better.
        cooldown: Number of epochs after a change in which none is counted.
        min_lr: The rate is not lowered below this.
        **kwargs: None: Keras takes and ignores any.

    Attributes:
        best: Best value so far.
        wait: Number of epochs since then.
        cooldown_counter: Number of epochs still to cool down.

    Raises:
        ValueError: `factor` is 1 or more.
        TypeError: There is an argument of another name.

    Example:
        >>> plateau = ReduceLROnPlateau(monitor="loss", factor=0.5, patience=2)
    """

    _state_names = ("best", "cooldown_counter", "wait")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        for name in kwargs:
            known = inspect.signature(ReduceLROnPlateau).parameters.keys() - {"kwargs"}
            raise TypeError(unknown_name("argument of ReduceLROnPlateau", name, known))
        if factor >= 1.0:
            raise ValueError(
                explain(
                    "ReduceLROnPlateau does not support a factor >= 1.0.",
                    got=f"factor={factor}",
                    expected="a number below 1, such as 0.1",
                )
            )
        self.factor = factor
        self.min_lr = min_lr
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the last `fit`."""
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the rate in the logs, and lower it if it is time to."""
        self._set_monitor_op()
        logs = {} if logs is None else logs
        logs["learning_rate"] = current_learning_rate(self.model)
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Learning rate reduction is conditioned on metric `{self.monitor}` "
                f"which is not available. Available metrics are: {','.join(logs)}.",
                stacklevel=2,
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch, logs["learning_rate"])

    def in_cooldown(self) -> bool:
        """Return whether the last change is too recent for another."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch: int, rate: float) -> None:
        # The optimizer keeps it in float32, so `min_lr` may come back rounded up.
        if rate <= as_float32(self.min_lr):
            return
        lowered = max(rate * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = lowered
        if self.verbose > 0:
            io.print_msg(
                f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to "
                f"{lowered}."
            )
        self.cooldown_counter = self.cooldown
        self.wait = 0
