"""Simplification pass: constants folded, equal nodes merged, idle operations dropped.

Each node is looked at once, its inputs simplified already: an operation on constants is
computed now; x * 1, x + 0, a view that shows what it was given, and a gradient stop
after differentiation are their operand; a broadcast that the next elementwise operation
would do by itself is left to it; what was computed before is used again. Nothing
changes a value, so the pass can be left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Any

from kerasish.backend.contract import Backend
from kerasish.graph.joining import joined_parts
from kerasish.graph.registry import operation
from kerasish.graph.rewrite import remake, rewrite
from kerasish.graph.tensor import CONSTANT, Tensor
from kerasish.graph.trace import Graph

_FOLD_LIMIT = 1 << 16  # elements: a larger constant is worth less than its memory


def simplify(graph: Graph, backend: Backend) -> Graph:
    """Return an equal graph of fewer operations."""
    known: dict[Hashable, Tensor] = {}
    scalars = _ScalarValues(backend)

    def visit(tensor: Tensor, new: dict[Tensor, Tensor]) -> Tensor:
        inputs = tuple(new[t] for t in tensor.inputs)
        if tensor.op.is_elementwise:
            inputs = _without_broadcasts(tensor, inputs)
        for shorten in (_drop, _pull_broadcast, _fold):
            shorter = shorten(tensor, inputs, scalars)
            if shorter is not None:
                return shorter
        key = _key(tensor, inputs, scalars)
        if key not in known:
            known[key] = remake(tensor, inputs)
        return known[key]

    return rewrite(graph, visit)


class _ScalarValues:
    """The host values of constants with one element, read once each."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._values: dict[Tensor, Any] = {}

    def of(self, tensor: Tensor) -> Any:
        """Return the number a constant holds, or None if it is no such constant."""
        if tensor.op is not CONSTANT or tensor.size != 1:
            return None
        if tensor not in self._values:
            host = self._backend.to_host(tensor.attributes["value"])
            self._values[tensor] = host.reshape(-1)[0].item()
        return self._values[tensor]


def _without_broadcasts(
    tensor: Tensor, inputs: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """Replace an input by what it repeats, where another still has the full shape."""
    result = list(inputs)
    for i, source in enumerate(inputs):
        others = [t.shape for j, t in enumerate(result) if j != i]
        inner = source.inputs[0] if source.op.name == "broadcast" else None
        if inner is not None and tensor.shape in others:
            result[i] = inner
    return tuple(result)


def _drop(
    tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
) -> Tensor | None:
    rule = _IDLE.get(tensor.op.name)
    found = rule(tensor, inputs, scalars) if rule else None
    fits = found is not None and (found.shape, found.dtype) == (
        tensor.shape,
        tensor.dtype,
    )
    return found if fits else None


def _neutral(value: float, both: bool) -> Callable[..., Tensor | None]:
    def rule(
        tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
    ) -> Tensor | None:
        if scalars.of(inputs[1]) == value:
            return inputs[0]
        return inputs[1] if both and scalars.of(inputs[0]) == value else None

    return rule


def _itself(
    tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
) -> Tensor | None:
    return inputs[0]


def _pull_broadcast(
    tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
) -> Tensor | None:
    """Do an operation of one operand before its operand is repeated, not after."""
    if len(inputs) != 1 or inputs[0].op.name != "broadcast":
        return None
    inner = inputs[0].inputs[0]
    if tensor.op.is_elementwise:
        first = tensor.op(inner, **tensor.attributes)
    elif tensor.op.is_view and inner.size == 1 and inner.shape != ():
        first = operation("reshape_to")(inner, newshape=())
    elif tensor.op.is_view and inner.size == 1:
        first = inner
    else:
        return None
    folded = _fold(first, first.inputs, scalars)
    made: Tensor = operation("broadcast")(
        first if folded is None else folded, shape=tensor.shape
    )
    return made


def _view_of_view(
    tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
) -> Tensor | None:
    """Return a reshape's source seen directly in the last of several shapes."""
    inner = inputs[0]
    if inner.shape == tensor.shape:
        return inner
    if inner.op.name == "reshape_to":
        source = inner.inputs[0]
        return source if source.shape == tensor.shape else remake(tensor, (source,))
    return None


def _transpose_back(
    tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
) -> Tensor | None:
    axes, inner = tensor.attributes["axes"], inputs[0]
    if inner.op.name != "transpose_to":
        return None
    combined = tuple(inner.attributes["axes"][a] for a in axes)
    in_order = combined == tuple(range(len(combined)))
    return inner.inputs[0] if in_order else None


def _negative_twice(
    tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
) -> Tensor | None:
    return inputs[0].inputs[0] if inputs[0].op.name == "negative" else None


def _add_negative(
    tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
) -> Tensor | None:
    plus = tensor.op.name == "add"
    shorter = _neutral(0, both=plus)(tensor, inputs, scalars)
    if shorter is None and plus:
        shorter = joined_parts(*inputs)
    if shorter is not None or inputs[1].op.name != "negative":
        return shorter
    swapped = "subtract" if plus else "add"
    made = remake(tensor, (inputs[0], inputs[1].inputs[0]))
    made.op = operation(swapped)
    return made


def _handed_on(
    tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
) -> Tensor | None:
    """Return what a custom gradient hands on: gradients have been taken."""
    block = inputs[0]
    if block.op.name != "custom_gradient_of":
        return None
    handed: Tensor = block.inputs[tensor.attributes["index"]]
    return handed


_IDLE: dict[str, Callable[..., Tensor | None]] = {
    "add": _add_negative,
    "subtract": _add_negative,
    "multiply": _neutral(1, both=True),
    "divide": _neutral(1, both=False),
    "power": _neutral(1, both=False),
    "cast_to": _itself,
    "broadcast": _itself,
    "stop_gradient": _itself,
    "reshape_to": _view_of_view,
    "transpose_to": _transpose_back,
    "negative": _negative_twice,
    "carved": _handed_on,
}


def _fold(
    tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
) -> Tensor | None:
    constant = inputs and all(t.op is CONSTANT for t in inputs)
    if not constant or math.prod(tensor.shape) > _FOLD_LIMIT:
        return None
    if tensor.op.is_several:
        return None  # its results are those of the nodes that show them
    if tensor.op.name == "broadcast":
        return None  # elementwise operations repeat a constant by themselves
    several = tensor.op.takes_several
    values = [t.attributes["value"] for t in inputs]
    computed = tensor.op(*([values] if several else values), **tensor.attributes)
    made: Tensor = operation("constant_tensor")(computed)
    return made


def _key(
    tensor: Tensor, inputs: tuple[Tensor, ...], scalars: _ScalarValues
) -> Hashable:
    named = tuple(
        # by its text: 0.0 == -0.0, but they are not the same
        t if scalars.of(t) is None else (repr(scalars.of(t)), t.dtype, t.shape)
        for t in inputs
    )
    return (tensor.op.name, named, repr(tensor.attributes), tensor.shape, tensor.dtype)
