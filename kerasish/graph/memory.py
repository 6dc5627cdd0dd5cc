"""Memory planner: gives every buffer an offset in one block.

Buffers alive at the same time never overlap; each goes, largest first, to the lowest
gap that fits (greedy by size: Pisarchyk & Lee, "Efficient Memory Management for Deep
Neural Net Inference", 2020). Pure: it knows no device and no tensor.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

ALIGNMENT = 64  # bytes: a cache line, and a full AVX-512 register


@dataclass(frozen=True)
class Buffer:
    """A need for memory.

    Attributes:
        size: Bytes.
        first: Position of the step that first writes to it.
        last: Position of the step that last reads it.
    """

    size: int
    first: int
    last: int


def aligned(size: int) -> int:
    """Return `size` rounded up to whole alignment units."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def assign_offsets(buffers: Sequence[Buffer]) -> tuple[list[int], int]:
    """Return an offset for each buffer, and the bytes needed in all."""
    offsets = [0] * len(buffers)
    placed: list[int] = []
    order = sorted(range(len(buffers)), key=lambda i: -buffers[i].size)
    for i in order:
        offsets[i] = _lowest_gap(buffers, offsets, placed, i)
        placed.append(i)
    ends = [offsets[i] + aligned(b.size) for i, b in enumerate(buffers)]
    return offsets, max(ends, default=0)


def _lowest_gap(
    buffers: Sequence[Buffer], offsets: list[int], placed: list[int], index: int
) -> int:
    new = buffers[index]
    alive = sorted(
        (offsets[j], offsets[j] + aligned(buffers[j].size))
        for j in placed
        if buffers[j].first <= new.last and new.first <= buffers[j].last
    )
    offset = 0
    for start, end in alive:
        if offset + aligned(new.size) <= start:
            break
        offset = max(offset, end)
    return offset


def lower_bound(buffers: Sequence[Buffer]) -> int:
    """Return the largest sum of sizes alive at one time: no plan needs less."""
    changes: dict[int, int] = {}
    for buffer in buffers:
        size = aligned(buffer.size)
        changes[buffer.first] = changes.get(buffer.first, 0) + size
        changes[buffer.last + 1] = changes.get(buffer.last + 1, 0) - size
    alive = itertools.accumulate(changes[step] for step in sorted(changes))
    return max(alive, default=0)
