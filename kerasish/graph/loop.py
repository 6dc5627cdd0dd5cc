"""Loops of a known number of steps: the operation behind scan, fori_loop and map.

A step's body is `(captured..., carries..., one slice of each sequence...) ->
(carries..., one slice of each result...)`. The results are the carries after the last
step and the stacks of the slices. Short loops are bound step by step: each step's calls
read the very slices of the sequences, and write into the very slices of the results;
carries go to and fro between two buffers, or lie in a result where they are one. So a
step costs its operations, and nothing is copied. Long loops are bound three times (the
first step, even, odd) and copy slices in and out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kerasish.backend.contract import Array, Backend
from kerasish.graph.binding import Pool, Program
from kerasish.graph.nested import ControlOp, Needs, Planned, Prepared, Run
from kerasish.graph.tensor import Spec, Tensor

MOST_CALLS = 1 << 16  # of a loop bound step by step: some 10 MB of Python objects


class Settings(NamedTuple):
    """The attributes of a loop's node.

    Attributes:
        body: One step.
        length: Number of steps.
        reverse: Whether the last slices come first.
        captured: How many inputs are the same in every step; they come first.
        carries: How many values a step hands to the next.
    """

    body: Any
    length: int
    reverse: bool
    captured: int
    carries: int

    def order(self) -> list[int]:
        """Return the indices of the slices, step by step."""
        return list(range(self.length))[:: -1 if self.reverse else 1]

    def split(self, values: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """Return what belongs to the captured inputs, the carries, the sequences."""
        first, second = self.captured, self.captured + self.carries
        return list(values[:first]), list(values[first:second]), list(values[second:])


class LoopOp(ControlOp):
    """The loop; its attributes are the fields of `Settings`."""

    def pieces(self, operands: Sequence[Any], attributes: dict[str, Any]) -> list[Spec]:
        """Return the forms of the last carries and of the stacked results."""
        settings = Settings(**attributes)
        outputs = settings.body.outputs
        carries = [Spec(t.shape, t.dtype) for t in outputs[: settings.carries]]
        return carries + [
            Spec((settings.length, *t.shape), t.dtype)
            for t in outputs[settings.carries :]
        ]

    def scratch(self, attributes: dict[str, Any]) -> Needs:
        """Return the body's block, then the buffers of the layout."""
        layout = _layout(Settings(**attributes))
        return [((layout.planned.plan.num_bytes,), "uint8"), *layout.buffers]

    def num_calls(self, attributes: dict[str, Any]) -> int:
        """Return about how many calls a run consists of."""
        settings = Settings(**attributes)
        return settings.length * _layout(settings).planned.num_calls()

    def bind(
        self,
        backend: Backend,
        outs: tuple[Array, ...],
        inputs: Sequence[Array],
        attributes: dict[str, Any],
    ) -> Callable[[], Any]:
        """Return the call that runs all steps."""
        settings = Settings(**{k: attributes[k] for k in Settings._fields})
        layout = _layout(settings)
        make = _LongLoop if layout.is_long else _ShortLoop
        return make(backend, settings, layout, attributes["scratch"]).bind(outs, inputs)

    def interpret(
        self,
        backend: Backend,
        outs: tuple[Array, ...],
        inputs: Sequence[Array],
        attributes: dict[str, Any],
        run: Run,
    ) -> None:
        """Fill `outs` step by step."""
        settings = Settings(**attributes)
        captured, carries, sequences = settings.split(inputs)
        for i in settings.order():
            slices = [slice_of(backend, x, i) for x in sequences]
            results = run(settings.body.graph, [*captured, *carries, *slices])
            carries = results[: settings.carries]
            for stack, y in zip(
                outs[settings.carries :], results[settings.carries :], strict=True
            ):
                backend.copy(slice_of(backend, stack, i), y)
        for out, carry in zip(outs, carries, strict=False):
            backend.copy(out, carry)


LOOP = LoopOp("loop")


