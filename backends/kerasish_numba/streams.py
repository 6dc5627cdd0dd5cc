"""Streams of native calls: each is one part of one call, on a core of its own.

So what a stream writes stays in the cache of its core from call to call, and cores meet
once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kerasish.backend.contract import Array
from kerasish.backend.streams import Call, Streams
from kerasish_numba.compiled import compiled
from kerasish_numba.merging import merge_loops
from kerasish_numba.program import NativeCall, NativeProgram, NativeSequence, span
from kerasish_numba.source import HEADER
from kerasish_numba.team import TEAM
from kerasish_numba.translating import native_calls
from kerasish_numpy.workers import WORKERS

_SOURCE = """from kerasish_numba.native import run


def native(address):
    words = words_at(address)
    run(words[0], words[1], 0)
"""


class NativeStreams(Streams):
    """Streams that the team computes; those with calls of NumPy, its workers."""

    def number(self, work: int, most: int) -> int:
        """Return one stream for small work, else one for each thread."""
        return TEAM.number(work, most)

    def together(self, streams: Sequence[Sequence[Call]]) -> Call:
        """Return a call that runs all streams to their end."""
        native = [native_calls(stream) for stream in streams]
        known = [calls for calls in native if calls is not None]
        if len(known) < len(native):
            return WORKERS.together(streams)
        return NativeSequence(known[0]) if len(known) == 1 else StreamsCall(known)


class StreamsCall(NativeCall):
    """A native call whose parts are programs.

    Args:
        streams: The calls of each.
    """

    __slots__ = ("_programs",)

    def __init__(self, streams: Sequence[Sequence[NativeCall]]) -> None:
        self._programs = [NativeProgram(merge_loops(calls)) for calls in streams]
        both = [call for calls in streams for call in calls]
        super().__init__(
            compiled(HEADER + _SOURCE),
            [program.words for program in self._programs],
            _distinct(x for call in both for x in call.written),
            _distinct(x for call in both for x in call.read),
        )


def _distinct(arrays: Iterable[Array]) -> list[Array]:
    """Return arrays without those that span the same memory as another."""
    return list({span(array): array for array in arrays}.values())
