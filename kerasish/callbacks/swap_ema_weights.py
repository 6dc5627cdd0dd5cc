"""`keras.callbacks.SwapEMAWeights`: judge a model by the average of its weights."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.callbacks.base import Callback, Logs
from kerasish.errors import explain


class SwapEMAWeights(Callback):
    """Puts the moving averages of the weights in their place outside of training.

    While the model is evaluated or predicts (also in the validation of `fit`) it has
    the averages that the optimizer keeps with `use_ema=True`; after that, its own
    weights again.

    Args:
        swap_on_epoch: Whether to swap at the end of every epoch too, and back at the
            beginning of the next, so that callbacks behind this one (a
            `ModelCheckpoint`) see the averages.

    Raises:
        ValueError: The optimizer keeps no averages.

    Example:
        >>> callbacks = [SwapEMAWeights(swap_on_epoch=True)]
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        # The model's own weights, while it has the averages.
        self._own: list[tuple[Any, Any]] | None = None

    def get_state(self) -> dict[str, Any]:
        """Return the model's own weights, while it has the averages."""
        own = self._own
        return {
            "own": None if own is None else [ops.convert_to_numpy(v) for _, v in own]
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Take a state that `get_state` returned."""
        values = state["own"]
        weights = list(self.model.trainable_variables)
        self._own = None
        if values is not None and len(values) == len(weights):
            self._own = list(zip(weights, values, strict=True))

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Give the model its own weights back."""
        if self.swap_on_epoch:
            self._give_back()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Give the model the averages, for the callbacks that follow."""
        if self.swap_on_epoch:
            self._show_averages()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Forget the model's own weights: trained models keep the averages."""
        self._own = None

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Give the model the averages."""
        self._show_averages()

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Give the model its own weights back."""
        self._give_back()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Give the model the averages."""
        self._show_averages()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Give the model its own weights back."""
        self._give_back()

    def _show_averages(self) -> None:
        if self._own is not None:
            return
        optimizer = self._optimizer()
        if not optimizer.built:
            return
        weights = list(self.model.trainable_variables)
        self._own = [(weight, ops.copy(weight)) for weight in weights]
        for weight in weights:
            weight.assign(optimizer.slot("average", weight))

    def _give_back(self) -> None:
        for weight, value in self._own or ():
            weight.assign(value)
        self._own = None

    def _optimizer(self) -> Any:
        optimizer = getattr(self.model, "optimizer", None)
        # One that scales the loss keeps the averages in the one it wraps.
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(optimizer, "use_ema", False):
            raise ValueError(
                explain(
                    "SwapEMAWeights needs moving averages of the weights.",
                    got=f"the optimizer {getattr(optimizer, 'name', None)!r} without",
                    fix="pass `use_ema=True` to the optimizer",
                )
            )
        return optimizer
