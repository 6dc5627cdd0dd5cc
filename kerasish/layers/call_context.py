"""What a call of a layer hands down to the layers inside it.

One context per outermost call and thread: whether it trains, and the losses layers add
on the way.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_local = threading.local()


class CallContext:
    """The state of one outermost call.

    Attributes:
        training: Whether layers behave as in training; None if nobody said.
        losses: Scalar tensors added by layers, in order.
    """

    def __init__(self, training: bool | None) -> None:
        self.training = training
        self.losses: list[Any] = []


def current_call() -> CallContext | None:
    """Return the context of the call in progress in this thread."""
    return getattr(_local, "context", None)


@contextmanager
def entered(training: bool | None) -> Iterator[CallContext]:
    """Enter a call: the outermost makes the context, inner ones may set `training`."""
    context = current_call()
    if context is None:
        _local.context = context = CallContext(training)
        try:
            yield context
        finally:
            _local.context = None
        return
    before = context.training
    context.training = before if training is None else training
    try:
        yield context
    finally:
        context.training = before


@contextmanager
def new_call(training: bool | None) -> Iterator[CallContext]:
    """Begin a call of its own, whatever call is in progress."""
    outer = current_call()
    _local.context = context = CallContext(training)
    try:
        yield context
    finally:
        _local.context = outer
