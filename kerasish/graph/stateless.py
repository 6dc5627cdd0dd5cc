"""Scopes that change how variables are read and written in this thread.

`StatelessScope` keeps values beside the variables, so that a layer can be called as a
pure function. `autocast_scope` makes float variables read in another float dtype, which
is how layers of mixed precision see their weights.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_local = threading.local()


class StatelessScope:
    """A block in which assignments change no variable.

    Args:
        state_mapping: Pairs `(variable, value)`: what variables hold in the block.
        collect_losses: Whether losses added by layers are kept in `losses`.
        initialize_variables: Accepted as in Keras; variables here hold values from the
            beginning.

    Example:
        >>> from kerasish.graph.variable import Variable
        >>> v = Variable(1.0)
        >>> with StatelessScope([(v, 5.0)]) as scope:
        ...     _ = v.assign(v + 1)
        >>> float(scope.get_current_value(v)), float(v)
        (6.0, 1.0)
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Any, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self.state_mapping: dict[Any, Any] = dict(state_mapping or ())
        self._outer: StatelessScope | None = None

    def add_loss(self, loss: Any) -> None:
        """Keep a loss."""
        self.losses.append(loss)

    def add_update(self, update: tuple[Any, Any]) -> None:
        """Take a pair `(variable, value)` as the variable's value from now on."""
        variable, value = update
        self.state_mapping[variable] = value

    def get_current_value(self, variable: Any) -> Any | None:
        """Return the value of a variable in the block; None if it is the variable's."""
        return self.state_mapping.get(variable)

    def __enter__(self) -> StatelessScope:
        self._outer = current_stateless()
        _local.stateless = self
        return self

    def __exit__(self, *_: Any) -> None:
        _local.stateless = self._outer


def current_stateless() -> StatelessScope | None:
    """Return the innermost scope of this thread."""
    return getattr(_local, "stateless", None)


def autocast_dtype() -> str | None:
    """Return the dtype in which float variables are read now; None for their own."""
    return getattr(_local, "autocast", None)


@contextmanager
def autocast_scope(dtype: str | None) -> Iterator[None]:
    """Read float variables as `dtype` in the block; None leaves them their own."""
    before = autocast_dtype()
    _local.autocast = dtype
    try:
        yield
    finally:
        _local.autocast = before
