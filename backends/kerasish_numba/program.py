"""Bound calls of native functions, joined into programs that run without Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.contract import Array
from kerasish_numba.native import run
from kerasish_numba.team import TEAM

Call = Callable[[], Any]


class NativeCall:
    """A native function with its arguments filled in.

    Args:
        function: Its address.
        parts: The words of each part's arguments, as many for each.
        written: The arrays it writes.
        read: The other arrays it reads.
    """

    __slots__ = (
        "_address",
        "_arguments",
        "_is_shared",
        "_row",
        "_words",
        "read",
        "written",
    )

    def __init__(
        self,
        function: int,
        parts: Sequence[Sequence[int]],
        written: Sequence[Array],
        read: Sequence[Array],
    ) -> None:
        self._words = np.array(parts, np.int64)
        first, step = self._words.ctypes.data, self._words.strides[0]
        self._arguments = first + step * np.arange(len(parts))
        words = [function, self._arguments.ctypes.data, len(parts)]
        self._row = np.array(words, np.int64)
        self._address = self._row.ctypes.data
        self._is_shared = len(parts) > 1
        self.written = tuple(written)
        self.read = tuple(read)

    @property
    def row(self) -> np.ndarray:
        """The call's words in a program."""
        return self._row

    def __call__(self) -> None:
        """Run it, with helpers if it has parts."""
        run(self._address, 1, TEAM.ready() if self._is_shared else 0)


class NativeProgram:
    """Native calls that follow each other, as one."""

    __slots__ = ("_address", "_count", "_is_shared", "_kept", "_rows")

    def __init__(self, calls: Sequence[NativeCall]) -> None:
        self._kept = tuple(calls)
        self._rows = np.array([call.row for call in calls], np.int64)
        self._address = self._rows.ctypes.data
        self._count = len(calls)
        self._is_shared = bool(self._rows[:, 2].max() > 1)

    @property
    def words(self) -> tuple[int, int]:
        """The address of the calls' words, and how many calls there are."""
        return self._address, self._count

    def __call__(self) -> None:
        """Run them."""
        run(self._address, self._count, TEAM.ready() if self._is_shared else 0)


class NativeSequence:
    """Native calls that one bound call consists of."""

    __slots__ = ("calls",)

    def __init__(self, calls: Sequence[NativeCall]) -> None:
        self.calls = tuple(calls)

    def __call__(self) -> None:
        """Run them."""
        for call in self.calls:
            call()
