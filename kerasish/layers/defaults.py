"""Defaults by rank: `Conv2D` says `strides=(1, 1)` where `Conv1D` says `strides=1`.

The layers of several ranks share one constructor; a decorator gives each its own
defaults, as signatures and configs show them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def with_defaults(**values: Any) -> Callable[[type[T]], type[T]]:
    """Give a class other defaults for arguments of the constructor it inherits.

    Args:
        **values: Defaults by the argument's name.
    """

    def change(cls: type[T]) -> type[T]:
        made: Any = cls
        inherited = made.__init__
        given = inspect.signature(inherited)
        parameters = [
            p.replace(default=values.get(p.name, p.default))
            for p in given.parameters.values()
        ]
        signature = given.replace(parameters=parameters)

        @functools.wraps(inherited)
        def constructor(self: Any, *args: Any, **kwargs: Any) -> None:
            try:
                bound = signature.bind(self, *args, **kwargs).arguments
            except TypeError:
                bound = values  # the constructor raises, with its own message
            missing = {name: v for name, v in values.items() if name not in bound}
            inherited(self, *args, **{**missing, **kwargs})

        constructor.__signature__ = signature  # type: ignore[attr-defined]
        made.__init__ = constructor
        return cls

    return change
