"""The grammar of a legal graph, checked between passes when `ENABLED` is set.

A legal node is a leaf or an operation whose inputs were made before it, and whose shape
and dtype are those its rule gives. The tests switch the check on; a failure names the
pass, the node and the layer it came from.
"""

from __future__ import annotations

from kerasish.errors import explain
from kerasish.graph.tensor import Spec, Tensor
from kerasish.graph.trace import Graph, is_leaf

ENABLED = False


def verify(graph: Graph, pass_name: str) -> Graph:
    """Return the graph, having checked it if checking is on.

    Raises:
        AssertionError: A pass made a graph that breaks the grammar.
    """
    if ENABLED:
        for tensor in graph.nodes():
            _check_node(tensor, pass_name)
        for variable, value in graph.writes.items():
            if (value.shape, value.dtype) != (variable.shape, variable.dtype):
                raise AssertionError(_fault(value, pass_name, repr(variable)))
    return graph


def _check_node(tensor: Tensor, pass_name: str) -> None:
    if is_leaf(tensor):
        return
    if any(source.number >= tensor.number for source in tensor.inputs):
        raise AssertionError(_fault(tensor, pass_name, "inputs made before it"))
    if not tensor.op.is_primitive or tensor.op.name == "fused":
        return
    spec: Spec = tensor.op.infer(tensor.inputs, tensor.attributes)
    if (spec.shape, spec.dtype) != (tensor.shape, tensor.dtype):
        raise AssertionError(_fault(tensor, pass_name, repr(spec)))


def _fault(tensor: Tensor, pass_name: str, expected: str) -> str:
    return explain(
        f"Pass '{pass_name}' left an illegal node in '{tensor.scope}'.",
        got=f"{tensor!r} of {[repr(s) for s in tensor.inputs]}",
        expected=expected,
    )