def slice_of(backend: Backend, stack: Array, i: int) -> Array:
    """Return a view of the i-th slice along the first axis."""
    part = backend.view("slice_to", stack, {"slices": (slice(i, i + 1),)})
    shape = tuple(stack.shape[1:])
    return backend.view("reshape_to", part, {"newshape": shape})


class _Layout(NamedTuple):
    """Where a step's outputs go.

    Attributes:
        planned: The body's plan.
        places: The place of each output, by number; equal tensors share one.
        histories: Carries of which a result collects the values on entry -> the output
            that does; the step before writes the carry into that result.
        buffers: Two arrays for each place that is no slice of a result, in order;
            of a long loop two for each output, then one for each sequence.
        is_long: Whether it is too long to be bound step by step.
    """

    planned: Planned
    places: list[int | None]
    histories: dict[int, int]
    buffers: Needs
    is_long: bool


def _layout(settings: Settings) -> _Layout:
    body: Prepared = settings.body
    places, histories = _shared_places(settings)
    planned = body.planned(places)
    if settings.length * planned.num_calls() > MOST_CALLS:
        return _long_layout(settings)
    kept = _buffered(settings, places, histories)
    forms = [(planned.places[p].shape, planned.places[p].dtype) for p in kept]
    return _Layout(planned, places, histories, [f for f in forms for _ in "ab"], False)


def _long_layout(settings: Settings) -> _Layout:
    body: Prepared = settings.body
    places: list[int | None] = list(range(len(body.outputs)))
    forms = [(t.shape, t.dtype) for t in body.outputs]
    slices = [(t.shape, t.dtype) for t in settings.split(body.inputs)[2]]
    return _Layout(body.planned(places), places, {}, [*forms, *forms, *slices], True)


def _shared_places(settings: Settings) -> tuple[list[int | None], dict[int, int]]:
    outputs = settings.body.outputs
    carries, stacked = outputs[: settings.carries], outputs[settings.carries :]
    entering = settings.split(settings.body.inputs)[1]
    numbers: dict[Tensor, int] = {}
    places: list[int | None] = []
    histories: dict[int, int] = {}
    for k, tensor in enumerate(outputs):
        j = entering.index(tensor) if k >= len(carries) and tensor in entering else -1
        alone = j >= 0 and carries.count(carries[j]) == 1 and carries[j] not in stacked
        if alone and j not in histories:
            histories[j] = k
            places.append(None)
        else:
            places.append(numbers.setdefault(tensor, len(numbers)))
    return places, histories


def _buffered(
    settings: Settings, places: list[int | None], histories: dict[int, int]
) -> list[int]:
    """Return the places of carries that lie in no result."""
    in_results = set(places[settings.carries :])
    in_results |= {places[j] for j in histories}
    carried = dict.fromkeys(p for p in places[: settings.carries] if p is not None)
    return [p for p in carried if p not in in_results]


