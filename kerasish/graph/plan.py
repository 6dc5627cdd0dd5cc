"""The plan: where every value of a lowered graph lives, and the steps that fill it.

Views are resolved to their base; an elementwise step writes over an operand nobody
reads later; what a variable is assigned is computed straight into the variable where no
later step reads the old value; the parts of a concatenation are computed straight into
it (so gradients land side by side in their arena). What remains gets a place in one
block from
`kerasish.graph.memory`. Pure: it knows no device. `Plan` is read by
`kerasish.graph.replay` and by the listing; change them together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from kerasish.backend import dtypes
from kerasish.backend.contract import Shape
from kerasish.graph import memory
from kerasish.graph.pieces import num_bytes
from kerasish.graph.registry import operation
from kerasish.graph.tensor import CONSTANT, READ, Spec, Tensor
from kerasish.graph.trace import Graph, is_leaf
from kerasish.graph.variable import Variable

ScratchRule = Callable[[Tensor], list[tuple[Shape, str]]]
_MOST_NUMBERS = 4  # of a tensor that is no array but numbers, such as a key
_IN_PLACE = ("fused_rows",)  # writes an element when it has read all of that place
_ALWAYS = 1 << 60  # a position after every step: the value must outlive the run


@dataclass(frozen=True)
class Slot:
    """A part of the block: where a value, or a kernel's scratch, lies."""

    offset: int
    shape: Shape
    dtype: str


@dataclass(eq=False)
class Plan:
    """Where values live and in which order they are computed.

    Attributes:
        graph: The lowered graph the plan is for.
        steps: The tensors to compute, in order; views are not among them.
        views: Tensors that only show another one in another way.
        slots: Place in the block of each tensor that has one.
        states: Variable into which a tensor is computed, of each tensor that is.
        parts: The concatenation a tensor is a part of, and its offset there in bytes.
        scratch: Scratch slots of the steps that need them.
        copies: Variables to be set from a tensor after the last step.
        num_bytes: Size of the block.
        bound: The least any plan of these buffers could need, in bytes.
    """

    graph: Graph
    steps: list[Tensor] = field(default_factory=list)
    views: set[Tensor] = field(default_factory=set)
    slots: dict[Tensor, Slot] = field(default_factory=dict)
    states: dict[Tensor, Variable] = field(default_factory=dict)
    parts: dict[Tensor, tuple[Tensor, int]] = field(default_factory=dict)
    scratch: dict[Tensor, list[Slot]] = field(default_factory=dict)
    copies: list[tuple[Variable, Tensor]] = field(default_factory=list)
    num_bytes: int = 0
    bound: int = 0


def make_plan(graph: Graph, scratch: ScratchRule = lambda tensor: []) -> Plan:
    """Return the plan of a lowered graph.

    Args:
        graph: Only primitives and operations the backend has kernels for.
        scratch: Shapes and dtypes of the scratch arrays a step's kernel needs.
    """
    return _Planner(_with_snapshots(graph), scratch).run()


def _with_snapshots(graph: Graph) -> Graph:
    """Copy what is returned, or assigned, as it stood in a variable that is written.

    Its memory holds something else by the time the result is read.
    """
    written = {storage_of(variable) for variable in graph.writes}

    def kept(value: Tensor) -> Tensor:
        base = _base_through_views(value)
        if base.op is READ and storage_of(base.attributes["variable"]) in written:
            return operation("copy")(value)  # type: ignore[no-any-return]
        return value

    return replace(
        graph,
        outputs=tuple(kept(value) for value in graph.outputs),
        writes={variable: kept(value) for variable, value in graph.writes.items()},
    )


def _base_through_views(tensor: Tensor) -> Tensor:
    while tensor.op.is_view:
        tensor = tensor.inputs[0]
    return tensor


def storage_of(variable: Variable) -> Variable:
    """Return the variable that owns a variable's memory: itself, or its arena's."""
    return variable if variable.home is None else variable.home.flat


def _scheduled(nodes: Sequence[Tensor]) -> list[Tensor]:
    """Return nodes in the order of a run.

    That is the program's, but numbers made of variables alone come first, such as the
    factors of an optimizer's step: then its sweeps over large arrays stand together,
    and no number lies where an array was.
    """
    early: set[Tensor] = set()
    for tensor in nodes:
        given = tensor.op in (READ, CONSTANT) or (
            not is_leaf(tensor) and all(t in early for t in tensor.inputs)
        )
        if given and tensor.size <= _MOST_NUMBERS and not tensor.op.is_control:
            early.add(tensor)
    return sorted(nodes, key=lambda tensor: tensor not in early)


