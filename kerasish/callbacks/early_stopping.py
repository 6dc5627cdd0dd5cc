"""`keras.callbacks.EarlyStopping`: end training when a metric no longer gets better."""

from __future__ import annotations

import warnings
from typing import Any

from kerasish.callbacks.base import Logs
from kerasish.callbacks.monitor import MonitorCallback
from kerasish.utils import io


class EarlyStopping(MonitorCallback):
    """Ends training after `patience` epochs without a better value.

    Args:
        monitor: Name of the metric in the logs.
        min_delta: Least change that counts as better.
        patience: Number of epochs without a better value that are waited for.
        verbose: 1 tells when it stops and which weights it restores, 0 nothing.
        mode: "min" or "max": what is better; "auto" takes it from the metric.
        baseline: Value to beat: while it is not beaten, an epoch counts as no better.
        restore_best_weights: Whether the model ends with the weights of its best epoch
            (also when training was not stopped), instead of those of the last.
        start_from_epoch: Index of the first epoch that is looked at.

    Attributes:
        best: Best value so far.
        best_epoch: Index of its epoch.
        best_weights: Its weights, if they are to be restored.
        wait: Number of epochs since then.
        stopped_epoch: Index of the epoch that ended training; 0 if none did.

    Example:
        >>> stopping = EarlyStopping(monitor="loss")
        >>> stopping.on_train_begin()
        >>> stopping.on_epoch_end(0, {"loss": 0.5})
        >>> stopping.best
        0.5
    """

    _state_names = ("best", "best_epoch", "best_weights", "stopped_epoch", "wait")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.wait = 0
        self.stopped_epoch = 0
        self.restore_best_weights = restore_best_weights
        self.best_weights: list[Any] | None = None
        self.best_epoch = 0
        self.start_from_epoch = start_from_epoch

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the last `fit`."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_weights = None
        self.best_epoch = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare the epoch's value with the best, and stop if it is time to."""
        self._set_monitor_op()
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._is_improvement(current, self.best):
            self._keep(epoch, current)
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
            return
        # The first epoch never ends training: there is nothing to compare it with.
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Restore the best weights, if asked for."""
        if self.stopped_epoch > 0:
            self._tell(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            self._tell(
                "Restoring model weights from the end of the best epoch: "
                f"{self.best_epoch + 1}."
            )
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs | None) -> Any:
        """Return the metric's value, or None, with a warning, if the logs lack it."""
        logs = logs or {}
        value = logs.get(self.monitor)
        if value is None:
            warnings.warn(
                f"Early stopping conditioned on metric `{self.monitor}` which is not "
                f"available. Available metrics are: {','.join(logs)}",
                stacklevel=3,
            )
        return value

    def _keep(self, epoch: int, value: Any) -> None:
        self.best = value
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def _tell(self, message: str) -> None:
        if self.verbose > 0:
            io.print_msg(message)