class _ShortLoop:
    """A loop bound step by step."""

    def __init__(
        self,
        backend: Backend,
        settings: Settings,
        layout: _Layout,
        scratch: Sequence[Array],
    ) -> None:
        self.backend = backend
        self.settings = settings
        self.layout = layout
        self.pool = Pool(backend, scratch[0])
        kept = _buffered(settings, layout.places, layout.histories)
        self.buffers = {p: scratch[1 + 2 * i : 3 + 2 * i] for i, p in enumerate(kept)}
        self.program = Program(backend)

    def bind(
        self, outs: tuple[Array, ...], inputs: Sequence[Array]
    ) -> Callable[[], Any]:
        """Return the call of all steps."""
        captured, carries, sequences = self.settings.split(inputs)
        order = self.settings.order()
        for step, i in enumerate(order):
            following = order[step + 1] if step + 1 < len(order) else None
            targets = self._targets(outs, step, i, following)
            if step == 0:
                for j, k in self.layout.histories.items():
                    self._copy(slice_of(self.backend, outs[k], i), carries[j])
            slices = [slice_of(self.backend, x, i) for x in sequences]
            operands = [*captured, *carries, *slices]
            self.program.extend(self.layout.planned.bind(self.pool, operands, targets))
            self._fill_repeated(outs, i, targets)
            carries = [targets[p] for p in self._carry_places()]
        for out, carry in zip(outs, carries, strict=False):
            if carry is not out:
                self._copy(out, carry)
        return self.program

    def _carry_places(self) -> list[int]:
        places = self.layout.places[: self.settings.carries]
        return [p for p in places if p is not None]

    def _targets(
        self, outs: tuple[Array, ...], step: int, i: int, following: int | None
    ) -> dict[int, Array]:
        """Return the array of each place in a step."""
        places, found = self.layout.places, dict[int, Array]()
        for k in range(self.settings.carries, len(places)):
            p = places[k]
            if p is not None and p not in found:
                found[p] = slice_of(self.backend, outs[k], i)
        for j, p in enumerate(self._carry_places()):
            if p in found:
                continue
            if following is None:
                found[p] = outs[j]
            elif j in self.layout.histories:
                stack = outs[self.layout.histories[j]]
                found[p] = slice_of(self.backend, stack, following)
            else:
                found[p] = self.buffers[p][step % 2]
        return found

    def _fill_repeated(
        self, outs: tuple[Array, ...], i: int, targets: dict[int, Array]
    ) -> None:
        """Copy what a step stacks more than once."""
        seen: set[int] = set()
        for k in range(self.settings.carries, len(self.layout.places)):
            p = self.layout.places[k]
            if p in seen:
                self._copy(slice_of(self.backend, outs[k], i), targets[p])
            elif p is not None:
                seen.add(p)

    def _copy(self, target: Array, source: Array) -> None:
        self.program.add(None, self.backend.bind("copy", target, (source,), {}))


class _LongLoop:
    """A loop bound three times, that copies slices in and out."""

    def __init__(
        self,
        backend: Backend,
        settings: Settings,
        layout: _Layout,
        scratch: Sequence[Array],
    ) -> None:
        self.backend = backend
        self.settings = settings
        self.planned = layout.planned
        self.pool = Pool(backend, scratch[0])
        count = len(layout.places)
        self.halves = scratch[1 : 1 + count], scratch[1 + count : 1 + 2 * count]
        self.slices = scratch[1 + 2 * count :]

    def bind(
        self, outs: tuple[Array, ...], inputs: Sequence[Array]
    ) -> Callable[[], Any]:
        """Return the call of all steps."""
        captured, carries, sequences = self.settings.split(inputs)
        count = self.settings.carries
        even, odd = self.halves
        first = self._step(captured, carries, even)
        steps = (
            self._step(captured, odd[:count], even),
            self._step(captured, even[:count], odd),
        )
        calls: list[Callable[[], Any]] = []
        for step, i in enumerate(self.settings.order()):
            calls += self._moves(self.slices, sequences, i, into_stack=False)
            calls.append(steps[step % 2] if step else first)
            made = self.halves[step % 2][count:]
            calls += self._moves(made, outs[count:], i, into_stack=True)
        last = self.halves[(self.settings.length - 1) % 2]
        for out, carry in zip(outs[:count], last, strict=False):
            calls.append(self.backend.bind("copy", out, (carry,), {}))
        return functools.partial(_run_all, calls)

    def _step(
        self,
        captured: Sequence[Array],
        carries: Sequence[Array],
        targets: Sequence[Array],
    ) -> Program:
        operands = [*captured, *carries, *self.slices]
        return self.planned.bind(self.pool, operands, dict(enumerate(targets)))

    def _moves(
        self,
        slices: Sequence[Array],
        stacks: Sequence[Array],
        i: int,
        into_stack: bool,
    ) -> list[Callable[[], Any]]:
        moves = []
        for part, stack in zip(slices, stacks, strict=True):
            pair = slice_of(self.backend, stack, i), part
            target, source = pair if into_stack else pair[::-1]
            moves.append(self.backend.bind("copy", target, (source,), {}))
        return moves


def _run_all(calls: list[Callable[[], Any]]) -> None:
    for call in calls:
        call()
