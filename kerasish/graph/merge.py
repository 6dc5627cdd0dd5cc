"""Merging pass: loops that differ only in what they collect become one loop.

A gradient needs values of the steps that the loop itself did not keep, and so builds
the loop anew with more results; after this pass it runs once. Results that nobody reads
are dropped. The pass is for lowered graphs.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from kerasish.graph.body import Body
from kerasish.graph.loop import LOOP
from kerasish.graph.pieces import CARVED, carve
from kerasish.graph.rewrite import remake, rewrite
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import Graph


def merge_loops(graph: Graph) -> Graph:
    """Return the graph with equal loops merged."""
    nodes = graph.nodes()
    groups: dict[Hashable, _Group] = {}
    for tensor in nodes:
        if tensor.op is LOOP:
            groups.setdefault(_key(tensor), _Group(tensor))
        elif tensor.op is CARVED and tensor.inputs[0].op is LOOP:
            groups[_key(tensor.inputs[0])].need(tensor)
    if not groups:
        return graph

    def visit(tensor: Tensor, new: dict[Tensor, Tensor]) -> Tensor:
        inputs = tuple(new[t] for t in tensor.inputs)
        if tensor.op is LOOP:
            return groups[_key(tensor)].merged(inputs)
        if tensor.op is CARVED and tensor.inputs[0].op is LOOP:
            group = groups[_key(tensor.inputs[0])]
            return carve(inputs[0], group.position(tensor))
        return remake(tensor, inputs)

    return rewrite(graph, visit)


def _key(loop: Tensor) -> Hashable:
    """Return what equal loops have in common: all but the stacked results."""
    settings = dict(loop.attributes)
    body: Body = settings.pop("body")
    carried = body.outputs[: settings["carries"]]
    return (loop.inputs, body.inputs, carried, tuple(settings.items()))


class _Group:
    """Loops to be merged.

    Attributes:
        stacked: What a step has to hand out to be stacked, in order.
    """

    def __init__(self, first: Tensor) -> None:
        self.first = first
        self.stacked: dict[Tensor, int] = {}
        self._made: Tensor | None = None

    def need(self, carved: Tensor) -> None:
        """Note that somebody reads a result."""
        found = self._stacked_by(carved)
        if found is not None:
            self.stacked.setdefault(found, len(self.stacked))

    def _stacked_by(self, carved: Tensor) -> Tensor | None:
        settings: dict[str, Any] = carved.inputs[0].attributes
        index = carved.attributes["index"]
        output: Tensor = settings["body"].outputs[index]
        return output if index >= settings["carries"] else None

    def position(self, carved: Tensor) -> int:
        """Return the index a result has in the merged loop."""
        found = self._stacked_by(carved)
        if found is None:
            index: int = carved.attributes["index"]
            return index
        carries: int = self.first.attributes["carries"]
        return carries + self.stacked[found]

    def merged(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return the merged loop's node, the same for all of the group."""
        if self._made is None:
            attributes = dict(self.first.attributes)
            body: Body = attributes["body"]
            carried = body.outputs[: attributes["carries"]]
            attributes["body"] = Body(body.inputs, (*carried, *self.stacked))
            form = LOOP.infer(inputs, attributes)
            self._made = Tensor(
                LOOP, inputs, attributes, form.shape, form.dtype, self.first.scope
            )
        return self._made
