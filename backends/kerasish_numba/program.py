"""Bound calls of native functions, joined into programs that run without Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.contract import Array
from kerasish_numba.native import run
from kerasish_numba.team import TEAM

Call = Callable[[], Any]
Span = tuple[int, int]


def span(array: Array) -> tuple[int, int]:
    """Return the first address of an array's memory, and the one behind it."""
    start = end = array.ctypes.data
    for stride, length in zip(array.strides, array.shape, strict=True):
        if stride < 0:
            start += stride * (length - 1)
        else:
            end += stride * (length - 1)
    return start, end + array.itemsize


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
        "_spans",
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
        self._spans: tuple[list[Span], list[Span]] | None = None

    @property
    def row(self) -> np.ndarray:
        """The call's words in a program."""
        return self._row

    @property
    def spans(self) -> tuple[list[Span], list[Span]]:
        """Where what it writes, and what else it reads, lies in memory."""
        if self._spans is None:
            self._spans = [*map(span, self.written)], [*map(span, self.read)]
        return self._spans

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
