"""Gradients of loops and branches, written in operations and loops.

The gradient of a loop is a loop the other way round, over the values of the steps that
it needs: those are collected by the loop itself, run with more results (the merging
pass makes one of the two). Sums over all steps are taken out of the loop where they can
be (see `kerasish.ops.step_totals`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import explain
from kerasish.graph.body import (
    Body,
    captured,
    dependents,
    open_body,
    placeholder,
)
from kerasish.graph.branch import BRANCH, WHILE
from kerasish.graph.gradient import cotangents
from kerasish.graph.loop import LOOP, Settings
from kerasish.graph.pieces import CARVED
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import ancestors
from kerasish.ops.declare import zeros_like_tensor
from kerasish.ops.elementwise import add
from kerasish.ops.loops import Step, add_loop, made_since
from kerasish.ops.step_totals import Stacks, Total, total_over_steps


def _loop_gradient(
    gs: Sequence[Tensor | None],
    ys: Sequence[Tensor],
    *inputs: Tensor,
    wanted: Sequence[bool],
    **attributes: Any,
) -> tuple[Tensor | None, ...]:
    settings = Settings(**attributes)
    if settings.length == 0:
        carried = gs[: settings.carries]
        others = [None] * settings.captured, [None] * (len(inputs) - settings.captured)
        return (*others[0], *carried, *others[1][len(carried) :])
    return _Backward(settings, gs, inputs, wanted).cotangents()


LOOP.gradient_rule = _loop_gradient


class _Backward:
    """The gradient of one loop.

    Attributes:
        leaves: What stands for the loop's inputs in its body.
        arriving: What stands for the cotangents of the body's outputs, by position.
        found: The cotangents of the leaves in one step.
        totals: Of captured inputs, sums of cotangents over all steps that can be had
            after the loop.
        sums: What stands for those that are added up step by step.
        leaving: What a step of the backward loop hands to the next.
        stacking: What it hands out, to be stacked.
    """

    def __init__(
        self,
        settings: Settings,
        gs: Sequence[Tensor | None],
        inputs: Sequence[Tensor],
        wanted: Sequence[bool],
    ) -> None:
        self.settings = settings
        self.gs = gs
        self.inputs = inputs
        self.body: Body = settings.body
        self.leaves = self.body.inputs
        self.captured, self.carries, self.slices = settings.split(self.leaves)
        # of captured tensors that are another one inside the body than outside
        pairs = zip(self.captured, inputs, strict=False)
        self.fixed = {leaf: t for leaf, t in pairs if leaf is not t}
        self.sources = [
            leaf
            for leaf, needed in zip(self.leaves, wanted, strict=True)
            if dtypes.is_float(leaf.dtype) and (needed or leaf in self.carries)
        ]
        self.interior = set(self.body.interior())
        self.ends = set(self.leaves)

    def cotangents(self) -> tuple[Tensor | None, ...]:
        """Return the cotangents of the loop's inputs."""
        with open_body():
            self._differentiate_step()
            self._sort_results()
            results = self._run()
        return tuple(results.get(leaf) for leaf in self.leaves)

    # one step ----------------------------------------------------------------------

    def _differentiate_step(self) -> None:
        """Find the cotangents in one step, with those that come from the next."""
        outputs = self.body.outputs
        reached = [k for k, g in enumerate(self.gs) if g is not None]
        self.arriving: dict[int, Tensor] = {}
        while reached:
            self.arriving.update({k: placeholder(outputs[k]) for k in reached})
            targets = [outputs[k] for k in self.arriving]
            flowing = list(self.arriving.values())
            found = cotangents(targets, flowing, self.sources, self.leaves)
            pairs = zip(self.sources, found, strict=True)
            self.found = {leaf: g for leaf, g in pairs if g is not None}
            reached = [
                j
                for j, leaf in enumerate(self.carries)
                if leaf in self.found and j not in self.arriving
            ]
        self.ends |= set(self.arriving.values())

    def _sort_results(self) -> None:
        """Sort the cotangents into carried ones, stacked ones, and sums over steps."""
        sums = {c: self.found[c] for c in self.captured if c in self.found}
        stacked = [self.found[x] for x in self.slices if x in self.found]
        leaving = [
            self.found.get(self.carries[j], zeros_like_tensor(self.carries[j]))
            for j in self._active()
        ]
        order = ancestors([*leaving, *stacked, *sums.values()], self._parents)
        changing = dependents(order, {t for t in order if self._changes(t)})
        self.totals: dict[Tensor, Total] = {}
        self.sums: dict[Tensor, Tensor] = {}
        for source, g in sums.items():
            total = total_over_steps(g, changing, self.settings.length)
            if total is not None:
                self.totals[source] = total
            else:
                self.sums[source] = placeholder(g)
                leaving.append(add(self.sums[source], g))
        self.leaving = leaving
        factors = [f for total in self.totals.values() for f in total.factors]
        wanted = dict.fromkeys([*stacked, *factors])
        self.stacking = [t for t in wanted if not self._has_stack(t)]
        self.needed = [*leaving, *wanted]

    def _active(self) -> list[int]:
        return sorted(k for k in self.arriving if k < self.settings.carries)

    def _is_kept(self, tensor: Tensor) -> bool:
        """Whether a tensor of the forward step is collected; views are made anew."""
        if tensor.op is CARVED:
            return tensor.inputs[0] in self.interior
        return tensor in self.interior and not tensor.op.is_view

    def _parents(self, tensor: Tensor) -> tuple[Tensor, ...]:
        ends = tensor in self.ends or self._is_kept(tensor)
        return () if ends else tensor.inputs

    def _changes(self, tensor: Tensor) -> bool:
        outside = tensor in self.captured and tensor not in self.fixed
        return (tensor in self.ends and not outside) or self._is_kept(tensor)

    def _has_stack(self, tensor: Tensor) -> bool:
        """Whether its values in all steps are there, or collected going forward."""
        given = any(
            g is tensor for k, g in self.arriving.items() if k >= self.settings.carries
        )
        own = tensor in self.slices or tensor in self.carries
        return own or given or self._is_kept(tensor)

    # all steps ---------------------------------------------------------------------

    def _forward_stacks(self) -> Stacks:
        """Return the stacks of all values that the backward steps read."""
        sequences = self.settings.split(self.inputs)[2]
        stacks = dict(zip(self.slices, sequences, strict=True))
        for k, leaf in self.arriving.items():
            g = self.gs[k]
            if k >= self.settings.carries and g is not None:
                stacks[leaf] = g
        needed = ancestors(self.needed, self._parents)
        kept = [t for t in needed if self._is_kept(t) or t in self.carries]
        return stacks | self._collected(kept) if kept else stacks

    def _collected(self, kept: Sequence[Tensor]) -> Stacks:
        """Run the loop so that it collects these values too."""
        count = self.settings.carries
        stacked = dict.fromkeys([*self.body.outputs[count:], *kept])
        body = Body(self.leaves, (*self.body.outputs[:count], *stacked))
        made = LOOP(*self.inputs, **self.settings._replace(body=body)._asdict())
        return dict(zip(stacked, made[count:], strict=True))

    def _run(self) -> Stacks:
        """Run the backward loop; return the cotangents of the inputs."""
        stacks = self._forward_stacks()
        slices = [t for t in ancestors(self.needed, self._parents) if t in stacks]
        active = self._active()
        entering = [self.arriving[j] for j in active]
        finals, made = add_loop(
            Step([*entering, *self.sums.values()], slices, self.leaving, self.stacking),
            [self._start(j) for j in active] + [*map(zeros_like_tensor, self.sums)],
            [stacks[t] for t in slices],
            self.settings._replace(reverse=not self.settings.reverse),
            self.fixed,
        )
        stacks |= dict(zip(self.stacking, made, strict=True))
        starts = [self.carries[j] for j in active]
        results = dict(zip([*starts, *self.sums], finals, strict=True))
        results |= {x: stacks[self.found[x]] for x in self.slices if x in self.found}
        return results | {c: total(stacks) for c, total in self.totals.items()}

    def _start(self, j: int) -> Tensor:
        g = self.gs[j]
        return zeros_like_tensor(self.carries[j]) if g is None else g


