"""`keras.callbacks.LambdaCallback`: a callback out of loose functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.callbacks.base import HOOKS, Callback
from kerasish.errors import unknown_name

Hook = Callable[..., Any]


class LambdaCallback(Callback):
    """Calls the functions given, each at its moment.

    Args:
        on_epoch_begin: `f(epoch, logs)`.
        on_epoch_end: `f(epoch, logs)`.
        on_train_begin: `f(logs)`.
        on_train_end: `f(logs)`.
        on_train_batch_begin: `f(batch, logs)`.
        on_train_batch_end: `f(batch, logs)`.
        **kwargs: Functions for the other hooks of `Callback`, by name.

    Raises:
        TypeError: An argument is the name of no hook (Keras would never call it).

    Example:
        >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs))
        >>> callback.on_epoch_end(0, {"loss": 0.5})
        {'loss': 0.5}
    """

    def __init__(
        self,
        on_epoch_begin: Hook | None = None,
        on_epoch_end: Hook | None = None,
        on_train_begin: Hook | None = None,
        on_train_end: Hook | None = None,
        on_train_batch_begin: Hook | None = None,
        on_train_batch_end: Hook | None = None,
        **kwargs: Hook | None,
    ) -> None:
        super().__init__()
        for name in kwargs:
            if name not in HOOKS:
                raise TypeError(unknown_name("hook of LambdaCallback", name, HOOKS))
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in given.items():
            if function is not None:
                setattr(self, name, function)
