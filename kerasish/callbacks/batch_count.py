"""Counting batches across epochs, for callbacks that act every so many of them."""

from __future__ import annotations

from typing import Any


class BatchCount:
    """Counts batches by their indices, which start anew in every epoch.

    One call of a hook may stand for several batches (`steps_per_execution`).

    Attributes:
        total: Batches so far.

    Example:
        >>> count = BatchCount()
        >>> [count.is_due(batch, every=3) for batch in (0, 1, 2, 3, 0, 1)]
        [False, False, True, False, False, True]
    """

    def __init__(self) -> None:
        self.total = 0
        self._last: int | None = None
        self._waiting = 0

    def get_state(self) -> list[int | None]:
        """Return the counts."""
        return [self.total, self._last, self._waiting]

    def set_state(self, state: list[Any]) -> None:
        """Take counts that `get_state` returned."""
        self.total, self._last, self._waiting = state

    def advance(self, batch: int) -> int:
        """Return how many batches have passed since the last call.

        Args:
            batch: Index of the batch that has just ended.
        """
        last = self._last
        if last is None or batch <= last:
            last = -1  # a new epoch
        self._last = batch
        self.total += batch - last
        return batch - last

    def is_due(self, batch: int, every: int) -> bool:
        """Count on, and return whether `every` batches have passed since the last True.

        Args:
            batch: Index of the batch that has just ended.
            every: Number of batches.
        """
        self._waiting += self.advance(batch)
        if self._waiting < every:
            return False
        self._waiting = 0
        return True
