"""Fusion of rows: what goes along the last axis of one shape becomes one operation.

A softmax, a normalization, a cross-entropy and the gradients of these go over the same
rows again and again: for a sum or a largest element, and to use it. A group holds
elementwise operations on arrays of one shape, reductions along their last axis, and
what is computed of the numbers that these give. Unlike the groups of
`kerasish.graph.fuse` it may have several results, which others read.

A node joins the group of one of its operands unless that would close a circle: none of
its other operands may depend on the group.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kerasish.backend.contract import Shape
from kerasish.backend.rows import REDUCTIONS
from kerasish.graph.fuse import Fuses, Instruction, asked, is_elementwise
from kerasish.graph.pieces import block_of, carve
from kerasish.graph.rewrite import remake
from kerasish.graph.tensor import CompilerOp, Spec, Tensor
from kerasish.graph.trace import Graph, is_leaf

_LEAST_ROWS = 16  # fewer leave cores without work
_MOST_INPUTS = 16  # a kernel with more pointers gains nothing
_MOST_RESULTS = 8


class FusedRows(CompilerOp):
    """The operation of a node that stands for a group of several members.

    Its attributes: `body`, a tuple of instructions (see `kerasish.backend.contract`);
    `results`, positions of the values that are its results; `shape`, that of the
    elements, whose last axis is the rows'; `flat`, for each input, whether it has a
    number for each row and no axis for it; `forms`, those of the results.

    Args:
        num_results: How many values others read. One alone may lie on an operand: all
            that is read leads to it, so nothing is read after it is written.
    """

    name = "fused_rows"

    def __init__(self, num_results: int) -> None:
        self.is_several = num_results > 1

    def pieces(self, operands: Sequence[Any], attributes: dict[str, Any]) -> list[Spec]:
        """Return the forms of the results."""
        forms: list[Spec] = attributes["forms"]
        return list(forms)

    def infer(self, operands: Sequence[Any], attributes: dict[str, Any]) -> Spec:
        """Return the form of the result, or of the block of several."""
        forms = attributes["forms"]
        return block_of(forms) if self.is_several else forms[0]


@dataclass(eq=False)
class _Group:
    """Nodes that may become one.

    Attributes:
        index: Its number.
        shape: Shape of its elements.
        members: The nodes, operands first.
        outer: What they read beside each other; True for what has a number for each
            row, and no axis for it.
        behind: A bit for each group it depends on, at whatever distance.
    """

    index: int
    shape: Shape
    members: list[Tensor] = field(default_factory=list)
    outer: dict[Tensor, bool] = field(default_factory=dict)
    behind: int = 0

    @property
    def kept(self) -> Shape:
        """Shape of a number for each row, with an axis of length 1 for it."""
        return (*self.shape[:-1], 1)

    def holds_reduction(self) -> bool:
        """Whether a member is a reduction."""
        return any(t.op.name in REDUCTIONS for t in self.members)


def fuse_rows(graph: Graph, fuses: Fuses) -> Graph:
    """Return the graph with its rows fused.

    Args:
        graph: Lowered and simplified.
        fuses: Which operations the backend takes into a group.
    """
    able = {t for t in graph.nodes() if _may_join(t) and fuses(*asked(t))}
    shapes = {t.inputs[0].shape for t in able if t.op.name in REDUCTIONS}
    if not shapes:
        return graph
    groups = _Grouping(graph, able, shapes).groups()
    return _rewritten(graph, groups) if groups else graph


def _may_join(tensor: Tensor) -> bool:
    if tensor.op.name not in REDUCTIONS:
        return is_elementwise(tensor)
    source = tensor.inputs[0]
    last = source.ndim - 1
    rows = math.prod(source.shape[:-1])
    suits = tuple(tensor.attributes["axis"]) == (last,) and source.shape[last] > 1
    return suits and last > 0 and rows >= _LEAST_ROWS


class _Grouping:
    """Groups as they grow along the graph.

    Args:
        graph: The graph.
        able: The nodes that may be in a group.
        shapes: Shapes of what is reduced along its last axis.
    """

    def __init__(self, graph: Graph, able: set[Tensor], shapes: set[Shape]) -> None:
        self._nodes = graph.nodes()
        self._roots = set(graph.roots())
        self._readers = _readers(self._nodes)
        self._able = able
        self._shapes = shapes
        self._groups: list[_Group] = []
        self._group: dict[Tensor, _Group] = {}
        # of each node, a bit for each group it depends on at the next distance
        self._behind: dict[Tensor, int] = {}

    def groups(self) -> list[_Group]:
        """Return the groups worth a node of their own."""
        for tensor in self._nodes:
            self._behind[tensor] = 0
            for source in tensor.inputs:
                self._behind[tensor] |= self._bits(source)
            if tensor in self._able:
                self._place(tensor)
        self._absorb()
        return [g for g in self._groups if self._is_worth_it(g)]

    def _bits(self, tensor: Tensor) -> int:
        group = self._group.get(tensor)
        return self._behind[tensor] if group is None else 1 << group.index

    def _place(self, tensor: Tensor) -> None:
        """Put a node into a group it may join, or into a new one.

        The latest is tried first, but those without a reduction last: `_absorb` may
        still bring them in.
        """
        near = {g.index: g for t in tensor.inputs if (g := self._group.get(t))}
        order = sorted(near.values(), key=lambda g: (g.holds_reduction(), g.index))
        for group in reversed(order):
            if self._joins(tensor, group):
                return
        of = tensor.inputs[0] if tensor.op.name in REDUCTIONS else tensor
        if of.shape in self._shapes:
            group = _Group(len(self._groups), of.shape)
            self._groups.append(group)
            self._add(tensor, group, dict.fromkeys(tensor.inputs, False))

    def _joins(self, tensor: Tensor, group: _Group) -> bool:
        """Add a node to a group if it may join."""
        outer = _outer_of(tensor, group, self._group)
        if outer is None or any(self._depends(t, group) for t in outer):
            return False
        if any(group.outer.get(t, flat) is not flat for t, flat in outer.items()):
            return False
        if len(group.outer | outer) > _MOST_INPUTS:
            return False
        self._add(tensor, group, outer)
        return True

    def _add(self, tensor: Tensor, group: _Group, outer: dict[Tensor, bool]) -> None:
        group.members.append(tensor)
        group.outer |= outer
        self._group[tensor] = group
        for source in outer:
            group.behind |= self._closed(self._bits(source))
        for other in self._groups:
            if other.behind >> group.index & 1:
                other.behind |= group.behind

    def _depends(self, tensor: Tensor, group: _Group) -> bool:
        return bool(self._closed(self._bits(tensor)) >> group.index & 1)

    def _closed(self, bits: int) -> int:
        """Return groups and all they depend on."""
        closed, left = bits, bits
        while left:
            last = left & -left
            closed |= self._groups[last.bit_length() - 1].behind
            left ^= last
        return closed

    def _absorb(self) -> None:
        """Join groups without a reduction to the one group that reads them, if any."""
        for group in reversed(self._groups):
            if group.holds_reduction() or self._roots & set(group.members):
                continue
            outside = {r for t in group.members for r in self._readers[t]}
            heirs = {self._group.get(r) for r in outside - set(group.members)}
            heir = heirs.pop() if len(heirs) == 1 else None
            if heir is not None and heir.shape == group.shape:
                self._merge(group, heir)

    def _merge(self, group: _Group, heir: _Group) -> None:
        outer = {t: f for t, f in heir.outer.items() if t not in group.members}
        together = outer | group.outer
        agree = all(outer.get(t, flat) is flat for t, flat in group.outer.items())
        if agree and len(together) <= _MOST_INPUTS:
            heir.members = sorted([*group.members, *heir.members], key=_by_number)
            heir.outer = together
            self._group |= dict.fromkeys(group.members, heir)
            group.members = []

    def _is_worth_it(self, group: _Group) -> bool:
        if len(group.members) < 2 or not group.holds_reduction():
            return False
        results = _results(group.members, self._readers, self._roots)
        return len(results) <= _MOST_RESULTS


def _by_number(tensor: Tensor) -> int:
    return tensor.number


def _outer_of(
    tensor: Tensor, group: _Group, known: dict[Tensor, _Group]
) -> dict[Tensor, bool] | None:
    """Return the operands outside a group, as `_Group.outer`; None if it cannot join.

    What it takes from the group must have the same form as itself: elements and numbers
    with an axis of length 1, or numbers without it.
    """
    inner = [t for t in tensor.inputs if known.get(t) is group]
    outer = [t for t in tensor.inputs if known.get(t) is not group]
    if tensor.op.name in REDUCTIONS:
        return {} if inner[0].shape == group.shape else None
    alike: tuple[Shape, ...] = (group.shape, group.kept)
    flat = tensor.shape == group.shape[:-1]
    if flat:
        alike = (tensor.shape,)
    if tensor.shape not in alike or any(t.shape not in alike for t in inner):
        return None
    return {t: flat and t.ndim > 0 for t in outer}


def _readers(nodes: Sequence[Tensor]) -> dict[Tensor, set[Tensor]]:
    """Return the nodes that read each node."""
    readers: dict[Tensor, set[Tensor]] = {tensor: set() for tensor in nodes}
    for tensor in nodes:
        for source in tensor.inputs:
            readers[source].add(tensor)
    return readers


def _results(
    members: Sequence[Tensor], readers: dict[Tensor, set[Tensor]], roots: set[Tensor]
) -> list[Tensor]:
    """Return the members that others read, in order."""
    inside = set(members)
    return [t for t in members if t in roots or not readers[t] <= inside]


def _rewritten(graph: Graph, groups: Sequence[_Group]) -> Graph:
    """Return the graph with groups as single nodes, in an order near the program's."""
    nodes, roots = graph.nodes(), set(graph.roots())
    readers = _readers(nodes)
    group_of = {t: g for g in groups for t in g.members}
    new: dict[Tensor, Tensor] = {t: t for t in nodes if is_leaf(t)}
    for unit in _in_order([t for t in nodes if not is_leaf(t)], group_of):
        if isinstance(unit, _Group):
            results = _results(unit.members, readers, roots)
            new |= zip(results, _fused(unit, results, new), strict=True)
        else:
            new[unit] = remake(unit, tuple(new[t] for t in unit.inputs))
    return replace(
        graph,
        outputs=tuple(new[t] for t in graph.outputs),
        writes={v: new[t] for v, t in graph.writes.items()},
    )


