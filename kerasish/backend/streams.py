"""Streams: lists of calls that do not touch each other's results.

A kernel that can cut its work into streams asks a backend's `Streams` into how many,
and how to run them. This one runs them one after the other; a backend with threads has
its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

Call = Callable[[], Any]


class Streams:
    """One stream, in order."""

    def number(self, work: int, most: int) -> int:
        """Return into how many streams work is to be cut.

        Args:
            work: Multiplications of a matrix product, or what takes as long.
            most: Most streams there can be.
        """
        return 1

    def together(self, streams: Sequence[Sequence[Call]]) -> Call:
        """Return a call that runs all streams to their end."""
        return functools.partial(run_all, [call for s in streams for call in s])


def run_all(calls: Sequence[Call]) -> None:
    """Run calls in order."""
    for call in calls:
        call()


def shares(count: int, number: int) -> list[slice]:
    """Return consecutive slices of about equal length that make up `range(count)`."""
    edges = [i * count // number for i in range(number + 1)]
    return [slice(edges[i], edges[i + 1]) for i in range(number)]