class _Planner:
    def __init__(self, graph: Graph, scratch: ScratchRule) -> None:
        self.plan = Plan(graph)
        self.scratch_rule = scratch
        self.nodes = _scheduled(graph.nodes())
        self.order = [t for t in self.nodes if not is_leaf(t)]
        self.position = {t: i for i, t in enumerate(self.order)}
        self.base: dict[Tensor, Tensor] = {}
        self.readers: dict[Tensor, list[Tensor]] = {}
        self.owner: dict[Tensor, Tensor] = {}  # whose buffer a tensor's value lies in
        self.last: dict[Tensor, int] = {}

    def run(self) -> Plan:
        self._resolve_views()
        self._find_lifetimes()
        self._compute_into_variables()
        self._compute_into_concatenations()
        self._compute_in_place()
        self._allocate()
        return self.plan

    # views -------------------------------------------------------------------------

    def _resolve_views(self) -> None:
        for tensor in self.nodes:
            if self._is_view(tensor):
                self.plan.views.add(tensor)
                self.base[tensor] = self.base[tensor.inputs[0]]
            else:
                self.base[tensor] = tensor
                if not is_leaf(tensor):
                    self.plan.steps.append(tensor)

    def _is_view(self, tensor: Tensor) -> bool:
        if not tensor.op.is_view:
            return False
        return tensor.op.name != "reshape_to" or self._is_contiguous(tensor.inputs[0])

    def _is_contiguous(self, tensor: Tensor) -> bool:
        if tensor not in self.plan.views:
            return True
        if tensor.op.name in ("reshape_to", "carved"):
            return True  # the operand of a reshape was, or it would be no view
        if tensor.op.name == "slice_to":
            leading, *others = tensor.attributes["slices"] or (slice(None),)
            whole = all(s == slice(None) for s in others)
            return (
                whole
                and leading.step in (None, 1)
                and self._is_contiguous(tensor.inputs[0])
            )
        return False

    def _is_whole(self, tensor: Tensor) -> bool:
        """Whether a tensor is its base, or a reshape of all of it."""
        while tensor in self.plan.views:
            if tensor.op.name != "reshape_to":
                return False
            tensor = tensor.inputs[0]
        return True

    # lifetimes ---------------------------------------------------------------------

    def _find_lifetimes(self) -> None:
        for tensor in self.plan.steps:
            for source in tensor.inputs:
                base = self.base[source]
                self.readers.setdefault(base, []).append(tensor)
                self.last[base] = self.position[tensor]
            self.last.setdefault(tensor, self.position[tensor])
        for tensor in self.plan.graph.outputs:
            self.last[self.base[tensor]] = _ALWAYS

    # variables ---------------------------------------------------------------------

    def _compute_into_variables(self) -> None:
        readers = self._readers_of_storage()
        for variable, value in self.plan.graph.writes.items():
            if self._may_overwrite(variable, value, readers):
                self.plan.states[value] = variable
            else:
                self.plan.copies.append((variable, value))
                self.last[self.base[value]] = _ALWAYS

    def _readers_of_storage(self) -> dict[Variable, list[tuple[Tensor, Tensor]]]:
        """Return, per storage, the steps that read it and the leaf they read."""
        found: dict[Variable, list[tuple[Tensor, Tensor]]] = {}
        for leaf in self.nodes:
            if leaf.op is READ:
                storage = storage_of(leaf.attributes["variable"])
                pairs = [(step, leaf) for step in self.readers.get(leaf, [])]
                found.setdefault(storage, []).extend(pairs)
        return found

    def _may_overwrite(
        self,
        variable: Variable,
        value: Tensor,
        readers: dict[Variable, list[tuple[Tensor, Tensor]]],
    ) -> bool:
        if value not in self.position or value in self.plan.views:
            return False
        if value in self.plan.states or value in self.plan.graph.outputs:
            return False
        here = self.position[value]
        for step, leaf in readers.get(storage_of(variable), []):
            there = self.position[step]
            if there > here:
                return False
            if there == here and not self._reads_in_step(value, leaf, variable):
                return False
        return True

    def _reads_in_step(self, value: Tensor, leaf: Tensor, variable: Variable) -> bool:
        """Whether the step reads the variable only at the places it is writing."""
        direct = leaf.attributes["variable"] is variable
        return direct and all(
            self._may_share(value, i)
            for i, source in enumerate(value.inputs)
            if self.base[source] is leaf
        )

    def _may_share(self, tensor: Tensor, i: int) -> bool:
        """Whether a step's result may lie on its i-th operand."""
        source = tensor.inputs[i]
        return (
            (tensor.op.is_elementwise or tensor.op.name in _IN_PLACE)
            and i not in tensor.op.kept_operands
            and source.shape == tensor.shape
            and self._is_whole(source)
            and dtypes.size_of(source.dtype) == dtypes.size_of(tensor.dtype)
        )

    # concatenations ----------------------------------------------------------------

    def _compute_into_concatenations(self) -> None:
        for joined in self.plan.steps:
            if joined.op.name != "concat" or joined in self.plan.states:
                continue
            axis = joined.attributes["axis"]
            if math.prod(joined.shape[:axis]) != 1:
                continue
            offset = 0
            for source in joined.inputs:
                base = self.base[source]
                if self._is_free(base, source):
                    self.plan.parts[base] = (joined, offset)
                offset += num_bytes(source)

    def _is_free(self, base: Tensor, source: Tensor) -> bool:
        return (
            base in self.position
            and base not in self.plan.states
            and base not in self.plan.parts
            and base.op.name != "concat"
            and self._is_whole(source)
        )

    # in place ----------------------------------------------------------------------

    def _compute_in_place(self) -> None:
        for tensor in self.plan.steps:
            self.owner[tensor] = tensor
            if tensor in self.plan.states or tensor in self.plan.parts:
                continue
            for i in range(len(tensor.inputs)):
                if self._takes_over(tensor, i):
                    self.owner[tensor] = self.owner[self.base[tensor.inputs[i]]]
                    break

    def _takes_over(self, tensor: Tensor, i: int) -> bool:
        base = self.base[tensor.inputs[i]]
        if base not in self.position or not self._may_share(tensor, i):
            return False
        holder = self.owner[base]
        if holder in self.plan.states or holder in self.plan.parts:
            return False
        if holder.op.name == "concat":
            return False  # its parts are alive from before it
        if self.last[base] != self.position[tensor]:
            return False
        same = [j for j, s in enumerate(tensor.inputs) if self.base[s] is base]
        return all(self._may_share(tensor, j) for j in same)

    # memory ------------------------------------------------------------------------

    def _allocate(self) -> None:
        spans: dict[Tensor, tuple[int, int]] = {}
        for tensor in self.plan.steps:
            if tensor in self.plan.states:
                continue
            part = self.plan.parts.get(tensor)
            holder = part[0] if part else self.owner[tensor]
            first, last = spans.get(holder, (_ALWAYS, 0))
            spans[holder] = (
                min(first, self.position[tensor]),
                max(last, self.last[tensor]),
            )
        buffers = [memory.Buffer(num_bytes(t), *span) for t, span in spans.items()]
        scratch = self._scratch_buffers()
        offsets, total = memory.assign_offsets([*buffers, *(b for _, _, b in scratch)])
        places = dict(zip(spans, offsets, strict=False))
        for tensor in self.plan.steps:
            self._set_slot(tensor, places)
        for (tensor, form, _), at in zip(scratch, offsets[len(buffers) :], strict=True):
            self.plan.scratch.setdefault(tensor, []).append(Slot(at, *form))
        self.plan.num_bytes = total
        self.plan.bound = memory.lower_bound([*buffers, *(b for _, _, b in scratch)])

    def _scratch_buffers(
        self,
    ) -> list[tuple[Tensor, tuple[Shape, str], memory.Buffer]]:
        found = []
        for tensor in self.plan.steps:
            at = self.position[tensor]
            for shape, dtype in self.scratch_rule(tensor):
                size = num_bytes(Spec(shape, dtype))
                form = (tuple(shape), dtype)
                found.append((tensor, form, memory.Buffer(size, at, at)))
        return found

    def _set_slot(self, tensor: Tensor, places: dict[Tensor, int]) -> None:
        if tensor in self.plan.states:
            return
        joined, offset = self.plan.parts.get(tensor, (self.owner[tensor], 0))
        at = places[joined] + offset
        self.plan.slots[tensor] = Slot(at, tensor.shape, tensor.dtype)


def unplaced_parts(plan: Plan, joined: Tensor) -> list[tuple[Tensor, Slot]]:
    """Return the operands a concatenation still has to copy, and to where.

    Empty where all operands were computed in place; every operand where the operation
    cannot be done by copying whole blocks is not listed here but run by its kernel.
    """
    whole = plan.slots[joined]
    result, offset = [], whole.offset
    for source in joined.inputs:
        base = _resolved(plan, source)
        if plan.parts.get(base, (None, 0)) != (joined, offset - whole.offset):
            result.append((source, Slot(offset, source.shape, source.dtype)))
        offset += num_bytes(source)
    return result


def _resolved(plan: Plan, tensor: Tensor) -> Tensor:
    while tensor in plan.views:
        tensor = tensor.inputs[0]
    return tensor


def has_parts(plan: Plan, joined: Tensor) -> bool:
    """Return whether any operand of a concatenation is computed in place."""
    return any(
        plan.parts.get(_resolved(plan, source), (None, 0))[0] is joined
        for source in joined.inputs
    )
