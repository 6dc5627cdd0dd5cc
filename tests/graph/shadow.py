"""An independent check of plans: every byte remembers whose value it holds.

`run(plan)` goes through the steps as a replay would, with labels in place of numbers.
Before a step reads a value, all of the value's bytes must still carry its label; what
a step writes takes the labels of what lay there before. So two values that are alive at
one time can share no byte, in the block, in the variables or in an arena, whatever the
planner's own bookkeeping says. Nothing of `kerasish.graph.plan`'s reasoning is used:
only where it put things.
"""

import numpy as np

from kerasish.backend import dtypes
from kerasish.graph.tensor import CONSTANT, INPUT, READ

BLOCK = "block"


def nbytes(form):
    return int(np.prod(form.shape, dtype=int)) * dtypes.size_of(form.dtype)


class Shadow:
    """Labels of every byte of the block and of every variable that owns memory."""

    def __init__(self, plan):
        self.plan = plan
        self.labels = {BLOCK: np.zeros(plan.num_bytes, int)}
        self.label_of = {}
        self.aliases = {}  # label -> labels that mean the same bytes
        self.check_views()

    # where things are -----------------------------------------------------------------

    def base(self, tensor):
        while tensor in self.plan.views:
            tensor = tensor.inputs[0]
        return tensor

    def region(self, tensor):
        """Return (memory, start, stop) of a value, None for inputs and constants."""
        tensor = self.base(tensor)
        if tensor.op in (INPUT, CONSTANT):
            return None
        if tensor.op is READ:
            return self.place_of(tensor.attributes["variable"])
        if tensor in self.plan.states:
            return self.place_of(self.plan.states[tensor])
        return self.slot(self.plan.slots[tensor])

    def slot(self, slot):
        assert slot.offset >= 0
        assert slot.offset + nbytes(slot) <= self.plan.num_bytes
        return BLOCK, slot.offset, slot.offset + nbytes(slot)

    def place_of(self, variable):
        owner = variable if variable.home is None else variable.home.flat
        if owner not in self.labels:
            self.labels[owner] = np.full(owner.size * dtypes.size_of(owner.dtype), -1)
        start = 0
        if owner is not variable:
            for member in variable.home.variables:
                if member is variable:
                    break
                start += nbytes(member)
        return owner, start, start + nbytes(variable)

    # labels ---------------------------------------------------------------------------

    def label(self, thing):
        return self.label_of.setdefault(thing, len(self.label_of) + 1)

    def write(self, region, thing):
        memory, start, stop = region
        self.labels[memory][start:stop] = self.label(thing)

    def holds(self, tensor):
        """Return whether all bytes of a value are still its own."""
        region = self.region(tensor)
        if region is None:
            return True
        memory, start, stop = region
        found = set(self.labels[memory][start:stop].tolist())
        base = self.base(tensor)
        if base.op is READ:
            return found <= {-1}  # untouched since the start
        return found <= {self.label(base), *self.aliases.get(base, ())}

    # rules ----------------------------------------------------------------------------

    def check_views(self):
        for view in self.plan.views:
            assert view.op.is_view
            assert view not in self.plan.slots
            assert view not in self.plan.states

    def check_reads(self, step):
        for source in step.inputs:
            assert self.holds(source), f"{step!r} reads {source!r} after it is lost"

    def check_overlap(self, step):
        """A result may lie on an operand only where the operation allows it."""
        target = self.region(step)
        for i, source in enumerate(step.inputs):
            region = self.region(source)
            if region is None or not overlap(region, target):
                continue
            assert region == target, f"{step!r} half overlaps {source!r}"
            assert step.op.is_elementwise
            assert i not in step.op.kept_operands
            assert source.shape == step.shape
            assert self.keeps_order(source), f"{step!r} reads {source!r} elsewhere"

    def keeps_order(self, tensor):
        while tensor in self.plan.views:
            if tensor.op.name != "reshape_to":
                return False
            tensor = tensor.inputs[0]
        return True

    def check_scratch(self, step):
        slots = [self.slot(s) for s in self.plan.scratch.get(step, ())]
        others = [self.region(t) for t in (step, *step.inputs)]
        for i, slot in enumerate(slots):
            for other in (*others, *slots[:i]):
                assert other is None or not overlap(slot, other)
            self.write(slot, ("scratch", step, i))

    def join(self, step):
        """Copy what is not in place yet, and check that the rest is."""
        memory, start, _ = self.region(step)
        for source in step.inputs:
            base, part = self.base(source), (memory, start, start + nbytes(source))
            if self.plan.parts.get(base, (None,))[0] is step:
                in_place = self.region(base) == part
                assert self.holds(base) or not in_place, f"a part of {step!r} is lost"
            start += nbytes(source)

    def run(self):
        for step in self.plan.steps:
            self.check_reads(step)
            self.check_scratch(step)
            placed = any(p[0] is step for p in self.plan.parts.values())
            if placed:
                self.join(step)
            else:
                self.check_overlap(step)
            self.write(self.region(step), step)
            for part, (joined, _) in self.plan.parts.items():
                if joined is step:
                    self.aliases.setdefault(part, set()).add(self.label(step))
        for variable, value in self.plan.copies:
            assert self.holds(value), f"{variable.path} is set from a lost value"
            self.write(self.place_of(variable), ("copy", variable))
        self.check_result()

    def check_result(self):
        for output in self.plan.graph.outputs:
            assert self.holds(output), f"the output {output!r} is lost"
        for variable, value in self.plan.graph.writes.items():
            memory, start, stop = self.place_of(variable)
            expected = {self.label(value), self.label(("copy", variable))}
            assert set(self.labels[memory][start:stop].tolist()) <= expected


def overlap(one, other):
    return one[0] is other[0] and max(one[1], other[1]) < min(one[2], other[2])


def run(plan):
    """Check a plan.

    Raises:
        AssertionError: A value is overwritten before it is read for the last time.
    """
    Shadow(plan).run()


def live_bytes(plan):
    """Return the most bytes of the block that are needed at one step."""
    shadow = Shadow(plan)
    last = {}
    for i, step in enumerate(plan.steps):
        for source in step.inputs:
            last[shadow.base(source)] = i
        last.setdefault(step, i)
    for output in plan.graph.outputs:
        last[shadow.base(output)] = len(plan.steps)
    most = 0
    for i, _ in enumerate(plan.steps):
        taken = np.zeros(plan.num_bytes, bool)
        for tensor in plan.steps[: i + 1]:
            region = shadow.region(tensor)
            if last[tensor] >= i and region[0] is BLOCK:
                taken[region[1] : region[2]] = True
        most = max(most, int(taken.sum()))
    return most
