"""What lends replays, planned or interpreted, to the threads that run a graph."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Lender(abc.ABC):
    """What has replays to lend, each to one thread at a time."""

    @abc.abstractmethod
    def take(self) -> Any:
        """Return a replay that nobody has, ready to be run."""

    @abc.abstractmethod
    def give_back(self, replay: Any) -> None:
        """Let others have a replay that `take` returned."""

    @contextmanager
    def replay(self) -> Iterator[Any]:
        """Lend a replay for the block."""
        lent = self.take()
        try:
            yield lent
        finally:
            self.give_back(lent)
