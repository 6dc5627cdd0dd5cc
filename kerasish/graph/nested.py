"""Graphs inside steps: what loops and branches share.

An operation that runs graphs of its own keeps them as `Body` attributes. `nest`, the
last pass, prepares them for a backend; then each can be planned, its memory counted as
scratch of the step that runs it, and bound to arrays. Results go to `Place`s, which
stand for variables in a body's plan, so that they are computed straight into the arrays
the step names.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend.contract import Array, Backend, Shape
from kerasish.graph.binding import Binding, Pool, Program
from kerasish.graph.body import Body
from kerasish.graph.pieces import block_of, carve, pieces_of, scratch_specs
from kerasish.graph.plan import make_plan
from kerasish.graph.rewrite import remake, rewrite
from kerasish.graph.tensor import CompilerOp, Spec, Tensor
from kerasish.graph.trace import Graph, current_trace

Needs = list[tuple[Shape, str]]
Run = Callable[[Graph, Sequence[Array]], list[Array]]


class Place:
    """Where a body's result goes: stands for a variable in its plan."""

    home = None
    path = "result"

    def __init__(self, form: Any) -> None:
        self.shape: Shape = tuple(form.shape)
        self.dtype: str = form.dtype
        self.size = math.prod(self.shape)


class Prepared:
    """A body as the planner wants it, for one backend.

    Attributes:
        graph: The prepared graph; it reads and writes no variables.
        inputs: Its inputs.
        outputs: Its outputs: their forms are the body's.
    """

    def __init__(self, graph: Graph, backend: Backend) -> None:
        self.graph = graph
        self.inputs = graph.inputs
        self.outputs = graph.outputs
        self._backend = backend
        self._planned: dict[tuple[int, ...], Planned] = {}

    def planned(self, places: Sequence[int | None]) -> Planned:
        """Return a plan that puts each output into the place of that number.

        Outputs with one number are one tensor; those with None are put nowhere.
        """
        key = tuple(-1 if p is None else p for p in places)
        if key not in self._planned:
            self._planned[key] = Planned(self, places, self._backend)
        return self._planned[key]


class Planned:
    """A body's plan.

    Attributes:
        plan: The plan.
        places: What its results are assigned to, by number.
    """

    def __init__(
        self, body: Prepared, places: Sequence[int | None], backend: Backend
    ) -> None:
        values = {
            p: t for p, t in zip(places, body.outputs, strict=True) if p is not None
        }
        self.places = {p: Place(t) for p, t in values.items()}
        writes: Any = {self.places[p]: t for p, t in values.items()}
        self.plan = make_plan(Graph(body.inputs, (), {}, writes), step_needs(backend))
        self._backend = backend

    def num_calls(self) -> int:
        """Return about how many calls a run consists of."""
        return sum(
            tensor.op.num_calls(tensor.attributes) if tensor.op.is_control else 1
            for tensor in self.plan.steps
        ) + len(self.plan.copies)

    def bind(
        self, pool: Pool, inputs: Sequence[Array], targets: dict[int, Array]
    ) -> Program:
        """Return the calls that compute from these inputs into these targets."""
        named = {self.places[p]: array for p, array in targets.items()}
        return Binding(self.plan, pool, inputs, named).program


def step_needs(backend: Backend) -> Callable[[Tensor], Needs]:
    """Return the rule that tells the scratch arrays of any step."""

    def needs(tensor: Tensor) -> Needs:
        if tensor.op.is_control:
            own: Needs = tensor.op.scratch(tensor.attributes)
            return own
        return scratch_specs(backend.kernel(tensor.op.name), tensor)

    return needs


def nest(graph: Graph, prepare: Callable[[Graph], Graph], backend: Backend) -> Graph:
    """Return the graph with the bodies of its steps prepared by `prepare`."""
    if not any(tensor.op.is_control for tensor in graph.nodes()):
        return graph

    def prepared(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(prepared(v) for v in value)
        if isinstance(value, Body):
            return Prepared(prepare(value.closed()), backend)
        return value

    def visit(tensor: Tensor, new: dict[Tensor, Tensor]) -> Tensor:
        made = remake(tensor, tuple(new[t] for t in tensor.inputs))
        if tensor.op.is_control:
            made.attributes = {k: prepared(v) for k, v in made.attributes.items()}
        return made

    return rewrite(graph, visit)


class ControlOp(CompilerOp, abc.ABC):
    """An operation that runs graphs of its own; always of several results.

    Attributes:
        name: What listings call it.
        gradient_rule: As of operations of several results, and given `wanted`, a truth
            value per input: whether a gradient reaches a source through it.
    """

    is_several = True
    is_control = True

    def __init__(self, name: str) -> None:
        self.name = name

    @abc.abstractmethod
    def pieces(self, operands: Sequence[Any], attributes: dict[str, Any]) -> list[Spec]:
        """Return the forms of the results."""

    @abc.abstractmethod
    def scratch(self, attributes: dict[str, Any]) -> Needs:
        """Return the memory a bound call needs, the bodies being prepared."""

    @abc.abstractmethod
    def bind(
        self,
        backend: Backend,
        outs: tuple[Array, ...],
        inputs: Sequence[Array],
        attributes: dict[str, Any],
    ) -> Callable[[], Any]:
        """Return the call that runs on these arrays, the bodies being prepared."""

    @abc.abstractmethod
    def interpret(
        self,
        backend: Backend,
        outs: tuple[Array, ...],
        inputs: Sequence[Array],
        attributes: dict[str, Any],
        run: Run,
    ) -> None:
        """Fill `outs` now, each body being run by `run(graph, arrays)`."""

    def num_calls(self, attributes: dict[str, Any]) -> int:
        """Return about how many calls a bound run consists of."""
        return 1

    def infer(self, operands: Sequence[Any], attributes: dict[str, Any]) -> Spec:
        """Return the form of the block that holds the results."""
        return block_of(self.pieces(operands, attributes))

    def __call__(self, *inputs: Tensor, **attributes: Any) -> tuple[Tensor, ...]:
        """Add a node to the graph; return its results."""
        opened = current_trace()
        scope = opened.scope if opened is not None else ""
        form = self.infer(inputs, attributes)
        block = Tensor(self, inputs, attributes, form.shape, form.dtype, scope)
        return tuple(carve(block, i) for i in range(len(pieces_of(block))))

    def __repr__(self) -> str:
        return f"<op {self.name}>"


def number_reader(backend: Backend, array: Array) -> Callable[[], Any]:
    """Return a call that reads the one number an array holds."""
    host = backend.host_view(array)
    if host is not None:
        return host.item
    return lambda: backend.to_host(array).item()
