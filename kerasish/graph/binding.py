"""Binding a plan's steps to arrays: a flat list of calls without arguments.

`Binding` says where each value lies and asks the backend for a bound call per step. The
arrays and calls it makes are kept in a `Pool`: where one plan is bound several times to
arrays that differ little, as the body of a loop is, what is equal is made once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kerasish.backend.contract import Array, Backend, Step
from kerasish.graph import plan as planning
from kerasish.graph.pieces import CARVED, carve, pieces_of
from kerasish.graph.plan import Plan, Slot
from kerasish.graph.tensor import CONSTANT, READ, Tensor

Call = Callable[[], Any]


class Program:
    """Calls in order, each with the tensor it computes, for messages.

    Args:
        backend: Whose calls they are; it may join them to fewer.

    Attributes:
        calls: What a run does.
        origins: The tensor each call computes; None where it only moves a value.
    """

    def __init__(self, backend: Backend) -> None:
        self.calls: list[Call] = []
        self.origins: list[Tensor | None] = []
        self._backend = backend
        self._joined: Sequence[Call] | None = None

    def add(self, origin: Tensor | None, call: Call) -> None:
        """Append a call."""
        self.calls.append(call)
        self.origins.append(origin)

    def extend(self, other: Program) -> None:
        """Append another program's calls."""
        self.calls += other.calls
        self.origins += other.origins

    def __call__(self) -> None:
        """Run the calls; an error says which tensor was being computed."""
        if self._joined is None:
            self._joined = self._backend.joined(self.calls)
        call: Call | None = None
        try:
            for call in self._joined:
                call()
        except Exception as error:
            self._explain(error, call)
            raise

    def _explain(self, error: Exception, call: Call | None) -> None:
        at = next((i for i, c in enumerate(self.calls) if c is call), None)
        origin = None if at is None else self.origins[at]
        if origin is not None:
            where = f" of '{origin.scope}'" if origin.scope else ""
            error.add_note(f"while computing {origin!r}{where}")


class Pool:
    """Arrays and bound calls over one memory, each made once.

    Args:
        backend: Whose arrays they are.
        memory: The block of bytes that slots lie in.
    """

    def __init__(self, backend: Backend, memory: Array) -> None:
        self.backend = backend
        self._memory = memory
        self._slots: dict[Slot, Array] = {}
        # by the identity of arrays, which are kept, so that no other takes their place
        self._views: dict[tuple[Tensor, int], tuple[Array, Array]] = {}
        self._calls: dict[Any, tuple[Call, Any]] = {}

    def slot(self, slot: Slot) -> Array:
        """Return the array at a place in the memory.

        One object per place: kernels see by identity that they work in place.
        """
        if slot not in self._slots:
            self._slots[slot] = self.backend.carve(
                self._memory, slot.offset, slot.shape, slot.dtype
            )
        return self._slots[slot]

    def view(self, tensor: Tensor, base: Array) -> Array:
        """Return what a view node shows of an array."""
        key = (tensor, id(base))
        if key not in self._views:
            shown = self.backend.view(tensor.op.name, base, tensor.attributes)
            self._views[key] = (base, shown)
        return self._views[key][1]

    def call(
        self,
        origin: Tensor | None,
        name: str,
        out: Any,
        inputs: Sequence[Array],
        attributes: dict[str, Any],
    ) -> Call:
        """Return the call of a kernel, or of control flow, on these very arrays."""
        outs = out if isinstance(out, tuple) else (out,)
        key = (origin, name, *map(id, outs), None, *map(id, inputs))
        if key not in self._calls:
            if origin is not None and origin.op.is_control:
                call = origin.op.bind(self.backend, outs, inputs, attributes)
            else:
                call = self.backend.bind(name, out, inputs, attributes)
            self._calls[key] = (call, (outs, tuple(inputs)))
        return self._calls[key][0]


