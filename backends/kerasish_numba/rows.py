"""The kernel of `fused_rows`: softmax, normalizations and the like in one loop.

Rows go through their passes while they lie in the nearest cache; large arrays are cut
into parts along the rows. What is dear to compute and needed in a later pass, such as
an exponential, is kept in scratch memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.contract import Array, BoundKernel, Shape
from kerasish.backend.rows import RowBody, held_along
from kerasish_numba.compiled import compiled
from kerasish_numba.fused import Track, parts_of, renumbered, share_tracks, steps_of
from kerasish_numba.geometry import kinds_of, loops_over
from kerasish_numba.program import NativeCall
from kerasish_numba.row_source import BLOCK, RowPlan, RowSource, lasting_numbers
from kerasish_numba.source import Lane
from kerasish_numba.team import TEAM

_CHEAP = 3  # reads and operations that are done again rather than kept
_DEAR = ("exp", "expm1", "log", "log1p", "tanh", "erf")
_TOGETHER = 2048  # elements that take all passes while they are in the nearest cache
_VECTORS = 32  # elements the compiler takes at once; what is left goes one by one


def _body_of(body: Sequence[Any], held: Sequence[bool], length: int) -> RowBody:
    """Return a body; where rows end in the middle of vectors, dear operations apart."""
    is_even = length % _VECTORS == 0 or length >= _TOGETHER
    return RowBody(body, held, () if is_even else _DEAR)


def _kept(body: RowBody, results: Sequence[int]) -> list[int]:
    """Return the values of elements worth keeping from one pass to the next."""
    kept: list[int] = []
    last: dict[int, int] = {}
    for at, one in enumerate(body.passes(results)):
        last |= dict.fromkeys(one.elements, at)
    cost = [0 if number else 1 for number in body.is_number[: body.num_inputs]]
    for value in range(body.num_inputs, len(body.level)):
        own = body.instruction(value)
        whole = sum(cost[i] for i in set(own.operands)) + steps_of([own])
        is_dear = last.get(value, 0) > body.level[value] and whole > _CHEAP
        if is_dear and not body.is_number[value]:
            kept.append(value)
        is_there = body.is_apart[value] or value in kept
        cost.append(0 if body.is_number[value] else 1 if is_there else whole)
    return kept


def _plan(body: RowBody, results: Sequence[int], kept: Sequence[int]) -> RowPlan:
    """Return what is computed, with what needs scratch memory for it."""
    passes = tuple(body.passes(results, kept))
    apart = [v for one in passes for v in one.apart]
    elements = sorted({*apart, *(v for v in kept if v not in results)})
    return RowPlan(body, passes, tuple(elements), lasting_numbers(body, passes))


def _together(length: int) -> int:
    """Return how many rows take all passes before the next ones begin."""
    return max(_TOGETHER // length, 1)


class RowsKernel(BoundKernel):
    """A body along rows in one loop, in several parts where it is large."""

    def scratch(
        self,
        out: Any,
        *inputs: Any,
        body: Sequence[Any],
        results: tuple[int, ...],
        shape: Shape,
        flat: tuple[bool, ...],
        **_: Any,
    ) -> list[tuple[Shape, str]]:
        """Return memory for each part, for each value that is kept."""
        made = _body_of(body, held_along(inputs, flat, shape), shape[-1])
        plan = _plan(made, results, _kept(made, results))
        count = _together(shape[-1])
        forms = dict.fromkeys(plan.elements, count * shape[-1])
        forms |= dict.fromkeys(plan.numbers, count)
        return [
            ((TEAM.num_threads, size), made.instruction(value).dtype)
            for value, size in forms.items()
        ]

    def bind(
        self, out: Any, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the loop with its arrays filled in."""
        if math.prod(attributes["shape"]) == 0:
            return _nothing
        outs = out if isinstance(out, tuple) else (out,)
        return _bound(outs, inputs, attributes)


def _nothing() -> None:
    return


def _bound(
    outs: Sequence[Array], inputs: Sequence[Array], attributes: dict[str, Any]
) -> NativeCall:
    shape, flat = attributes["shape"], attributes["flat"]
    held = held_along(inputs, flat, shape)
    views = [_along(x, shape, own) for x, own in zip(inputs, flat, strict=True)]
    views += [_along(x, shape, x.ndim < len(shape)) for x in outs]
    loops = loops_over(shape[:-1], [view[..., 0] for view in views])
    tracks = [
        Track(view, (*steps, view.strides[-1] // view.itemsize))
        for view, steps in zip(views, loops.steps, strict=True)
    ]
    shared = share_tracks(tracks[: len(inputs)], tracks[len(inputs) :])
    first, body = len(shared.reads), attributes["body"]
    positions = [*shared.values, *range(first, first + len(body))]
    plain = _body_of(body, held, shape[-1])
    kept = [positions[v] for v in _kept(plain, attributes["results"])]
    results = [positions[v] for v in attributes["results"]]
    held = [held[shared.values.index(k)] for k in range(first)]
    rows = _body_of(renumbered(body, positions), held, shape[-1])
    written = dict(zip(shared.results, results, strict=True))
    dtypes = [track.array.dtype.name for track in shared.tracks]
    kinds = kinds_of(track.steps for track in shared.tracks)
    lanes = [
        Lane(dtype, kind, i in shared.reads, written.get(i))
        for i, (dtype, kind) in enumerate(zip(dtypes, kinds, strict=True))
    ]
    sizes = (*loops.sizes, shape[-1])
    is_long = shape[-1] > BLOCK
    source = RowSource(_plan(rows, results, kept), lanes, len(sizes), is_long)
    work = math.prod(sizes) * steps_of(body)
    parts = parts_of(sizes, shared.tracks, work)
    scratch = attributes.get("scratch", ())
    for i, part in enumerate(parts):
        part += [row[i].ctypes.data for row in scratch]
        part.append(_together(shape[-1]))
    return NativeCall(compiled(source.text()), parts, outs, [*inputs, *scratch])


def _along(array: Array, shape: Shape, flat: bool) -> Array:
    """Return a view of an array, or of numbers for each row, as long as the rows."""
    return np.broadcast_to(array[..., None] if flat else array, shape)
