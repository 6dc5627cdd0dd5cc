"""`keras.callbacks.ModelCheckpoint`: keep the model on disk while it trains."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.callbacks.base import Logs
from kerasish.callbacks.batch_count import BatchCount
from kerasish.callbacks.monitor import MonitorCallback
from kerasish.errors import explain
from kerasish.saving.hidden_state import FIT_STATE
from kerasish.utils import io


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, every epoch or every so many batches.

    A file is written whole or not at all: one that was there before stays until then.

    A `.keras` file saved at the end of an epoch also says where the training stands:
    order of the data, random numbers, states of callbacks. `model = load_model(path)`,
    then `model.fit(..., initial_epoch=n)` with `n` the number of epochs done and all
    else the same, ends as if nothing had happened: on one machine and the NumPy backend
    bit by bit, the history of earlier epochs included. Callbacks behind this one in the
    list are called again for the end of the last epoch, as the file is of the moment
    before. With another `initial_epoch`, in a second `fit`, or compiled anew, the model
    trains on as any does, as do weights alone and models saved by batches: use
    `BackupAndRestore` for these.

    Args:
        filepath: Path ending in `.keras`, or in `.weights.h5` with `save_weights_only`.
            `{epoch}`, `{batch}` (both from 1) and names of metrics in it are filled in,
            as in `"model-{epoch:02d}-{val_loss:.2f}.keras"`. Folders are made.
        monitor: Name of the metric in the logs.
        verbose: 1 tells what is saved, 0 nothing.
        save_best_only: Whether to save only when the metric is better than ever.
        save_weights_only: Whether to save the weights without the model.
        mode: "min" or "max": what is better; "auto" takes it from the metric.
        save_freq: "epoch", or a number of batches (counted across epochs).
        initial_value_threshold: Value that the first one has to beat.

    Attributes:
        best: Best value so far, also across several `fit`.

    Raises:
        ValueError: `save_freq` or the end of `filepath` is none of these.
        KeyError: `filepath` names a metric that the logs lack.

    Example:
        >>> checkpoint = ModelCheckpoint("best.keras", save_best_only=True)
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.verbose = verbose
        self.filepath = os.fspath(filepath)
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._current_epoch = 0
        self._fit: Any = None
        self._batches = BatchCount()
        self._check_arguments()
        if save_freq == "epoch":
            self._idle_hooks = frozenset({ModelCheckpoint.on_train_batch_end})

    def _check_arguments(self) -> None:
        if self.save_freq != "epoch" and not isinstance(self.save_freq, int):
            raise ValueError(
                explain(
                    f"Unrecognized save_freq: {self.save_freq}.",
                    expected="'epoch' or integer values",
                    fix="pass 'epoch', or a number of batches",
                )
            )
        what, ending = "the filepath provided", ".keras"
        if self.save_weights_only:
            what, ending = f"with `save_weights_only=True`, {what}", ".weights.h5"
        if not self.filepath.endswith(ending):
            raise ValueError(
                explain(
                    f"ModelCheckpoint: {what} must end in `{ending}`.",
                    got=f"filepath={self.filepath}",
                    fix=f"add `{ending}` to the path",
                )
            )

    def get_state(self) -> dict[str, Any]:
        """Return the best value, and the batches since the last save."""
        return {"best": self.best, "batches": self._batches.get_state()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take a state that `get_state` returned."""
        self.best = state["best"]
        self._batches.set_state(state["batches"])

    def set_fit(self, fit: Any) -> None:
        """Take the loop that trains, whose state is kept with the model."""
        self._fit = fit

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Let go of the loop that trained."""
        self._fit = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch, for the batches' file names."""
        self._current_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save, if `save_freq` counts batches and it is time to."""
        if self._should_save_on_batch(batch):
            self._save_model(self._current_epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if `save_freq` is "epoch"."""
        if self.save_freq == "epoch":
            self._save_model(epoch, None, logs or {})

    def _should_save_on_batch(self, batch: int) -> bool:
        every = self.save_freq
        return isinstance(every, int) and self._batches.is_due(batch, every)

    def _save_model(self, epoch: int, batch: int | None, logs: Logs) -> None:
        filepath = self._get_file_path(epoch, batch, logs)
        if self.save_best_only and not self._is_best(epoch, filepath, logs):
            return
        if not self.save_best_only:
            self._tell(epoch, f"saving model to {filepath}")
        folder = os.path.dirname(filepath)
        if folder:
            os.makedirs(folder, exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        try:
            with self._with_training(epoch, batch, logs):
                save(filepath, overwrite=True)
        except IsADirectoryError as error:
            raise OSError(
                explain(
                    "Please specify a non-directory filepath for ModelCheckpoint.",
                    got=f"an existing directory: {filepath}",
                )
            ) from error
        self._tell(epoch, f"finished saving model to {filepath}")

    @contextmanager
    def _with_training(
        self, epoch: int, batch: int | None, logs: Logs
    ) -> Iterator[None]:
        """Let a whole model, saved in this block, say where the training stands."""
        if self._fit is None or batch is not None or self.save_weights_only:
            yield
            return
        setattr(self.model, FIT_STATE, self._fit.get_epoch_state(epoch, logs, self))
        try:
            yield
        finally:
            setattr(self.model, FIT_STATE, None)

    def _is_best(self, epoch: int, filepath: str, logs: Logs) -> bool:
        """Return whether to save; without a value to judge by, that is safer."""
        self._set_monitor_op()
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Can save best model only with {self.monitor} available.", stacklevel=4
            )
            return True
        if getattr(current, "ndim", 0):
            warnings.warn(
                "Can save best model only when `monitor` is a scalar value. Received: "
                f"{current}. Falling back to `save_best_only=False`.",
                stacklevel=4,
            )
            return True
        if not self._is_improvement(current, self.best):
            self._tell(epoch, f"{self.monitor} did not improve from {self.best:.5f}")
            return False
        best = "None" if self.best is None else f"{self.best:.5f}"
        self._tell(
            epoch,
            f"{self.monitor} improved from {best} to {current:.5f}, "
            f"saving model to {filepath}",
        )
        self.best = current
        return True

    def _get_file_path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        names: dict[str, Any] = {"epoch": epoch + 1, **logs}
        if batch is not None:
            names["batch"] = batch + 1
        try:
            return self.filepath.format(**names)
        except KeyError as error:
            raise KeyError(
                explain(
                    f'Failed to format this callback filepath: "{self.filepath}".',
                    got=f"the name {error}",
                    expected="one of " + ", ".join(names),
                )
            ) from error

    def _tell(self, epoch: int, message: str) -> None:
        if self.verbose > 0:
            io.print_msg(f"\nEpoch {epoch + 1}: {message}")
