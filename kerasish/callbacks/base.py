"""`keras.callbacks.Callback`: the moments of a run at which user code may step in.

Every callback overrides some of these empty hooks. `CallbackList` never calls a batch's
hook that is neither overridden nor set on the instance, nor one in `_idle_hooks`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Logs = dict[str, Any]


class Callback:
    """What happens at set moments of `fit`, `evaluate` and `predict`.

    Subclass it and override the hooks you need. Where a hook is given `logs`, they hold
    the metrics so far as floats, under the names of the history.

    Attributes:
        params: The run's settings: `verbose`, `epochs`, `steps`.
        model: The model in the run; read-only, given by `set_model`.

    Example:
        >>> class Report(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(f"epoch {epoch + 1}: {logs['loss']}")
        >>> Report().on_epoch_end(0, {"loss": 0.5})
        epoch 1: 0.5
    """

    # On the class too: a subclass may have an `__init__` that forgets this one.
    params: dict[str, Any] | None = None
    _model: Any = None
    # Functions of this class that do nothing with the settings given.
    _idle_hooks: frozenset[Callable[..., Any]] = frozenset()
    # Whether its hooks wait until those of the others have run.
    _runs_last: bool = False
    # Attributes that are the state of the callback: JSON values and arrays.
    _state_names: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.params = None
        self._model = None

    @property
    def model(self) -> Any:
        """The model in the run."""
        return self._model

    def set_params(self, params: dict[str, Any] | None) -> None:
        """Take the run's settings."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model."""
        self._model = model

    def get_state(self) -> dict[str, Any]:
        """Return what a training that goes on later needs: JSON values and arrays.

        `BackupAndRestore` keeps it beside the weights. A callback with a state of its
        own overrides this and `set_state`.
        """
        return {name: getattr(self, name) for name in self._state_names}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take a state that `get_state` returned; called after `on_train_begin`."""
        for name in self._state_names:
            if name in state:
                setattr(self, name, state[name])

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of `on_train_batch_begin`, which calls it."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of `on_train_batch_end`, which calls it."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Run before an epoch of training; `epoch` counts from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Run after an epoch and its validation.

        Args:
            epoch: Index of the epoch, from 0.
            logs: The epoch's metrics, and those of the validation under `val_` names.
                What is added to it, later callbacks and the history see too.
        """

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before a batch of training; `batch` counts from 0 in each epoch."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after a batch of training, with the metrics of the epoch so far."""
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before a batch of `evaluate`, or of the validation in `fit`."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after a batch of `evaluate`, or of the validation in `fit`."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before a batch of `predict`."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after a batch of `predict`; `logs["outputs"]` holds its outputs."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Run when `fit` begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Run when `fit` ends, with the last epoch's metrics."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Run when `evaluate`, or the validation in `fit`, begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Run when `evaluate`, or the validation in `fit`, ends, with its metrics."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Run when `predict` begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Run when `predict` ends."""


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))
