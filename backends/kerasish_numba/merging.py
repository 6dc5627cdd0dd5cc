"""Calls joined to programs, and large loops over the same elements merged to one.

An optimizer's sweep is several loops over the same arrays, as are a layer's gradients.
Two loops of equal lengths become one pass where they share an array and each array of
one is, element by element, an array of the other, or apart from all that the other
touches. What stands between them may be passed over by either if it touches nothing of
it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kerasish_numba.fused import Loop, LoopCall, renumbered
from kerasish_numba.program import NativeCall, NativeProgram, Span, span
from kerasish_numba.translating import single_calls

Call = Callable[[], Any]
_LEAST = 4096  # elements; smaller loops stay in the nearest cache anyway
_MOST_TRACKS = 12  # the compiler tests each written one against all others
_NEAR = 6  # large loops back that one is tried with


def joined(calls: Sequence[Call]) -> list[Call]:
    """Return calls that do the same, native ones that follow each other as one."""
    result: list[Call] = []
    single = itertools.chain.from_iterable(map(single_calls, calls))
    for is_native, group in itertools.groupby(single, _is_native):
        if not is_native:
            result += group
            continue
        merged: list[Any] = merge_loops(list(group))
        result.append(merged[0] if len(merged) == 1 else NativeProgram(merged))
    return result


def _is_native(call: Call) -> bool:
    return isinstance(call, NativeCall)


def merge_loops(calls: Sequence[Any]) -> list[NativeCall]:
    """Return native calls with large loops merged where that changes nothing."""
    result: list[NativeCall] = []
    for call in calls:
        result.append(call)
        if _is_large(call):
            _merge_last(result)
    return result


def _is_large(call: NativeCall) -> bool:
    return isinstance(call, LoopCall) and math.prod(call.loop.sizes) >= _LEAST


def _merge_last(calls: list[NativeCall]) -> None:
    """Merge the last call with one of the large loops before it, if that can be."""
    last = calls[-1]
    assert isinstance(last, LoopCall)
    earlier = (i for i in range(len(calls) - 2, -1, -1) if _is_large(calls[i]))
    for i in itertools.islice(earlier, _NEAR):
        other = calls[i]
        assert isinstance(other, LoopCall)
        between = calls[i + 1 : -1]
        moves_last = all(_are_apart(last, call) for call in between)
        if not moves_last and not all(_are_apart(other, call) for call in between):
            continue
        both = merged(other.loop, last.loop)
        if both is not None:
            calls.pop()
            if moves_last:
                calls[i] = LoopCall(both)
            else:
                del calls[i]
                calls.append(LoopCall(both))
            return


def _are_apart(one: NativeCall, other: NativeCall) -> bool:
    """Whether two calls may change places."""
    (written, read), (others_written, others_read) = one.spans, other.spans
    return not (
        _meet(written, (*others_written, *others_read)) or _meet(read, others_written)
    )


def _meet(some: Iterable[Span], others: Iterable[Span]) -> bool:
    """Whether memory of one list is also of the other."""
    return any(
        first < end and start < last for first, last in some for start, end in others
    )


def merged(first: Loop, second: Loop) -> Loop | None:
    """Return one loop for two, the second after the first; None if it cannot be."""
    if first.sizes != second.sizes:
        return None
    numbers = {track.place(): i for i, track in enumerate(first.tracks)}
    tracks = list(first.tracks)
    places: list[int] = []  # of the second's tracks among all
    for track in second.tracks:
        i = numbers.get(track.place(), len(tracks))
        if i == len(tracks):
            tracks.append(track)
        places.append(i)
    shared = set(places) & set(range(len(first.tracks)))
    if not shared or len(tracks) > _MOST_TRACKS or _collide(first, second, places):
        return None
    return _combined(first, second, tracks, places)


def _collide(first: Loop, second: Loop, places: Sequence[int]) -> bool:
    """Whether one writes what the other touches otherwise than element by element."""
    others = [span(track.array) for track in second.tracks]
    for i, track in enumerate(first.tracks):
        own = span(track.array)
        for j, other in enumerate(others):
            is_written = i in first.writes or j in second.writes
            if is_written and places[j] != i and _meet([own], [other]):
                return True
    return False


def _combined(
    first: Loop, second: Loop, tracks: Sequence[Any], places: Sequence[int]
) -> Loop:
    own = [places[j] for j in second.reads]  # what the second reads, among all
    new = [i for i in own if i not in first.writes and i not in first.reads]
    reads = (*first.reads, *new)
    count = len(first.reads)
    before = [*range(count), *(len(reads) + k for k in range(len(first.body)))]
    values = {i: before[value] for i, value in first.writes.items()}
    start = len(reads) + len(first.body)
    after = [values[i] if i in values else reads.index(i) for i in own]
    after += [start + k for k in range(len(second.body))]
    writes = values | {places[j]: after[v] for j, v in second.writes.items()}
    body = renumbered(first.body, before) + renumbered(second.body, after)
    return Loop(first.sizes, tuple(tracks), reads, body, writes)
