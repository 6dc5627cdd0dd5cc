"""Tracing: running a Python function once on symbolic tensors to get its graph.

While a trace is open in a thread, operations on symbolic tensors add nodes, reading a
`Variable` makes it an input of the graph, and assigning to one makes the new value an
output. Nothing outside the function is touched: no global graph exists, and a graph
dies with whoever holds it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kerasish.graph import tree
from kerasish.graph.registry import operation
from kerasish.graph.tensor import INPUT, LEAVES, READ, Spec, Tensor

if TYPE_CHECKING:
    from kerasish.graph.variable import Variable

_local = threading.local()
# what prints a graph; kerasish.graph.listing, which stands above, enters it
listings: list[Callable[[Graph], str]] = []


@dataclass(eq=False)
class Graph:
    """What a function computes from its inputs and variables.

    Attributes:
        inputs: The tensors fed at each run, in order.
        outputs: The results, flat.
        reads: The tensor that stands for each variable's value on entry.
        writes: The value each assigned variable has on exit.
        structure: The function's result with its leaves counted 0, 1, 2, ...
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    reads: dict[Variable, Tensor] = field(default_factory=dict)
    writes: dict[Variable, Tensor] = field(default_factory=dict)
    structure: Any = 0

    def roots(self) -> list[Tensor]:
        """Return every tensor that must be computed."""
        return [*self.outputs, *self.writes.values()]

    def nodes(self) -> list[Tensor]:
        """Return every tensor the roots need, inputs first, in order of making."""
        return ancestors(self.roots())

    def __str__(self) -> str:
        return listings[0](self)


class Trace:
    """The state of one tracing in progress."""

    def __init__(self) -> None:
        self.reads: dict[Variable, Tensor] = {}
        self.writes: dict[Variable, Tensor] = {}
        self.scopes: list[str] = []

    def read(self, variable: Variable) -> Tensor:
        """Return the variable's value as this trace sees it now."""
        written = self.writes.get(variable)
        if written is not None:
            return written
        home = variable.home
        if home is not None and home.flat in self.writes:
            return home.part_of(self.writes[home.flat], variable)
        written_members = self._written_members(variable)
        if written_members:
            arena = written_members[0].home
            whole: Tensor = arena.joined([self.read(v) for v in arena.variables])
            return whole
        if variable not in self.reads:
            self.reads[variable] = self._first_read(variable)
        return self.reads[variable]

    def _first_read(self, variable: Variable) -> Tensor:
        """Return the tensor that stands for the variable's value on entry."""
        form = variable.shape, variable.dtype
        return Tensor(READ, (), {"variable": variable}, *form)

    def write(self, variable: Variable, value: Tensor) -> None:
        """Make `value` what the variable holds from now on.

        Of an arena, either the whole is written or some of its members, never both.
        """
        home = variable.home
        if home is not None and home.flat in self.writes:
            parts = [value if v is variable else self.read(v) for v in home.variables]
            self.writes[home.flat] = home.joined(parts)
            return
        for member in self._written_members(variable):
            del self.writes[member]
        self.writes[variable] = value

    def _written_members(self, variable: Variable) -> list[Any]:
        """Return the variables written so far that lie in this one, an arena's flat."""
        return [v for v in self.writes if v.home and v.home.flat is variable]

    @property
    def scope(self) -> str:
        """Path of the layer now being traced."""
        return self.scopes[-1] if self.scopes else ""


def current_trace() -> Trace | None:
    """Return the trace open in this thread, innermost first."""
    stack = getattr(_local, "stack", None)
    return stack[-1] if stack else None


@contextmanager
def open_trace(opened: Trace | None = None) -> Iterator[Trace]:
    """Open a trace (a new one by default) in this thread for the block."""
    stack = _local.__dict__.setdefault("stack", [])
    opened = Trace() if opened is None else opened
    stack.append(opened)
    try:
        yield opened
    finally:
        stack.pop()


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Mark tensors made inside the block as a layer's, for messages and listings."""
    current = current_trace()
    if current is None:
        yield
        return
    current.scopes.append(f"{current.scope}/{name}" if current.scope else name)
    try:
        yield
    finally:
        current.scopes.pop()


def trace(function: Callable[..., Any], specs: Sequence[Any]) -> Graph:
    """Return the graph of `function` on arguments of these shapes and dtypes.

    Args:
        function: Python over `kerasish.ops`; called once, with symbolic tensors.
        specs: One per argument: a `Spec`, None, or a nested structure of those.
    """
    with open_trace() as opened:
        arguments = tree.map_structure(_placeholder, list(specs))
        result = tree.map_structure(as_output, function(*arguments))
    flat = tree.flatten(result)
    inputs = tuple(t for t in tree.leaves(arguments) if t is not None)
    outputs = tuple(t for t in flat if t is not None)
    counter = iter(range(len(outputs)))
    structure = tree.map_structure(
        lambda t: None if t is None else next(counter), result
    )
    return Graph(inputs, outputs, opened.reads, opened.writes, structure)


def as_output(value: Any) -> Tensor | None:
    """Return what a traced function returned as a tensor of the graph; None stays."""
    if value is None or isinstance(value, Tensor):
        return value
    made: Tensor = operation("constant_tensor")(operation("convert")(value))
    return made


def _placeholder(spec: Spec | None) -> Tensor | None:
    return None if spec is None else Tensor(INPUT, (), {}, spec.shape, spec.dtype)


def ancestors(
    roots: Sequence[Tensor],
    parents: Callable[[Tensor], Sequence[Tensor]] = lambda t: t.inputs,
) -> list[Tensor]:
    """Return the tensors that `roots` are made from, themselves included, in order."""
    seen: set[Tensor] = set()
    stack = list(roots)
    while stack:
        tensor = stack.pop()
        if tensor not in seen:
            seen.add(tensor)
            stack.extend(parents(tensor))
    return sorted(seen, key=lambda t: t.number)


def is_leaf(tensor: Tensor) -> bool:
    """Return whether no operation makes the tensor."""
    return tensor.op in LEAVES
