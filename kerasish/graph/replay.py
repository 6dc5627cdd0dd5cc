"""Binding a plan to memory, and replaying it.

`Replay` holds one block of memory and a flat list of calls without arguments; running
it touches no graph object and allocates nothing. `Executable` hands replays out: a
thread takes one for itself and gives it back, so one executable serves many threads at
once.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from kerasish.backend.contract import Array, Backend
from kerasish.errors import explain
from kerasish.graph import plan as planning
from kerasish.graph import tree
from kerasish.graph.binding import Binding, Pool, Program
from kerasish.graph.fuse import fuse
from kerasish.graph.fuse_rows import fuse_rows
from kerasish.graph.hoist import hoist_copies
from kerasish.graph.lender import Lender
from kerasish.graph.lower import lower
from kerasish.graph.merge import merge_loops
from kerasish.graph.nested import nest, step_needs
from kerasish.graph.plan import Plan
from kerasish.graph.simplify import simplify
from kerasish.graph.tensor import INPUT, READ, Tensor
from kerasish.graph.trace import Graph
from kerasish.graph.turn import turn_gathers
from kerasish.graph.variable import Variable, storage_generation
from kerasish.graph.verify import verify


class Replay:
    """A plan bound to arrays.

    Args:
        plan: The plan.
        backend: Whose arrays they are.
        memory: The block of bytes values lie in; None makes one.

    Attributes:
        inputs: Arrays to be filled before each run.
        outputs: Arrays that hold the results after a run, until the next.
        calls: What a run does, in order.
    """

    def __init__(self, plan: Plan, backend: Backend, memory: Array = None) -> None:
        self._plan = plan
        self._backend = backend
        self._memory = _block(plan, backend) if memory is None else memory
        self._twin: Replay | None = None
        self.inputs = [backend.empty(t.shape, t.dtype) for t in plan.graph.inputs]
        views = [backend.host_view(a) for a in self.inputs]
        self._host_inputs = None if any(v is None for v in views) else views
        self._bind()

    def twin(self) -> Replay:
        """Return a replay with inputs of its own, over the same memory.

        One can be fed while the other runs.
        """
        if self._twin is None:
            self._twin = Replay(self._plan, self._backend, self._memory)
        return self._twin

    def feed(self, batch: Any) -> Replay:
        """Fill the inputs from a batch (`write`, `arrays`); return itself."""
        if self._host_inputs is not None:
            batch.write(self._host_inputs)
            return self
        for target, source in zip(self.inputs, batch.arrays(), strict=True):
            self._backend.upload(target, source)
        return self

    def _bind(self) -> None:
        self._generation = storage_generation()
        self._states = [(v, v.array) for v in self._variables()]
        pool = Pool(self._backend, self._memory)
        self._binding = Binding(self._plan, pool, self.inputs)
        self._program = self._binding.program
        self.calls = self._program.calls
        self.outputs = [self.array(t) for t in self._plan.graph.outputs]

    @property
    def program(self) -> Program:
        """The calls as a program; another one after its memory was bound anew."""
        return self._program

    @property
    def origins(self) -> list[Tensor | None]:
        """The tensor each call computes; None where it only moves a value."""
        return self._program.origins

    def array(self, tensor: Tensor) -> Array:
        """Return the array a tensor's value lies in."""
        return self._binding.array(tensor)

    def _variables(self) -> list[Variable]:
        leaves = [t for t in self._plan.graph.nodes() if t.op is READ]
        read = [t.attributes["variable"] for t in leaves]
        return list(dict.fromkeys([*read, *self._plan.graph.writes]))

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
        self._program()


def _block(plan: Plan, backend: Backend) -> Array:
    """Return the memory that a plan's values lie in.

    Raises:
        MemoryError: There is not so much.
    """
    try:
        return backend.empty((plan.num_bytes,), "uint8")
    except MemoryError as error:
        raise MemoryError(
            explain(
                "There is not enough memory for what a step computes.",
                got=f"a plan of {plan.num_bytes:,} bytes on '{backend.name}'",
                expected="so much memory free, in one piece",
                fix="lower batch_size; use the dtype policy 'mixed_float16', fewer "
                "units, or shorter inputs",
            )
        ) from error


class Executable(Lender):
    """A compiled graph.

    Attributes:
        plan: Its plan.
        backend: The backend it was compiled for.
    """

    def __init__(self, plan: Plan, backend: Backend) -> None:
        self.plan = plan
        self.backend = backend
        self._idle: list[Replay] = []

    def take(self) -> Replay:
        """Return a replay that nobody has, ready to be run."""
        try:
            taken = self._idle.pop()
        except IndexError:
            return Replay(self.plan, self.backend)
        taken.refresh()
        return taken

    def give_back(self, replay: Replay) -> None:
        """Let others have a replay that `take` returned."""
        self._idle.append(replay)

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
    _refuse_strays(graph)
    graph = verify(lower(graph, backend.kernels), "lower")
    if optimize:
        graph = verify(merge_loops(graph), "merge_loops")
        graph = verify(simplify(graph, backend), "simplify")
        graph = verify(turn_gathers(graph), "turn_gathers")
        graph = verify(hoist_copies(graph), "hoist_copies")
        if "fused_rows" in backend.kernels:
            graph = verify(fuse_rows(graph, backend.fuses), "fuse_rows")
        if "fused" in backend.kernels:
            graph = verify(fuse(graph, backend.fuses), "fuse")
    return nest(
        graph, functools.partial(prepare, backend=backend, optimize=optimize), backend
    )


def _refuse_strays(graph: Graph) -> None:
    """Raise if a tensor of a loop's body is used outside it.

    Raises:
        ValueError: One is.
    """
    for tensor in graph.nodes():
        if tensor.op is INPUT and tensor not in graph.inputs:
            raise ValueError(
                explain(
                    "A tensor has left the loop, branch or function it was made in.",
                    got=repr(tensor),
                    expected="tensors that the function returns",
                    fix="return it from the body, as part of the carry or the results",
                )
            )


def compile_graph(graph: Graph, backend: Backend, optimize: bool = True) -> Any:
    """Return an executable for the graph: the backend's own, else a planned one."""
    own = backend.compile(graph)
    if own is not None:
        return own
    prepared = prepare(graph, backend, optimize)
    plan = planning.make_plan(prepared, step_needs(backend))
    return Executable(plan, backend)


def input_arrays(values: Sequence[Any]) -> list[Any]:
    """Return the leaves of nested arguments that are not None, in input order."""
    return [v for v in tree.leaves(list(values)) if v is not None]
