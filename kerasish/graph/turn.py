"""Turned gathers: what is looked up and then transposed is looked up in that order.

An embedding of (samples, steps) goes into a recurrent layer as (steps, samples): to
turn the indices costs nothing, to copy what they select a pass over memory. The same
holds for the gradient, which is added up at the places that the indices name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kerasish.graph.registry import operation
from kerasish.graph.rewrite import remake, rewrite
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import Graph


def turn_gathers(graph: Graph) -> Graph:
    """Return the graph with transpositions done to indices where that is enough."""
    reads = Counter(source for tensor in graph.nodes() for source in tensor.inputs)
    reads.update(graph.roots())

    def visit(tensor: Tensor, new: dict[Tensor, Tensor]) -> Tensor:
        inputs = tuple(new[t] for t in tensor.inputs)
        if _is_turned_gather(tensor) and reads[tensor.inputs[0]] == 1:
            found = inputs[0]
            values, indices = found.inputs
            axes = tensor.attributes["axes"][: indices.ndim]
            return _again(found, (values, _turned(indices, axes)), tensor)
        if tensor.op.name == "scatter_add" and _turns_only(inputs[1], inputs[0].ndim):
            indices, turned = inputs
            axes = turned.attributes["axes"][: indices.ndim]
            back = tuple(axes.index(i) for i in range(len(axes)))
            return remake(tensor, (_turned(indices, back), turned.inputs[0]))
        return remake(tensor, inputs)

    return rewrite(graph, visit)


def _again(tensor: Tensor, inputs: tuple[Tensor, ...], form: Tensor) -> Tensor:
    """Return an operation on other inputs, whose result has another's form."""
    kind, given = tensor.op, tensor.attributes
    return Tensor(kind, inputs, given, form.shape, form.dtype, form.scope)


def _is_turned_gather(tensor: Tensor) -> bool:
    """Whether a node transposes only the axes that a gather has from its indices."""
    if tensor.op.name != "transpose_to" or tensor.inputs[0].op.name != "gather":
        return False
    found = tensor.inputs[0]
    along_first = found.attributes["axis"] == 0
    return along_first and _turns_only(tensor, found.inputs[1].ndim)


def _turns_only(tensor: Tensor, count: int) -> bool:
    """Whether a node transposes some of its first axes, and no other."""
    if tensor.op.name != "transpose_to":
        return False
    axes: Sequence[int] = tensor.attributes["axes"]
    return tuple(axes[count:]) == tuple(range(count, len(axes)))


def _turned(indices: Tensor, axes: Sequence[int]) -> Tensor:
    made: Tensor = operation("transpose_to")(indices, axes=tuple(axes))
    return made
