"""Lowering pass: composed operations become what the backend has kernels for.

A composed operation stays where the backend's table holds its name; elsewhere its
composition takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasish.graph.rewrite import remake, rewrite
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import Graph


def lower(graph: Graph, kernels: Mapping[str, Any]) -> Graph:
    """Return the graph in terms of the operations named in `kernels`."""

    def expands(tensor: Tensor) -> bool:
        return tensor.expansion is not None and tensor.op.name not in kernels

    def parents(tensor: Tensor) -> tuple[Tensor, ...]:
        return (tensor.expansion,) if expands(tensor) else tensor.inputs  # type: ignore[return-value]

    def visit(tensor: Tensor, new: dict[Tensor, Tensor]) -> Tensor:
        if expands(tensor):
            return new[tensor.expansion]  # type: ignore[index]
        made = remake(tensor, tuple(new[t] for t in tensor.inputs))
        made.expansion = None
        return made

    return rewrite(graph, visit, parents)
