"""Elementwise loops: the kernel of `fused`, and calls of loops that can be merged."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from kerasish.backend.contract import Array, Instruction
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
        return compiled(source), self._parts()

    def _parts(self) -> list[list[int]]:
        """Return the words of the parts, cut along the outermost axis."""
        outer = self.sizes[0]
        steps = sum(_DEARER.get(one.name, 1) for one in self.body)
        work = math.prod(self.sizes) * steps * _COST
        number = TEAM.number(work, outer)
        grain = _ALIGNMENT if len(self.sizes) == 1 else 1
        share = -(-outer // (number * grain)) * grain
        moves = [step for track in self.tracks for step in track.steps]
        parts = []
        for start in range(0, outer, share):
            addresses = [
                array.ctypes.data + start * own[0] * array.itemsize
                for array, own in self.tracks
            ]
            sizes = (min(share, outer - start), *self.sizes[1:])
            parts.append([*sizes, *moves, *addresses])
        return parts


def loop_of(body: Sequence[Instruction], out: Array, inputs: Sequence[Array]) -> Loop:
    """Return the loop that computes a body of operations on arrays into `out`.

    Args:
        body: Its operands are positions of values: the inputs come first.
        out: Not empty; of the shape the inputs are broadcast to.
        inputs: The inputs; one may be `out` itself.
    """
    loops = loops_over(out.shape, [*inputs, out])
    tracks = [Track(*pair) for pair in zip([*inputs, out], loops.steps, strict=True)]
    places = {track.place(): track for track in tracks}
    number = {place: i for i, place in enumerate(places)}
    reads = tuple(dict.fromkeys(number[track.place()] for track in tracks[:-1]))
    values = [reads.index(number[track.place()]) for track in tracks[:-1]]
    made = renumbered(body, [*values, *(len(reads) + k for k in range(len(body)))])
    last = len(reads) + len(body) - 1
    writes = {number[tracks[-1].place()]: last}
    return Loop(loops.sizes, tuple(places.values()), reads, made, writes)


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


class FusedKernel:
    """A body of operations in one pass, in several parts where it is large."""

    def __call__(self, out: Array, *inputs: Array, body: tuple[Any, ...]) -> None:
        """Write the body's result into `out`."""
        self.bind(out, inputs, {"body": body})()

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the loop with its arrays filled in."""
        if out.size == 0:
            return _nothing
        return LoopCall(loop_of(attributes["body"], out, inputs))


def _nothing() -> None:
    return
