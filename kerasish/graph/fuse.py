"""Fusion pass: groups of elementwise operations become one `fused` operation each.

A node joins the group of the node that reads it when it has no other reader and the
same shape, so a group is a tree with one result. The body is a list of operations over
the group's inputs; the backend, which says what may be part of one, compiles it to one
kernel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kerasish.graph.rewrite import remake, rewrite
from kerasish.graph.tensor import CompilerOp, Tensor
from kerasish.graph.trace import Graph

# of an operation's name, and the dtypes of its operands and its result
Fuses = Callable[[str, Sequence[str]], bool]
_MOST_INPUTS = 16  # a kernel with more pointers gains nothing


@dataclass(frozen=True)
class Instruction:
    """One operation of a fused body.

    Attributes:
        name: Elementwise operation.
        operands: Positions of values: the group's inputs come first, then the results
            of the instructions before.
        dtype: Dtype name of the result.
    """

    name: str
    operands: tuple[int, ...]
    dtype: str


class FusedOp(CompilerOp):
    """The operation a fused node carries; its body is the node's attribute `body`."""

    name = "fused"
    is_elementwise = True


FUSED = FusedOp()


def fuse(graph: Graph, fuses: Fuses) -> Graph:
    """Return the graph with its elementwise groups fused.

    Args:
        graph: Lowered and simplified.
        fuses: Which elementwise operations the backend takes into a group.
    """
    able = {t for t in graph.nodes() if is_elementwise(t) and fuses(*asked(t))}
    joins = _joins(graph, able)

    def visit(tensor: Tensor, new: dict[Tensor, Tensor]) -> Tensor:
        if tensor in joins or tensor not in able:
            return remake(tensor, tuple(new[t] for t in tensor.inputs))
        members = _members(tensor, joins)
        if len(members) == 1:
            return remake(tensor, tuple(new[t] for t in tensor.inputs))
        return _fused_node(tensor, members, new)

    return rewrite(graph, visit)


def is_elementwise(tensor: Tensor) -> bool:
    """Whether a tensor is made by an elementwise primitive."""
    return bool(tensor.op.is_elementwise and tensor.op.is_primitive)


def asked(tensor: Tensor) -> tuple[str, list[str]]:
    """Return what a backend is asked about a tensor's operation."""
    return tensor.op.name, [*(t.dtype for t in tensor.inputs), tensor.dtype]


def _joins(graph: Graph, able: set[Tensor]) -> set[Tensor]:
    """Return the tensors computed inside the group of their one reader."""
    nodes = graph.nodes()
    reads = Counter(source for tensor in nodes for source in tensor.inputs)
    reads.update(graph.roots())
    joined: set[Tensor] = set()
    weight: dict[Tensor, int] = {}
    for tensor in nodes:
        weight[tensor] = len(set(tensor.inputs))
        if tensor not in able:
            continue
        for source in dict.fromkeys(tensor.inputs):
            alone = reads[source] == tensor.inputs.count(source)
            if source in able and alone and source.shape == tensor.shape:
                together = weight[tensor] - 1 + weight[source]
                if together <= _MOST_INPUTS:
                    joined.add(source)
                    weight[tensor] = together
    return joined


def _members(root: Tensor, joins: set[Tensor]) -> list[Tensor]:
    """Return the operations of a group, operands first."""
    found: set[Tensor] = set()
    stack = [root]
    while stack:
        tensor = stack.pop()
        found.add(tensor)
        stack.extend(t for t in tensor.inputs if t in joins and t not in found)
    return sorted(found, key=lambda t: t.number)


def _fused_node(
    root: Tensor, members: list[Tensor], new: dict[Tensor, Tensor]
) -> Tensor:
    inside = set(members)
    outer = dict.fromkeys(t for m in members for t in m.inputs if t not in inside)
    index = {t: i for i, t in enumerate([*outer, *members])}
    body = tuple(
        Instruction(m.op.name, tuple(index[t] for t in m.inputs), m.dtype)
        for m in members
    )
    inputs = tuple(new[t] for t in outer)
    return Tensor(FUSED, inputs, {"body": body}, root.shape, root.dtype, root.scope)