def _chains(plan: Plan) -> Iterator[list[Tensor]]:
    """Return the steps in order, elementwise ones of one size together."""

    def form(tensor: Tensor) -> Any:
        in_chain = tensor.op.is_elementwise and tensor not in plan.scratch
        return tensor.size if in_chain else tensor

    for _, steps in itertools.groupby(plan.steps, form):
        yield list(steps)


class Binding:
    """A plan bound to arrays.

    Attributes:
        program: The calls of a run.
    """

    def __init__(
        self,
        plan: Plan,
        pool: Pool,
        inputs: Sequence[Array],
        targets: Mapping[Any, Array] | None = None,
    ) -> None:
        """Bind.

        Args:
            plan: The plan.
            pool: Its memory.
            inputs: The arrays of the graph's inputs, in order.
            targets: For what is assigned to but owns no array, the array.
        """
        self._plan = plan
        self._pool = pool
        self._targets = targets or {}
        self._arrays = dict(zip(plan.graph.inputs, inputs, strict=True))
        self.program = Program(pool.backend)
        for steps in _chains(plan):
            if len(steps) == 1 or not self._bind_chain(steps):
                for tensor in steps:
                    self._bind_step(tensor)
        for variable, value in plan.copies:
            self._copy(None, self._state(variable), value)

    def array(self, tensor: Tensor) -> Array:
        """Return the array a tensor's value lies in."""
        if tensor not in self._arrays:
            self._arrays[tensor] = self._locate(tensor)
        return self._arrays[tensor]

    def _bind_chain(self, steps: Sequence[Tensor]) -> bool:
        """Bind elementwise steps as one call, if the backend has one."""
        chain = [
            Step(t.op.name, self.array(t), [self.array(x) for x in t.inputs], own)
            for t in steps
            for own in [dict(t.attributes)]
        ]
        call = self._pool.backend.bind_chain(chain)
        if call is not None:
            self.program.add(steps[-1], call)
        return call is not None

    def _bind_step(self, tensor: Tensor) -> None:
        if tensor.op.name == "concat" and planning.has_parts(self._plan, tensor):
            for source, slot in planning.unplaced_parts(self._plan, tensor):
                self._copy(tensor, self._pool.slot(slot), source)
            return
        attributes = dict(tensor.attributes)
        if tensor in self._plan.scratch:
            slots = self._plan.scratch[tensor]
            attributes["scratch"] = tuple(self._pool.slot(s) for s in slots)
        inputs = [self.array(t) for t in tensor.inputs]
        out = self._results(tensor) if tensor.op.is_several else self.array(tensor)
        call = self._pool.call(tensor, tensor.op.name, out, inputs, attributes)
        self.program.add(tensor, call)

    def _copy(self, origin: Tensor | None, target: Array, source: Tensor) -> None:
        arrays = target, (self.array(source),)
        self.program.add(origin, self._pool.call(None, "copy", *arrays, {}))

    def _locate(self, tensor: Tensor) -> Array:
        if tensor in self._plan.slots:
            return self._pool.slot(self._plan.slots[tensor])
        if tensor in self._plan.states:
            return self._state(self._plan.states[tensor])
        if tensor.op is READ:
            return tensor.attributes["variable"].array
        if tensor.op is CONSTANT:
            return tensor.attributes["value"]
        if tensor.op is CARVED:
            return self._piece(tensor)
        return self._pool.view(tensor, self.array(tensor.inputs[0]))

    def _state(self, variable: Any) -> Array:
        if variable in self._targets:
            return self._targets[variable]
        return variable.array

    def _results(self, block: Tensor) -> tuple[Array, ...]:
        pieces = (carve(block, i) for i in range(len(pieces_of(block))))
        return tuple(self._piece(piece) for piece in pieces)

    def _piece(self, tensor: Tensor) -> Array:
        at = self._plan.slots[tensor.inputs[0]].offset + tensor.attributes["offset"]
        return self._pool.slot(Slot(at, tensor.shape, tensor.dtype))
