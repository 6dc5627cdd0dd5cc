"""Graphs and plans as text: one short line per value.

`%7 = matmul_of(%3, dense/kernel) : float32[32, 64]  # sequential/dense`

The bodies of loops and branches follow their line, indented.
"""

from __future__ import annotations

from typing import Any

from kerasish.backend import get_backend
from kerasish.graph import plan as planning
from kerasish.graph.body import Body
from kerasish.graph.nested import Prepared
from kerasish.graph.pieces import CARVED, num_bytes, pieces_of
from kerasish.graph.plan import Plan
from kerasish.graph.tensor import CONSTANT, INPUT, READ, Spec, Tensor
from kerasish.graph.trace import Graph, listings

_FUSED = ("fused", "fused_rows")  # shown by the operations they consist of
_SHORT = 40  # characters of an attribute's text
_LONG = 120  # of those operations


def list_graph(graph: Graph) -> str:
    """Return a line per node, then the outputs and assignments."""
    names = _names(graph)
    lines = []
    for tensor in graph.nodes():
        if tensor.op not in (READ, CONSTANT):
            lines += [_line(tensor, names), *_bodies(tensor)]
    lines += [f"{v.path} <- {names[t]}" for v, t in graph.writes.items()]
    lines.append("return " + ", ".join(names[t] for t in graph.outputs))
    return "\n".join(lines)


def list_plan(plan: Plan) -> str:
    """Return a plan's steps, where each result lies, and what the plan saves."""
    names = _names(plan.graph)
    lines = [f"{'step':<78}  place"]
    for tensor in plan.steps:
        lines.append(f"{_line(tensor, names):<78}  {_place(plan, tensor, names)}")
        lines += _bodies(tensor)
    lines += [
        f"{v.path} <- copy of {names[t]} after the last step" for v, t in plan.copies
    ]
    return "\n".join([*lines, "", *_totals(plan)])


listings.append(list_graph)


def _names(graph: Graph) -> dict[Tensor, str]:
    names: dict[Tensor, str] = {}
    for index, tensor in enumerate(graph.inputs):
        names[tensor] = f"%in{index}"
    counter = 0
    for tensor in graph.nodes():
        if tensor.op is READ:
            names[tensor] = tensor.attributes["variable"].path
        elif tensor.op is CONSTANT:
            names[tensor] = _constant(tensor)
        elif tensor not in names:
            names[tensor] = f"%{counter}"
            counter += 1
    return names


def _constant(tensor: Tensor) -> str:
    value, backend = tensor.attributes["value"], get_backend()
    if tensor.size == 1 and isinstance(value, backend.array_type):
        return f"{backend.to_host(value).item():.6g}"
    return f"const{list(tensor.shape)}"


def _line(tensor: Tensor, names: dict[Tensor, str]) -> str:
    form = repr(Spec(tensor.shape, tensor.dtype))
    if tensor.op is INPUT:
        return f"{names[tensor]} = input : {form}"
    if tensor.op.is_several:
        form = f"({', '.join(map(repr, pieces_of(tensor)))})"
    shown = dict(tensor.attributes)
    if tensor.op is CARVED:
        shown = {"index": shown["index"]}
    called = tensor.op.name
    if called in _FUSED:
        steps = " ".join(one.name for one in shown["body"])
        called, shown = f"{called}[{_short(steps, _LONG)}]", {}
    for name, _ in _graphs(tensor):
        shown.pop(name.partition(" ")[0], None)  # they follow the line
    arguments = [names[t] for t in tensor.inputs]
    arguments += [f"{k}={_short(v)}" for k, v in shown.items()]
    where = f"  # {tensor.scope}" if tensor.scope else ""
    return f"{names[tensor]} = {called}({', '.join(arguments)}) : {form}{where}"


def _bodies(tensor: Tensor) -> list[str]:
    """Return the lines of the graphs that a step runs."""
    lines: list[str] = []
    for name, graph in _graphs(tensor):
        lines.append(f"  {name}:")
        lines += [f"    {line}" for line in list_graph(graph).splitlines()]
    return lines


def _graphs(tensor: Tensor) -> list[tuple[str, Graph]]:
    """Return the graphs a step runs by the names of its attributes."""
    found = []
    for name, value in tensor.attributes.items() if tensor.op.is_control else ():
        named = {name: value}
        if isinstance(value, tuple):
            named = {f"{name} {i}": body for i, body in enumerate(value)}
        for title, body in named.items():
            if isinstance(body, Body):
                found.append((title, body.closed()))
            elif isinstance(body, Prepared):
                found.append((title, body.graph))
    return found


def _short(value: Any, most: int = _SHORT) -> str:
    text = str(value)
    return text if len(text) <= most else text[: most - 3] + "..."


def _place(plan: Plan, tensor: Tensor, names: dict[Tensor, str]) -> str:
    if tensor in plan.states:
        return f"in {plan.states[tensor].path}"
    if tensor in plan.parts:
        joined, offset = plan.parts[tensor]
        return f"part of {names[joined]} at {offset}"
    if tensor.op.name == "concat" and planning.has_parts(plan, tensor):
        left = len(planning.unplaced_parts(plan, tensor))
        return f"at {plan.slots[tensor].offset}, {left} parts to copy"
    return f"at {plan.slots[tensor].offset}"


def _totals(plan: Plan) -> list[str]:
    whole = sum(num_bytes(t) for t in plan.steps if t in plan.slots)
    saved = sum(num_bytes(t) for t in plan.views)
    share = plan.num_bytes / plan.bound if plan.bound else 1.0
    return [
        f"{len(plan.steps)} steps in {plan.num_bytes:,} bytes "
        f"({share:.2f} x the least possible; {whole:,} without reuse)",
        f"{len(plan.views)} views instead of copies save {saved:,} bytes a run",
        f"{len(plan.states)} of {len(plan.graph.writes)} assignments computed in place",
    ]
