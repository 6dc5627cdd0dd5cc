"""Elementwise loops: the kernel of `fused`, and calls of loops that can be merged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from kerasish.backend.contract import Array, BoundKernel, Instruction
from kerasish_numba.compiled import compiled
from kerasish_numba.geometry import kinds_of, loops_over
from kerasish_numba.program import NativeCall
from kerasish_numba.source import Lane, loop_source
from kerasish_numba.team import TEAM

_COST = 4  # an operation on an element, in multiplications of a product
_DEARER = {"divide": 3, "sqrt": 3, "power": 20} | dict.fromkeys(
    ("exp", "expm1", "log", "log1p", "tanh", "erf"), 9
)  # by how much others are
_ALIGNMENT = 16  # elements a thread's share is a multiple of: a cache line of float32


class Operation(NamedTuple):
    """One instruction of a loop (see `kerasish.backend.contract.Instruction`)."""

    name: str
    operands: tuple[int, ...]
    dtype: str


class Track(NamedTuple):
    """An array as a loop runs along it.

    Attributes:
        array: The array.
        steps: How many elements the loop moves on along each axis of the loop.
    """

    array: Array
    steps: tuple[int, ...]

    def place(self) -> tuple[Any, ...]:
        """Return what is equal for tracks of the very same elements."""
        return self.array.ctypes.data, self.array.dtype.name, self.steps


@dataclass(frozen=True)
class Loop:
    """An elementwise computation over arrays.

    Attributes:
        sizes: Length of each loop, the innermost last.
        tracks: The arrays, each once.
        reads: Which are read, in the order of the first values.
        body: The operations; each one's result is the next value.
        writes: Track -> position of the value it is given.
    """

    sizes: tuple[int, ...]
    tracks: tuple[Track, ...]
    reads: tuple[int, ...]
    body: tuple[Instruction, ...]
    writes: dict[int, int]

    def native(self) -> tuple[int, list[list[int]]]:
        """Return the address of its machine code, and the words of its parts."""
        kinds = kinds_of(track.steps for track in self.tracks)
        dtypes = [track.array.dtype.name for track in self.tracks]
        lanes = [
            Lane(dtype, kind, i in self.reads, self.writes.get(i))
            for i, (dtype, kind) in enumerate(zip(dtypes, kinds, strict=True))
        ]
        source = loop_source(self.body, lanes, len(self.sizes))
        work = math.prod(self.sizes) * steps_of(self.body)
        return compiled(source), parts_of(self.sizes, self.tracks, work)


def steps_of(body: Iterable[Instruction]) -> int:
    """Return how long a body takes for an element, in additions."""
    return sum(_DEARER.get(one.name, 1) for one in body)


def parts_of(
    sizes: Sequence[int], tracks: Sequence[Track], work: int
) -> list[list[int]]:
    """Return the words of a loop's parts, cut along the outermost axis.

    Args:
        sizes: Length of each loop, the innermost last.
        tracks: The arrays.
        work: Additions.
    """
    outer = sizes[0]
    number = TEAM.number(work * _COST, outer)
    grain = _ALIGNMENT if len(sizes) == 1 else 1
    share = -(-outer // (number * grain)) * grain
    moves = [step for track in tracks for step in track.steps]
    parts = []
    for start in range(0, outer, share):
        addresses = [
            array.ctypes.data + start * own[0] * array.itemsize for array, own in tracks
        ]
        parts.append([min(share, outer - start), *sizes[1:], *moves, *addresses])
    return parts


class Shared(NamedTuple):
    """Tracks of operands and results, those of the very same elements as one.

    Attributes:
        tracks: Each once.
        reads: Which are read, in the order of the values they hold.
        values: For each operand, the value that holds its element.
        results: For each result, its track.
    """

    tracks: tuple[Track, ...]
    reads: tuple[int, ...]
    values: list[int]
    results: list[int]


def share_tracks(operands: Sequence[Track], results: Sequence[Track]) -> Shared:
    """Return tracks with what is in the same places joined."""
    both = [*operands, *results]
    places = {track.place(): track for track in both}
    number = {place: i for i, place in enumerate(places)}
    numbers = [number[track.place()] for track in both]
    reads = tuple(dict.fromkeys(numbers[: len(operands)]))
    values = [reads.index(i) for i in numbers[: len(operands)]]
    return Shared(tuple(places.values()), reads, values, numbers[len(operands) :])


def loop_of(body: Sequence[Instruction], out: Array, inputs: Sequence[Array]) -> Loop:
    """Return the loop that computes a body of operations on arrays into `out`.

    Args:
        body: Its operands are positions of values: the inputs come first.
        out: Not empty; of the shape the inputs are broadcast to.
        inputs: The inputs; one may be `out` itself.
    """
    loops = loops_over(out.shape, [*inputs, out])
    tracks = [Track(*pair) for pair in zip([*inputs, out], loops.steps, strict=True)]
    shared = share_tracks(tracks[:-1], tracks[-1:])
    first = len(shared.reads)
    made = renumbered(body, [*shared.values, *range(first, first + len(body))])
    writes = {shared.results[0]: first + len(body) - 1}
    return Loop(loops.sizes, shared.tracks, shared.reads, made, writes)


def loop_of_sum(arrays: Sequence[Array]) -> Loop:
    """Return the loop that adds arrays to the first of them."""
    dtype = arrays[0].dtype.name
    count = len(arrays)
    body = [Operation("add", (0, 1), dtype)]
    body += [Operation("add", (count + i - 2, i), dtype) for i in range(2, count)]
    return loop_of(body, arrays[0], arrays)


def renumbered(
    body: Sequence[Instruction], positions: Sequence[int]
) -> tuple[Instruction, ...]:
    """Return a body with other numbers for its values."""
    return tuple(
        Operation(one.name, tuple(positions[i] for i in one.operands), one.dtype)
        for one in body
    )


class LoopCall(NativeCall):
    """The call of a loop; compiled when its row is asked for first."""

    __slots__ = ("_bound", "loop")

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._bound: NativeCall | None = None
        self._spans = None
        arrays = [track.array for track in loop.tracks]
        self.written = tuple(arrays[i] for i in loop.writes)
        self.read = tuple(arrays[i] for i in loop.reads)

    @property
    def row(self) -> np.ndarray:
        """The call's words in a program."""
        return self._native().row

    def _native(self) -> NativeCall:
        if self._bound is None:
            self._bound = NativeCall(*self.loop.native(), self.written, self.read)
        return self._bound

    def __call__(self) -> None:
        """Run it, with helpers if it has parts."""
        self._native()()


class FusedKernel(BoundKernel):
    """A body of operations in one pass, in several parts where it is large."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the loop with its arrays filled in."""
        if out.size == 0:
            return _nothing
        return LoopCall(loop_of(attributes["body"], out, inputs))


def _nothing() -> None:
    return
