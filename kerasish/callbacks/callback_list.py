"""`keras.callbacks.CallbackList`: all callbacks of a run, called as one.

The training loop calls the hooks here, in Keras's order, and asks two questions first:
`has_train_batch_hooks` (does anybody want to be called for every batch?) and
`needs_batch_logs` (does anybody but the progress bar want its logs, as a plain dict?).
Which hooks of a batch are overridden is found out once, when the list is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from kerasish.callbacks.base import HOOKS, Callback, Logs
from kerasish.callbacks.history import History
from kerasish.callbacks.progbar_logger import ProgbarLogger
from kerasish.errors import explain

BatchHook = Callable[[int, Logs | None], Any]
C = TypeVar("C", bound=Callback)

# Hook of a batch -> the names under which a callback may override it.
_BATCH_HOOKS = {
    "on_train_batch_begin": ("on_train_batch_begin", "on_batch_begin"),
    "on_train_batch_end": ("on_train_batch_end", "on_batch_end"),
    "on_test_batch_begin": ("on_test_batch_begin",),
    "on_test_batch_end": ("on_test_batch_end",),
    "on_predict_batch_begin": ("on_predict_batch_begin",),
    "on_predict_batch_end": ("on_predict_batch_end",),
}


class CallbackList(Callback):
    """Several callbacks, called one after the other.

    Args:
        callbacks: A callback, or a list of them; None for none.
        add_history: Whether to add a `History` if there is none.
        add_progbar: Whether to add a `ProgbarLogger` if there is none.
        model: The model in the run.
        **params: The run's settings: `verbose`, `epochs`, `steps`.

    Attributes:
        callbacks: The callbacks, in the order in which they are called.
        needs_batch_logs: Whether a callback other than the progress bar has a hook of a
            train batch, so that every batch must come with a dict of floats.
        has_train_batch_hooks: Whether any callback has such a hook.

    Raises:
        TypeError: Something in the list is no callback.

    Example:
        >>> callbacks = CallbackList(add_history=True, epochs=2)
        >>> callbacks.callbacks[0].params, callbacks.needs_batch_logs
        ({'epochs': 2}, False)
    """

    def __init__(
        self,
        callbacks: Callback | Iterable[Callback] | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks = _checked(callbacks)
        self._history = self._find(History, add_history)
        self._progbar = self._find(ProgbarLogger, add_progbar)
        self._index_batch_hooks()
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def _find(self, kind: type[C], add: bool) -> C | None:
        for callback in self.callbacks:
            if isinstance(callback, kind):
                return callback
        if not add:
            return None
        added = kind()
        self.callbacks.append(added)
        return added

    def _index_batch_hooks(self) -> None:
        self._hooks: dict[str, list[BatchHook]] = {
            hook: [
                getattr(callback, hook)
                for callback in self._in_turn
                if _is_active(callback, names)
            ]
            for hook, names in _BATCH_HOOKS.items()
        }
        self.has_train_batch_hooks = bool(self._batch_hooks("train"))
        self.needs_batch_logs = self.watches_batches("train")

    def _batch_hooks(self, kind: str) -> list[BatchHook]:
        names = (f"on_{kind}_batch_begin", f"on_{kind}_batch_end")
        return [hook for name in names for hook in self._hooks[name]]

    def watches_batches(self, kind: str) -> bool:
        """Return whether a callback other than the progress bar has a batch's hook.

        Args:
            kind: "train", "test" or "predict".
        """
        bars = getattr(ProgbarLogger, f"on_{kind}_batch_end")
        return any(_function(hook) is not bars for hook in self._batch_hooks(kind))

    def set_params(self, params: dict[str, Any] | None) -> None:
        """Hand the run's settings to all callbacks, if there are any settings."""
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Hand the model to all callbacks, and the history to the model."""
        super().set_model(model)
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def set_fit(self, fit: Any) -> None:
        """Hand the training loop to the callbacks that keep its state."""
        for callback in self.callbacks:
            if hasattr(callback, "set_fit"):
                callback.set_fit(fit)

    def get_state(self) -> dict[str, Any]:
        """Return the states of all callbacks that have one, by class and number."""
        return {
            name: callback.get_state()
            for name, callback in self._named()
            if hasattr(callback, "get_state")
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Hand the callbacks their states; those not in `state` keep theirs."""
        for name, callback in self._named():
            if state.get(name) and hasattr(callback, "set_state"):
                callback.set_state(state[name])

    def names_after(self, callback: Any) -> list[str]:
        """Return the names, as in `get_state`, of those called after a callback."""
        names = {id(c): name for name, c in self._named()}
        turn = [names[id(c)] for c in self._in_turn]
        name = names.get(id(callback))
        return [] if name is None else turn[turn.index(name) + 1 :]

    def finish_epoch(self, names: Iterable[str], epoch: int, logs: Logs) -> None:
        """Call at the end of an epoch those that did not get to it.

        Args:
            names: As `names_after` returned them; the progress bar is left out.
            epoch: Index of the epoch.
            logs: Its metrics.
        """
        named = dict(self._named())
        for name in names:
            if name in named and named[name] is not self._progbar:
                named[name].on_epoch_end(epoch, logs)

    def _named(self) -> list[tuple[str, Any]]:
        counts: dict[str, int] = {}
        named = []
        for callback in self.callbacks:
            word = type(callback).__name__
            counts[word] = counts.get(word, 0) + 1
            named.append((f"{word}_{counts[word]}", callback))
        return named

    @property
    def _in_turn(self) -> list[Any]:
        """The callbacks, those that wait for the others at the end."""
        waits = [bool(getattr(c, "_runs_last", False)) for c in self.callbacks]
        order = sorted(range(len(waits)), key=waits.__getitem__)
        return [self.callbacks[i] for i in order]

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of `on_train_batch_begin`."""
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of `on_train_batch_end`."""
        self.on_train_batch_end(batch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the callbacks that have this hook."""
        for hook in self._hooks["on_train_batch_begin"]:
            hook(batch, {} if logs is None else logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the callbacks that have this hook."""
        for hook in self._hooks["on_train_batch_end"]:
            hook(batch, {} if logs is None else logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the callbacks that have this hook."""
        for hook in self._hooks["on_test_batch_begin"]:
            hook(batch, {} if logs is None else logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the callbacks that have this hook."""
        for hook in self._hooks["on_test_batch_end"]:
            hook(batch, {} if logs is None else logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the callbacks that have this hook."""
        for hook in self._hooks["on_predict_batch_begin"]:
            hook(batch, {} if logs is None else logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the callbacks that have this hook."""
        for hook in self._hooks["on_predict_batch_end"]:
            hook(batch, {} if logs is None else logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Call all callbacks."""
        logs = {} if logs is None else logs
        for callback in self._in_turn:
            callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Call all callbacks, with one and the same `logs`."""
        logs = {} if logs is None else logs
        for callback in self._in_turn:
            callback.on_epoch_end(epoch, logs)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Call all callbacks."""
        self._call("on_train_begin", logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Call all callbacks."""
        self._call("on_train_end", logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Call all callbacks."""
        self._call("on_test_begin", logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Call all callbacks."""
        self._call("on_test_end", logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Call all callbacks."""
        self._call("on_predict_begin", logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Call all callbacks."""
        self._call("on_predict_end", logs)

    def _call(self, hook: str, logs: Logs | None) -> None:
        logs = {} if logs is None else logs
        for callback in self._in_turn:
            getattr(callback, hook)(logs)


def _checked(callbacks: Callback | Iterable[Callback] | None) -> list[Callback]:
    if callbacks is None:
        return []
    given = [callbacks] if not isinstance(callbacks, list | tuple) else callbacks
    for callback in given:
        # Not by class: a callback written for another Keras has the same hooks.
        has_hooks = all(hasattr(callback, name) for name in HOOKS)
        if isinstance(callback, type) or not has_hooks:
            raise TypeError(
                explain(
                    "`callbacks` holds something that is no callback.",
                    got=f"{callback!r}",
                    expected="instances of keras.callbacks.Callback",
                    fix="make an instance, or subclass Callback",
                )
            )
    return list(given)


def _function(hook: Callable[..., Any]) -> Any:
    return getattr(hook, "__func__", hook)


def _is_active(callback: Any, names: tuple[str, ...]) -> bool:
    """Return whether a callback does anything under one of these hooks' names."""
    idle = getattr(callback, "_idle_hooks", ())
    hooks = [(name, _function(getattr(callback, name))) for name in names]
    return any(
        function is not getattr(Callback, name) and function not in idle
        for name, function in hooks
    )
