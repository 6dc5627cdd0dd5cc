"""`keras.callbacks.ProgbarLogger`: the progress that `fit(verbose=...)` shows.

Reading a batch's `logs` may wait for the device, so they are touched only when the
bar is about to be drawn: at the first batch, then once an interval, then at the end. A
batch in between costs one look at the clock.
"""

from __future__ import annotations

import math
from time import monotonic
from typing import Any

from kerasish.callbacks.base import Callback, Logs
from kerasish.utils import io
from kerasish.utils.progbar import Progbar


class ProgbarLogger(Callback):
    """Shows the progress of `fit`, `evaluate` and `predict`.

    The run's `verbose` says how: 0 shows nothing; 1 or "auto" a bar on a terminal or in
    a notebook, and one line an epoch where the output is a file or a log; 2 the epoch's
    title, and a line when it is done.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.progbar: Progbar | None = None
        self.target: int | None = None
        self.verbose = 1
        self.epochs: int | None = 1
        self._called_in_fit = False
        self._due = -math.inf  # on the clock of `monotonic`

    def set_params(self, params: dict[str, Any] | None) -> None:
        """Take `verbose`, `epochs` and `steps` (None: unknown) from the settings."""
        super().set_params(params)
        params = params or {}
        verbose = params.get("verbose", 1)
        self.verbose = 1 if verbose == "auto" else verbose
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """From here on, `on_test_*` belong to the validation, which shows no bar."""
        self._called_in_fit = True

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Start a bar for `evaluate`."""
        if not self._called_in_fit:
            self._restart()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Start a bar for `predict`."""
        self._restart()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start a bar for the epoch, and title it if there are several."""
        bar = self._restart()
        if not self.verbose or (self.epochs or 1) <= 1:
            return
        title = f"Epoch {epoch + 1}/{self.epochs}"
        if bar.in_place or self.verbose == 2:
            io.print_msg(title)
        else:
            bar.label = title  # on the epoch's only line

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Redraw the bar if it is time to."""
        self.seen = batch + 1
        if monotonic() >= self._due:
            self._redraw(logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Redraw the bar of `evaluate` if it is time to."""
        if self._called_in_fit:
            return
        self.seen = batch + 1
        if monotonic() >= self._due:
            self._redraw(logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Redraw the bar of `predict` if it is time to; outputs are not shown."""
        self.seen = batch + 1
        if monotonic() >= self._due:
            self._redraw(None)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Draw the epoch's last line."""
        self._finish(logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Draw the last line of `evaluate`."""
        if not self._called_in_fit:
            self._finish(logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Draw the last line of `predict`."""
        self._finish(None)

    def _restart(self) -> Progbar:
        self.seen = 0
        return self._start()

    def _start(self) -> Progbar:
        # No metric is averaged: what comes are the averages of the epoch so far.
        self.progbar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())
        self._due = -math.inf
        return self.progbar

    def _redraw(self, logs: Logs | None) -> None:
        bar = self.progbar or self._start()
        if bar.in_place:
            bar.update(self.seen, _pairs(logs), finalize=False)
            self._due = monotonic() + bar.interval
        else:
            bar.update(self.seen, finalize=False)  # to time the first step, no more
            self._due = math.inf

    def _finish(self, logs: Logs | None) -> None:
        bar = self.progbar or self._start()
        if self.target is None:
            self.target = self.seen  # known by now, also for the next epoch
        bar.target = self.target
        bar.update(self.target, _pairs(logs), finalize=True)


def _pairs(logs: Logs | None) -> list[tuple[str, Any]]:
    return [] if logs is None else list(logs.items())