# Branches


def _branch_gradient(
    gs: Sequence[Tensor | None],
    ys: Sequence[Tensor],
    index: Tensor,
    *operands: Tensor,
    branches: Sequence[Body],
    wanted: Sequence[bool],
) -> tuple[Tensor | None, ...]:
    """Take the branch of the gradient that belongs to the branch taken."""
    leaves = branches[0].inputs
    arriving = {k: placeholder(g) for k, g in enumerate(gs) if g is not None}
    start = placeholder(index).number
    needed = zip(leaves, wanted[1:], strict=True)
    sources = [t for t, want in needed if want and dtypes.is_float(t.dtype)]
    with open_body() as opened:
        found = [_back_through(body, arriving, sources) for body in branches]
    sources = [s for s in sources if any(s in each for each in found)]
    outputs = [[each.get(s, zeros_like_tensor(s)) for s in sources] for each in found]
    interior = {t for body in branches for t in body.interior()}
    made_here = made_since(start, opened.outer)
    outer = captured(
        [t for flat in outputs for t in flat],
        [*leaves, *arriving.values()],
        lambda t: t in interior or made_here(t),
    )
    given = (*leaves, *outer, *arriving.values())
    results = BRANCH(
        *(index, *operands, *outer),
        *(g for g in gs if g is not None),
        branches=tuple(Body(given, flat) for flat in outputs),
    )
    by_source = dict(zip(sources, results, strict=True))
    return (None, *(by_source.get(leaf) for leaf in leaves))


BRANCH.gradient_rule = _branch_gradient


def _back_through(
    body: Body, arriving: dict[int, Tensor], sources: Sequence[Tensor]
) -> Stacks:
    targets = [body.outputs[k] for k in arriving]
    flowing = list(arriving.values())
    found = cotangents(targets, flowing, sources, body.inputs)
    return {s: g for s, g in zip(sources, found, strict=True) if g is not None}


def _while_gradient(*_: Any, **__: Any) -> Any:
    raise ValueError(
        explain(
            "A gradient cannot flow through while_loop.",
            got="a loop that only its run can tell the number of steps of",
            expected="a number of steps that is known beforehand",
            fix="use ops.scan, or ops.fori_loop with Python numbers as bounds; or "
            "ops.stop_gradient on what comes out",
        )
    )


WHILE.gradient_rule = _while_gradient
