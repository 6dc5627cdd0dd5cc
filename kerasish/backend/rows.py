"""Bodies of fused rows: what is computed for each element, and what once for a row.

The kernel `fused_rows` runs a body along the last axis: elementwise operations, and
reductions of a whole row to one number. What a reduction gives is known when the row
has been gone through, so a row is gone through in *passes*: a softmax takes three, for
the largest element, for the sum of exponentials, and for dividing by it. Backends write
their kernels pass by pass.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from kerasish.backend.contract import Instruction, Shape

REDUCTIONS = ("reduce_max", "reduce_sum")


def held_along(inputs: Sequence[Any], flat: Sequence[bool], shape: Shape) -> list[bool]:
    """Return for each input whether it is one number for a row.

    Args:
        inputs: Anything with a shape.
        flat: For each, whether it has no axis for the row.
        shape: That of the elements; its last length is more than 1.
    """
    forms = zip((tuple(x.shape) for x in inputs), flat, strict=True)
    return [own or not form or form[-1] != shape[-1] for form, own in forms]


@dataclass(frozen=True)
class Pass:
    """One run along a row; values are named by their positions.

    Attributes:
        numbers: Values of the row computed before it, operands first.
        reads: Values of elements that are there: inputs, and what was kept.
        elements: Values computed for each element, operands first.
        sums: Reductions it brings to an end.
        apart: Values of elements computed after it, each of its one operand.
    """

    numbers: tuple[int, ...]
    reads: tuple[int, ...]
    elements: tuple[int, ...]
    sums: tuple[int, ...]
    apart: tuple[int, ...]


class RowBody:
    """What can be said of a body without arrays.

    Args:
        body: The instructions; their operands are positions of values, of which the
            inputs come first.
        held: For each input, whether it is one number for a row.
        apart: Operations on elements that are computed between two passes; of one
            operand.

    Attributes:
        is_number: For each value, whether it is one number for a row.
        is_apart: For each value, whether it is computed between two passes.
        level: For each value, the first pass in which it can be computed; for what is
            apart or a number, the pass before which it can.
    """

    def __init__(
        self,
        body: Sequence[Instruction],
        held: Sequence[bool],
        apart: Collection[str] = (),
    ) -> None:
        self.body = tuple(body)
        self.num_inputs = len(held)
        self.is_number = list(held)
        self.is_apart = [False] * len(held)
        self.level = [0] * len(held)
        for one in self.body:
            is_sum = one.name in REDUCTIONS
            operands = one.operands
            is_number = is_sum or all(self.is_number[i] for i in operands)
            is_apart = one.name in apart and not is_number
            level = max(self.level[i] for i in operands)
            self.level.append(level + (is_sum or is_apart))
            self.is_number.append(is_number)
            self.is_apart.append(is_apart)

    def instruction(self, value: int) -> Instruction:
        """Return the instruction that computes a value."""
        return self.body[value - self.num_inputs]

    def passes(
        self, results: Collection[int], kept: Collection[int] = ()
    ) -> list[Pass]:
        """Return the passes that compute the results.

        Args:
            results: Values to be computed; those of elements, in the pass of their
                level.
            kept: Values of elements that later passes read, and need not compute again;
                what is apart always is.
        """
        computed = range(self.num_inputs, len(self.level))
        kept = {*kept, *(v for v in computed if self.is_apart[v])}
        wanted: dict[int, list[int]] = {}
        for value in computed:
            one = self.instruction(value)
            if one.name in REDUCTIONS or self.is_apart[value]:
                wanted.setdefault(self.level[value] - 1, []).append(one.operands[0])
            is_due = value in results or (value in kept and not self.is_apart[value])
            if is_due and not self.is_number[value]:
                wanted.setdefault(self.level[value], []).append(value)
        made = []
        for at in range(max(self.level) + 1):
            reads, elements = self._needed(wanted.get(at, []), at, kept)
            own = [v for v in computed if self.is_number[v]]
            sums = tuple(v for v in own if self._ends(v, at))
            numbers = tuple(v for v in own if self._is_due(v, at))
            apart = (v for v in computed if self.is_apart[v])
            after = tuple(v for v in apart if self.level[v] == at + 1)
            made.append(Pass(numbers, reads, elements, sums, after))
        return made

    def _ends(self, number: int, at: int) -> bool:
        """Whether a number is a reduction that a pass brings to an end."""
        is_sum = self.instruction(number).name in REDUCTIONS
        return is_sum and self.level[number] == at + 1

    def _is_due(self, number: int, at: int) -> bool:
        """Whether a number is computed from others before a pass."""
        is_sum = self.instruction(number).name in REDUCTIONS
        return not is_sum and self.level[number] == at

    def _needed(
        self, wanted: Sequence[int], at: int, kept: Collection[int]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the values of elements a pass reads, and those it computes."""
        reads: set[int] = set()
        elements: set[int] = set()
        stack = list(wanted)
        while stack:
            value = stack.pop()
            if self.is_number[value] or value in elements:
                continue
            is_there = self.is_apart[value] or self.level[value] < at
            if value < self.num_inputs or (value in kept and is_there):
                reads.add(value)
            else:
                elements.add(value)
                stack.extend(self.instruction(value).operands)
        return tuple(sorted(reads)), tuple(sorted(elements))