def _in_order(nodes: Sequence[Tensor], group_of: dict[Tensor, _Group]) -> Iterator[Any]:
    """Yield nodes and groups, each after what it depends on, early ones first."""
    first: dict[Any, int] = {}
    for position, tensor in enumerate(nodes):
        first.setdefault(group_of.get(tensor, tensor), position)
    waits: Counter[Any] = Counter()
    readers: dict[Any, set[Any]] = {}
    for tensor in nodes:
        unit = group_of.get(tensor, tensor)
        for source in tensor.inputs:
            other = group_of.get(source, source)
            if other is unit or is_leaf(source):
                continue
            if unit not in readers.setdefault(other, set()):
                readers[other].add(unit)
                waits[unit] += 1
    units = {at: unit for unit, at in first.items()}
    ready = [at for at, unit in units.items() if not waits[unit]]
    heapq.heapify(ready)
    while ready:
        unit = units[heapq.heappop(ready)]
        yield unit
        for reader in readers.get(unit, ()):
            waits[reader] -= 1
            if not waits[reader]:
                heapq.heappush(ready, first[reader])


def _fused(
    group: _Group, results: Sequence[Tensor], new: dict[Tensor, Tensor]
) -> list[Tensor]:
    """Return what stands for the results of a group."""
    index = {t: i for i, t in enumerate([*group.outer, *group.members])}
    body = tuple(
        Instruction(t.op.name, tuple(index[s] for s in t.inputs), t.dtype)
        for t in group.members
    )
    attributes = {
        "body": body,
        "results": tuple(index[t] for t in results),
        "shape": group.shape,
        "flat": tuple(group.outer.values()),
        "forms": tuple(Spec(t.shape, t.dtype) for t in results),
    }
    op = FusedRows(len(results))
    inputs = tuple(new[t] for t in group.outer)
    form = op.infer(inputs, attributes)
    scope = results[-1].scope
    node = Tensor(op, inputs, attributes, form.shape, form.dtype, scope)
    if not op.is_several:
        return [node]
    return [carve(node, i) for i in range(len(results))]
