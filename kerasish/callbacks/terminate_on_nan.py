"""`keras.callbacks.TerminateOnNaN`: no further step once the loss is lost."""

from __future__ import annotations

import math

from kerasish.callbacks.base import Callback, Logs
from kerasish.errors import explain
from kerasish.utils import io


class TerminateOnNaN(Callback):
    """Stops training when a batch's loss is NaN or infinite.

    It reads the loss after every batch, which on a device costs a wait each time.

    Args:
        raise_error: Whether to raise instead of ending `fit` quietly.

    Raises:
        RuntimeError: With `raise_error`, when the loss is NaN or infinite.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                explain(
                    f"NaN or Inf loss encountered at batch {batch}.",
                    got=f"Loss value: {loss}",
                    expected="a finite loss",
                    fix="lower the learning rate, clip gradients, or look for bad data",
                )
            )
        io.print_msg(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
