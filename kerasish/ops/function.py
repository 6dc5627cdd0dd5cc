"""`Function`: the operations between some `KerasTensor`s, as one operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from kerasish.errors import explain
from kerasish.graph import tree
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.ops.operation import Node, Operation, node_of
from kerasish.saving.registry import public


@public("keras")
class Function(Operation):
    """Computes symbolic outputs from symbolic inputs.

    Args:
        inputs: `KerasTensor`s, nested in any way.
        outputs: `KerasTensor`s made from them, nested in any way.
        name: Name.

    Attributes:
        nodes: The calls, each after those it depends on.
        operations: What is called, each once, in Keras's order: by the number of calls
            between it and the outputs, the most first.

    Raises:
        ValueError: An output depends on an input that is not given.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self.inputs_struct = inputs
        self.outputs_struct = outputs
        self.inputs: list[KerasTensor] = tree.flatten(inputs)
        self.outputs: list[KerasTensor] = tree.flatten(outputs)
        nodes, met = _reachable(self.inputs, self.outputs)
        self.nodes, self.operations = _in_order(self.inputs, nodes, met)
        _require_different_names(self.operations)

    def call(self, inputs: Any) -> Any:
        """Return the outputs for inputs of the same nesting."""
        return self.run(tree.flatten(inputs))

    def run(
        self,
        inputs: list[Any],
        call: Callable[[Node, list[Any], dict[str, Any]], Any] | None = None,
    ) -> Any:
        """Return the outputs for a flat list of inputs.

        Args:
            inputs: One value per entry of `self.inputs`.
            call: `call(node, args, kwargs)` does what the node stands for; the node's
                operation is called by default.
        """
        call = call or _called
        values = {id(t): v for t, v in zip(self.inputs, inputs, strict=True)}
        for node in self.nodes:
            args, kwargs = node.arguments(lambda t: values[id(t)])
            outputs = call(node, args, kwargs)
            found = [o for o in tree.leaves(outputs) if o is not None]
            for tensor, value in zip(node.outputs, found, strict=True):
                values[id(tensor)] = value
        return tree.map_structure(lambda t: values[id(t)], self.outputs_struct)


def _called(node: Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return node.operation(*args, **kwargs)


def _reachable(
    inputs: list[KerasTensor], outputs: list[KerasTensor]
) -> tuple[list[Node], dict[Any, int]]:
    """Return the nodes outputs depend on, parents first, and when operations were met.

    Operations are numbered as a walk from the outputs first meets them.
    """
    ends = {id(t) for t in inputs}
    order: list[Node] = []
    done: set[Node] = set()
    met: dict[Any, int] = {}
    stack = [(t, False) for t in reversed(outputs)]
    while stack:
        tensor, is_left = stack.pop()
        node = node_of(tensor)
        if is_left:
            if node not in done:
                done.add(node)
                order.append(node)
            continue
        if node in done:
            continue
        met.setdefault(node.operation, len(met))
        if node.is_input and id(tensor) not in ends:
            raise ValueError(_disconnected(tensor, inputs))
        stack.append((tensor, True))
        if id(tensor) not in ends:
            stack.extend((t, False) for t in reversed(node.inputs))
    return order, met


def _disconnected(tensor: KerasTensor, inputs: list[KerasTensor]) -> str:
    assert tensor._keras_history is not None
    return explain(
        "An output depends on an input that is not among the model's inputs.",
        got=f"{tensor!r} of '{tensor._keras_history.operation.name}'",
        expected=f"only the inputs {[t.name for t in inputs]}",
        fix="list that input among the model's inputs",
    )


def _in_order(
    inputs: list[KerasTensor], nodes: list[Node], met: dict[Any, int]
) -> tuple[list[Node], list[Any]]:
    """Return the nodes to run, and the operations in Keras's order."""
    ends = {id(t) for t in inputs}
    depths: dict[Node, int] = {}
    deepest: dict[Any, int] = {}
    for node in reversed(nodes):
        depth = max(depths.get(node, 0), deepest.get(node.operation, 0))
        depths[node] = deepest[node.operation] = depth
        for parent in node.parents:
            depths[parent] = max(depths.get(parent, 0), depth + 1)
    for tensor in inputs:  # inputs that no output depends on come last of all
        operation = node_of(tensor).operation
        if operation not in deepest:
            deepest[operation], met[operation] = 0, -1
    operations = sorted(deepest, key=lambda op: (-deepest[op], met[op]))
    given = {node for node in nodes if all(id(t) in ends for t in node.outputs)}
    return [node for node in nodes if node not in given], operations


def _require_different_names(operations: list[Any]) -> None:
    counts = Counter(operation.name for operation in operations)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise ValueError(
            explain(
                "A model needs a different name for each of its layers.",
                got=f"{counts[twice[0]]} layers called '{twice[0]}'",
                fix="give them names of their own: name='...'",
            )
        )
