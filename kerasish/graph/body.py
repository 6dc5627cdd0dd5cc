"""Bodies: the functions that loops and branches run, traced.

A `Body` is a part of the outer graph, cut out at its inputs: its nodes may be made from
any tensors of the outer trace, and those stand among its inputs. So a body can be
differentiated where it is, and what does not depend on what changes from step to step
simply stays outside. `Body.closed` copies the part into a graph of its own.

While a body is traced, variables are read through the outer trace, and assignments are
collected, to be made part of what the loop carries (see `BodyTrace`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kerasish.graph.registry import operation
from kerasish.graph.rewrite import remake
from kerasish.graph.tensor import CONSTANT, INPUT, Spec, Tensor
from kerasish.graph.trace import Graph, Trace, ancestors, current_trace, open_trace

if TYPE_CHECKING:
    from kerasish.graph.variable import Variable

_numbers = itertools.count()


class Body:
    """A part of a graph: what is computed from its inputs on the way to its outputs.

    Attributes:
        inputs: Tensors at which the part begins, each once; of any kind.
        outputs: Tensors at which it ends.
    """

    def __init__(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.number = next(_numbers)

    def __repr__(self) -> str:
        return f"<body {self.number}>"  # equal nodes are found by this text

    def interior(self) -> list[Tensor]:
        """Return the tensors computed inside, in order."""
        return [t for t in within(self.outputs, self.inputs) if t.op is not CONSTANT]

    def closed(self) -> Graph:
        """Return a graph of its own that computes the same."""
        new = {t: Tensor(INPUT, (), {}, t.shape, t.dtype, t.scope) for t in self.inputs}
        inputs = tuple(new.values())

        def parents(tensor: Tensor) -> tuple[Tensor, ...]:
            if tensor in new:
                return ()
            expansion = () if tensor.expansion is None else (tensor.expansion,)
            return (*tensor.inputs, *expansion)

        for tensor in ancestors(self.outputs, parents):
            if tensor not in new:
                new[tensor] = _copied(tensor, new)
        return Graph(inputs, tuple(new[t] for t in self.outputs))


def _copied(tensor: Tensor, new: dict[Tensor, Tensor]) -> Tensor:
    if tensor.op is CONSTANT:
        return tensor
    made = remake(tensor, tuple(new[t] for t in tensor.inputs))
    if tensor.expansion is not None:
        made.expansion = new[tensor.expansion]
    return made


def within(outputs: Sequence[Tensor], boundary: Collection[Tensor]) -> list[Tensor]:
    """Return the tensors on the way from a boundary to outputs, in order."""
    edge = set(boundary)
    found = ancestors(outputs, lambda t: () if t in edge else t.inputs)
    return [t for t in found if t not in edge]


def dependents(tensors: Sequence[Tensor], sources: Collection[Tensor]) -> set[Tensor]:
    """Return the sources, and which of the tensors, given in order, depend on one."""
    found = set(sources)
    for tensor in tensors:
        if any(t in found for t in tensor.inputs):
            found.add(tensor)
    return found


def captured(
    outputs: Sequence[Tensor], given: Sequence[Tensor], inside: Callable[..., bool]
) -> list[Tensor]:
    """Return what a body is made from besides its given inputs, in order.

    Args:
        outputs: Its outputs.
        given: Inputs it has already.
        inside: Whether a tensor is computed in the body.
    """
    edge = set(given)

    def parents(tensor: Tensor) -> tuple[Tensor, ...]:
        return tensor.inputs if tensor not in edge and inside(tensor) else ()

    return [
        t
        for t in ancestors(outputs, parents)
        if t not in edge and not inside(t) and t.op is not CONSTANT
    ]


class BodyTrace(Trace):
    """The trace of a body; variables are read through the trace around it.

    What is read first is an alias of the outer value, so that it can be told from the
    same value reached in another way: in a loop that assigns the variable, the alias
    stands for what the last step left, not for the value before the loop.

    Args:
        whole: Arenas of which members are only reached through the flat variable,
            because the body assigns one of the two and reads the other.
    """

    def __init__(self, whole: Collection[Any] = ()) -> None:
        super().__init__()
        self.outer = current_trace() or Trace()
        self.whole = whole
        if self.outer.scope:
            self.scopes.append(self.outer.scope)

    def _first_read(self, variable: Variable) -> Tensor:
        home = variable.home
        if home is not None and home in self.whole:
            return home.part_of(self.read(home.flat), variable)
        value = self.outer.read(variable)
        alias: Tensor = operation("reshape_to")(value, newshape=value.shape)
        return alias

    def write(self, variable: Variable, value: Tensor) -> None:
        """Make `value` what the variable holds from now on."""
        home = variable.home
        if home is not None and home in self.whole and home.flat not in self.writes:
            self.writes[home.flat] = self.read(home.flat)
        super().write(variable, value)

    def split_arenas(self) -> set[Any]:
        """Return arenas that are assigned in one way and read in another."""
        touched = [*self.reads, *self.writes]
        flats = {v.home for v in touched if v.home and v.home.flat in touched}
        assigned = {v.home for v in self.writes} | {
            home for home in flats if home.flat in self.writes
        }
        return (flats & assigned) - set(self.whole) - {None}


@contextmanager
def open_body(whole: Collection[Any] = ()) -> Iterator[BodyTrace]:
    """Open the trace of a body inside the trace in force."""
    opened = BodyTrace(whole)
    with open_trace(opened):
        yield opened


def placeholder(form: Any) -> Tensor:
    """Return an input for a body, of a tensor's or spec's form."""
    spec = Spec(tuple(form.shape), form.dtype)
    return Tensor(INPUT, (), {}, spec.shape, spec.dtype)
