"""Graphs and plans as text: one short line per value.

`%7 = matmul_of(%3, dense/kernel) : float32[32, 64]  # sequential/dense`
"""

from __future__ import annotations

from typing import Any

from kerasish.backend import get_backend
from kerasish.graph import plan as planning
from kerasish.graph.plan import Plan
from kerasish.graph.tensor import CONSTANT, INPUT, READ, Tensor
from kerasish.graph.trace import Graph, listings

_SHORT = 40  # characters of an attribute's text


def list_graph(graph: Graph) -> str:
    """Return a line per node, then the outputs and assignments."""
    names = _names(graph)
    lines = [
        _line(tensor, names)
        for tensor in graph.nodes()
        if tensor.op not in (READ, CONSTANT)
    ]
    lines += [f"{v.path} <- {names[t]}" for v, t in graph.writes.items()]
    lines.append("return " + ", ".join(names[t] for t in graph.outputs))
    return "\n".join(lines)


def list_plan(plan: Plan) -> str:
    """Return a plan's steps, where each result lies, and what the plan saves."""
    names = _names(plan.graph)
    lines = [f"{'step':<78}  place"]
    for tensor in plan.steps:
        lines.append(f"{_line(tensor, names):<78}  {_place(plan, tensor, names)}")
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
    form = f"{tensor.dtype}[{', '.join(map(str, tensor.shape))}]"
    if tensor.op is INPUT:
        return f"{names[tensor]} = input : {form}"
    arguments = [names[t] for t in tensor.inputs]
    arguments += [f"{k}={_short(v)}" for k, v in tensor.attributes.items()]
    where = f"  # {tensor.scope}" if tensor.scope else ""
    return f"{names[tensor]} = {tensor.op.name}({', '.join(arguments)}) : {form}{where}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHORT else text[: _SHORT - 3] + "..."


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
    whole = sum(planning.num_bytes(t) for t in plan.steps if t in plan.slots)
    saved = sum(planning.num_bytes(t) for t in plan.views)
    share = plan.num_bytes / plan.bound if plan.bound else 1.0
    return [
        f"{len(plan.steps)} steps in {plan.num_bytes:,} bytes "
        f"({share:.2f} x the least possible; {whole:,} without reuse)",
        f"{len(plan.views)} views instead of copies save {saved:,} bytes a run",
        f"{len(plan.states)} of {len(plan.graph.writes)} assignments computed in place",
    ]
