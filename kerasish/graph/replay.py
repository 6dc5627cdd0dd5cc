"""Binding a plan to memory, and replaying it.

`Replay` holds one block of memory and a flat list of calls without arguments; running
it touches no graph object and allocates nothing. `Executable` hands replays out: a
thread takes one for itself and gives it back, so one executable serves many threads at
once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kerasish.backend.contract import Array, Backend
from kerasish.graph import plan as planning
from kerasish.graph import tree
from kerasish.graph.fuse import fuse
from kerasish.graph.lower import lower
from kerasish.graph.plan import Plan, Slot
from kerasish.graph.simplify import simplify
from kerasish.graph.tensor import CONSTANT, READ, Tensor
from kerasish.graph.trace import Graph
from kerasish.graph.variable import Variable, storage_generation
from kerasish.graph.verify import verify

Call = Callable[[], Any]


class Replay:
    """A plan bound to arrays.

    Attributes:
        inputs: Arrays to be filled before each run.
        outputs: Arrays that hold the results after a run, until the next.
        calls: What a run does, in order.
    """

    def __init__(self, plan: Plan, backend: Backend) -> None:
        self._plan = plan
        self._backend = backend
        self._memory = backend.empty((plan.num_bytes,), "uint8")
        self._arrays: dict[Tensor, Array] = {}
        self._slots: dict[Slot, Array] = {}
        self.inputs = [backend.empty(t.shape, t.dtype) for t in plan.graph.inputs]
        views = [backend.host_view(a) for a in self.inputs]
        self._host_inputs = None if any(v is None for v in views) else views
        self._bind()

    def feed(self, batch: Any) -> None:
        """Fill the inputs from a batch (`write(buffers)`, `arrays()`)."""
        if self._host_inputs is not None:
            batch.write(self._host_inputs)
            return
        for target, source in zip(self.inputs, batch.arrays(), strict=True):
            self._backend.upload(target, source)

    def _bind(self) -> None:
        self._generation = storage_generation()
        self._arrays = dict(zip(self._plan.graph.inputs, self.inputs, strict=True))
        self._states = [(v, v.array) for v in self._variables()]
        self._origins: list[Tensor | None] = []
        self.calls: list[Call] = []
        for tensor in self._plan.steps:
            self._bind_step(tensor)
        for variable, value in self._plan.copies:
            target, source = variable.array, self._array(value)
            self._add(None, self._backend.bind("copy", target, (source,), {}))
        self.outputs = [self._array(t) for t in self._plan.graph.outputs]

    def _variables(self) -> list[Variable]:
        leaves = [t for t in self._plan.graph.nodes() if t.op is READ]
        read = [t.attributes["variable"] for t in leaves]
        return list(dict.fromkeys([*read, *self._plan.graph.writes]))

    def _add(self, origin: Tensor | None, call: Call) -> None:
        self._origins.append(origin)
        self.calls.append(call)

    def _bind_step(self, tensor: Tensor) -> None:
        if tensor.op.name == "concat" and planning.has_parts(self._plan, tensor):
            for source, slot in planning.unplaced_parts(self._plan, tensor):
                arrays = self._slot(slot), (self._array(source),)
                self._add(tensor, self._backend.bind("copy", *arrays, {}))
            return
        attributes = dict(tensor.attributes)
        if tensor in self._plan.scratch:
            slots = self._plan.scratch[tensor]
            attributes["scratch"] = tuple(self._slot(s) for s in slots)
        inputs = [self._array(t) for t in tensor.inputs]
        out = self._array(tensor)
        self._add(tensor, self._backend.bind(tensor.op.name, out, inputs, attributes))

    def _array(self, tensor: Tensor) -> Array:
        if tensor not in self._arrays:
            self._arrays[tensor] = self._locate(tensor)
        return self._arrays[tensor]

    def _locate(self, tensor: Tensor) -> Array:
        if tensor in self._plan.slots:
            return self._slot(self._plan.slots[tensor])
        if tensor in self._plan.states:
            return self._plan.states[tensor].array
        if tensor.op is READ:
            return tensor.attributes["variable"].array
        if tensor.op is CONSTANT:
            return tensor.attributes["value"]
        base = self._array(tensor.inputs[0])
        return self._backend.view(tensor.op.name, base, tensor.attributes)

    def _slot(self, slot: Slot) -> Array:
        # one array object per place: kernels see by identity that they work in place
        if slot not in self._slots:
            self._slots[slot] = self._backend.carve(
                self._memory, slot.offset, slot.shape, slot.dtype
            )
        return self._slots[slot]

    def refresh(self) -> None:
        """Bind anew if a variable's array has been replaced since."""
        if self._generation == storage_generation():
            return
        if all(variable.array is array for variable, array in self._states):
            self._generation = storage_generation()
        else:
            self._bind()

    def run(self) -> None:
        """Compute the outputs and assign the variables, from the inputs' contents.

        The caller opens `backend.execution_scope()` around it.
        """
        if self._generation != storage_generation():
            self.refresh()
        call: Call | None = None
        try:
            for call in self.calls:
                call()
        except Exception as error:
            self._explain(error, call)
            raise

    def _explain(self, error: Exception, call: Call | None) -> None:
        at = next((i for i, c in enumerate(self.calls) if c is call), None)
        origin = None if at is None else self._origins[at]
        if origin is not None:
            where = f" of '{origin.scope}'" if origin.scope else ""
            error.add_note(f"while computing {origin!r}{where}")


