"""Rewriting a graph node by node: what every pass is built from.

A pass visits the nodes in order and says what stands for each in the new graph; leaves
keep their identity, everything else is made anew, so serial numbers stay a topological
order and node lists keep their sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import Graph, ancestors, is_leaf

Inputs = tuple[Tensor, ...]


def remake(tensor: Tensor, inputs: Inputs) -> Tensor:
    """Return the same operation on other inputs."""
    return Tensor(
        tensor.op,
        inputs,
        tensor.attributes,
        tensor.shape,
        tensor.dtype,
        tensor.scope,
        tensor.expansion,
    )


def rewrite(
    graph: Graph,
    visit: Callable[[Tensor, dict[Tensor, Tensor]], Tensor],
    parents: Callable[[Tensor], Sequence[Tensor]] = lambda t: t.inputs,
) -> Graph:
    """Return the graph with each node replaced by what `visit(node, new)` returns.

    Args:
        graph: The graph; it is left as it is.
        visit: Given a node that is no leaf, and a dict from old nodes to new ones that
            holds all its parents.
        parents: What a node is made from, where that is not its inputs.
    """
    new: dict[Tensor, Tensor] = {}
    for tensor in ancestors(graph.roots(), parents):
        new[tensor] = tensor if is_leaf(tensor) else visit(tensor, new)
    return replace(
        graph,
        outputs=tuple(new[t] for t in graph.outputs),
        writes={v: new[t] for v, t in graph.writes.items()},
    )
