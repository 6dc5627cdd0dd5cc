"""`takes_settings`: constructors of rules take what every optimizer takes, by position.

A rule's `__init__` names its own arguments and `**kwargs`; written out, Keras's
signature goes on with the eleven settings of the base class.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from kerasish.optimizers.optimizer import Optimizer

F = TypeVar("F", bound=Callable[..., None])


def takes_settings(*, after: str | None = None) -> Callable[[F], F]:
    """Return a decorator of an `__init__` that hands `**kwargs` on to `Optimizer`.

    Its signature gets those arguments of `Optimizer` that it does not name itself.

    Args:
        after: The argument they follow; the last one by default.

    Example:
        >>> from kerasish.optimizers import SGD
        >>> SGD(0.1, 0.9, False, 0.01).weight_decay
        0.01
    """

    def decorate(init: F) -> F:
        signature = _with_settings(inspect.signature(init), after)

        @functools.wraps(init)
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            given = dict(signature.bind(self, *args, **kwargs).arguments)
            rest = given.pop("kwargs", {})
            init(**given, **rest)

        __init__.__signature__ = signature  # type: ignore[attr-defined]
        return __init__  # type: ignore[return-value]

    return decorate


def _with_settings(own: inspect.Signature, after: str | None) -> inspect.Signature:
    *named, rest = own.parameters.values()  # the last one is **kwargs
    names = [parameter.name for parameter in named]
    shared = inspect.signature(Optimizer.__init__).parameters.values()
    settings = [p for p in shared if p.name not in (*names, rest.name)]
    end = len(named) if after is None else names.index(after) + 1
    return own.replace(parameters=[*named[:end], *settings, *named[end:], rest])