class Executable:
    """A compiled graph.

    Attributes:
        plan: Its plan.
        backend: The backend it was compiled for.
    """

    def __init__(self, plan: Plan, backend: Backend) -> None:
        self.plan = plan
        self.backend = backend
        self._idle: list[Replay] = []

    @contextmanager
    def replay(self) -> Iterator[Replay]:
        """Lend a replay to this thread for the block."""
        try:
            lent = self._idle.pop()
        except IndexError:
            lent = Replay(self.plan, self.backend)
        try:
            lent.refresh()
            yield lent
        finally:
            self._idle.append(lent)

    def __call__(self, *arrays: Array) -> Any:
        """Run on arrays of the backend, one per input; return copies of the results."""
        with self.replay() as lent, self.backend.execution_scope():
            for target, source in zip(lent.inputs, arrays, strict=True):
                self.backend.copy(target, source)
            lent.run()
            results = [self._fresh(array) for array in lent.outputs]
        structure = self.plan.graph.structure
        return tree.map_structure(
            lambda i: None if i is None else results[i], structure
        )

    def _fresh(self, array: Array) -> Array:
        result = self.backend.empty(tuple(array.shape), str(array.dtype))
        self.backend.kernels["copy"](result, array)
        return result


def prepare(graph: Graph, backend: Backend, optimize: bool = True) -> Graph:
    """Return the graph as the planner wants it: lowered, and simplified if asked."""
    graph = verify(lower(graph, backend.kernels), "lower")
    if not optimize:
        return graph
    graph = verify(simplify(graph, backend), "simplify")
    return verify(fuse(graph), "fuse") if backend.fuses else graph


def compile_graph(graph: Graph, backend: Backend, optimize: bool = True) -> Any:
    """Return an executable for the graph: the backend's own, else a planned one."""
    own = backend.compile(graph)
    if own is not None:
        return own
    prepared = prepare(graph, backend, optimize)
    plan = planning.make_plan(
        prepared, lambda t: planning.scratch_specs(backend.kernel(t.op.name), t)
    )
    return Executable(plan, backend)


def input_arrays(values: Sequence[Any]) -> list[Any]:
    """Return the leaves of nested arguments that are not None, in input order."""
    return [v for v in tree.leaves(list(values)) if v is not None]
