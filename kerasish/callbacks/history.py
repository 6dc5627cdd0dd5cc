"""`keras.callbacks.History`: the metrics of every epoch, as `fit` returns them."""

from __future__ import annotations

from kerasish.callbacks.base import Callback, Logs


class History(Callback):
    """Keeps each epoch's metrics; every `fit` has one and returns it.

    Attributes:
        history: Metric name -> list of its values, one an epoch.
        epoch: Indices of the epochs of the last `fit`.

    Example:
        >>> history = History()
        >>> history.on_train_begin()
        >>> history.on_epoch_end(0, {"loss": 0.5})
        >>> history.history, history.epoch
        ({'loss': [0.5]}, [0])
    """

    _state_names = ("history", "epoch")

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start a new list of epochs; what `history` holds is kept."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keep the metrics, and hand the history to the model."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        if self.model is not None:
            self.model.history = self
