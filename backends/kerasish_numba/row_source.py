"""The text of compiled rows: a body with reductions as a Python function for Numba.

Like `kerasish_numba.source`, and with the same lanes; the innermost loop is the row's,
and there is one for each pass (see `kerasish.backend.rows`). Some rows at a time take
all their passes, so that they stay in the nearest cache. What the compiler cannot
vectorize at the end of a row, where less than a full vector is left, is cheap: dear
operations are done for all elements of these rows at once, in scratch memory.

A native function's words are the lengths of the loops, the steps of each lane, the
lanes' addresses, those of scratch memory, and how many rows go together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kerasish.backend.rows import Pass, RowBody
from kerasish_numba.expressions import expression
from kerasish_numba.source import HEADER, Lane, read, unpacked, write

BLOCK = 4096  # elements whose float32 sum is added up in lanes of float32
_IMPORTS = """from numpy import inf

from kerasish_numba.float_math import add_freely, larger

"""
_INDENT = "    "


@dataclass(frozen=True)
class RowPlan:
    """A body, and what of it is kept in scratch memory.

    Attributes:
        body: What is computed.
        passes: Its passes.
        elements: Values of elements kept from one pass to the next.
        numbers: Numbers kept so.
    """

    body: RowBody
    passes: tuple[Pass, ...]
    elements: tuple[int, ...]
    numbers: tuple[int, ...]

    @property
    def kept(self) -> tuple[int, ...]:
        """All that is kept."""
        return (*self.elements, *self.numbers)


def lasting_numbers(body: RowBody, passes: Sequence[Pass]) -> tuple[int, ...]:
    """Return the numbers that a later pass reads than the one they become known in."""
    known: dict[int, int] = {}
    last: dict[int, int] = {}
    for at, one in enumerate(passes):
        known |= dict.fromkeys((*one.numbers, *one.sums), at)
        for value in (*one.numbers, *one.elements):
            last |= dict.fromkeys(body.instruction(value).operands, at)
    return tuple(sorted(v for v, at in known.items() if last.get(v, at) > at))


class RowSource:
    """The source of a loop over rows.

    Args:
        plan: What is computed, and kept.
        lanes: The arrays; those that are read hold the inputs, in order.
        num_loops: Loops around one element; two at least.
        is_long: Whether a row may be longer than a block.
    """

    def __init__(
        self, plan: RowPlan, lanes: Sequence[Lane], num_loops: int, is_long: bool
    ) -> None:
        self._plan = plan
        self._body = plan.body
        self._lanes = lanes
        self._num_loops = num_loops
        self._is_long = is_long
        read_lanes = [i for i, lane in enumerate(lanes) if lane.is_read]
        self._lane_of = dict(enumerate(read_lanes))  # value -> the lane it is read from
        self._dtypes = [lanes[i].dtype for i in read_lanes]
        self._dtypes += [one.dtype for one in self._body.body]
        self._length = f"n{num_loops - 1}"

    def text(self) -> str:
        """Return a module whose function `native` computes the rows."""
        lines = ["def native(address):", "    words = words_at(address)"]
        lines += unpacked(self._lanes, self._num_loops)
        first = self._num_loops * (1 + len(self._lanes)) + len(self._lanes)
        for k, value in enumerate(self._plan.kept):
            lines.append(f"    k{value} = {self._dtypes[value]}_at(words[{first + k}])")
        lines.append(f"    most = words[{first + len(self._plan.kept)}]")
        indent = _INDENT
        for loop in range(self._num_loops - 2):
            lines.append(f"{indent}for i{loop} in range(n{loop}):")
            indent += _INDENT
        rows = f"n{self._num_loops - 2}"
        lines.append(f"{indent}for first in range(0, {rows}, most):")
        lines.append(f"{indent}    count = min(most, {rows} - first)")
        lines += [f"{indent}    {line}" for line in self._together()]
        return HEADER.rstrip("\n") + "\n" + _IMPORTS + "\n".join(lines) + "\n"

    def _together(self) -> Iterator[str]:
        """Yield the lines of all passes of some rows."""
        for at, one in enumerate(self._plan.passes):
            yield "for r in range(count):"
            for line in (*self._places(), *self._row(at, one)):
                yield _INDENT + line
            for value in one.apart:
                yield f"for j in range(count * {self._length}):"
                operand = (f"k{value}[j]", self._dtypes[value])
                name = self._body.instruction(value).name
                text = expression(name, [operand], self._dtypes[value])
                yield f"    k{value}[j] = {text}"

    def _places(self) -> list[str]:
        last = self._num_loops - 2
        loops = [(f"i{loop}", loop) for loop in range(last)] + [("(first + r)", last)]
        return [
            f"x{i}_p = " + " + ".join(f"{name} * x{i}_s{loop}" for name, loop in loops)
            for i in range(len(self._lanes))
        ]

    def _row(self, at: int, one: Pass) -> Iterator[str]:
        """Yield the lines of one pass along a row."""
        yield from self._numbers_there(one)
        for value in one.numbers:
            yield self._computed(value)
            yield from self._number_known(value)
        if not one.elements and not one.sums and not one.reads:
            return
        for value in one.sums:
            yield f"t{value} = {self._start(value)}"
        if self._is_long:
            yield f"for start in range(0, {self._length}, {BLOCK}):"
            bounds = f"start, min(start + {BLOCK}, {self._length})"
            yield from (_INDENT + line for line in self._block(at, one, bounds))
        else:
            yield from self._block(at, one, self._length)
        for value in one.sums:
            yield f"v{value} = {self._dtypes[value]}(t{value})"
            yield from self._number_known(value)

    def _numbers_there(self, one: Pass) -> Iterator[str]:
        """Yield the lines that read the numbers a pass needs from before."""
        body = self._body
        values = (*one.numbers, *one.elements)
        needed = {i for v in values for i in body.instruction(v).operands}
        for value in sorted(needed - {*one.numbers}):
            if value in self._plan.numbers:
                yield f"v{value} = k{value}[r]"
            elif body.is_number[value] and value < body.num_inputs:
                yield self._read(value)

    def _number_known(self, value: int) -> Iterator[str]:
        """Yield the lines that keep a number and write it."""
        if value in self._plan.numbers:
            yield f"k{value}[r] = v{value}"
        for i, lane in enumerate(self._lanes):
            if lane.written == value:
                yield self._write(i, value)

    def _block(self, at: int, one: Pass, bounds: str) -> Iterator[str]:
        """Yield the lines for some elements of a row, whose sums are added up."""
        for v in one.sums:
            first = f"t{v}" if self._is_largest(v) else f"{self._dtypes[v]}(0)"
            yield f"a{v} = {first}"
        yield f"for j in range({bounds}):"
        yield from (_INDENT + line for line in self._element(at, one))
        for v in one.sums:
            yield f"t{v} {'' if self._is_largest(v) else '+'}= a{v}"

    def _element(self, at: int, one: Pass) -> Iterator[str]:
        yield from (self._read(value) for value in one.reads)
        yield from (self._computed(value) for value in one.elements)
        for value in one.sums:
            taken = f"v{self._body.instruction(value).operands[0]}"
            step = "larger" if self._is_largest(value) else "add_freely"
            yield f"a{value} = {step}(a{value}, {taken})"
        known = {*one.elements, *one.reads}
        for i, lane in enumerate(self._lanes):
            if lane.written in known and self._body.level[lane.written] == at:
                yield self._write(i, lane.written)
        for value in self._plan.elements:
            is_new = value in one.elements and self._body.level[value] == at
            if is_new and not self._body.is_apart[value]:
                is_bool = self._dtypes[value] == "bool"
                shown = f"uint8(v{value})" if is_bool else f"v{value}"
                yield f"{self._kept(value)} = {shown}"
        for value in one.apart:
            operand = self._body.instruction(value).operands[0]
            yield f"{self._kept(value)} = v{operand}"

    def _kept(self, value: int) -> str:
        """Return the text for an element of what is kept of a value."""
        return f"k{value}[r * {self._length} + j]"

    def _read(self, value: int) -> str:
        """Return the line that reads an input, or what an earlier pass kept."""
        if value in self._plan.elements:
            test = " != 0" if self._dtypes[value] == "bool" else ""
            return f"v{value} = {self._kept(value)}{test}"
        if value in self._lane_of:
            lane = self._lane_of[value]
        else:
            lane = next(i for i, x in enumerate(self._lanes) if x.written == value)
        return f"v{value} = {read(self._lanes, lane, self._num_loops)}"

    def _computed(self, value: int) -> str:
        one = self._body.instruction(value)
        operands = [(f"v{i}", self._dtypes[i]) for i in one.operands]
        return f"v{value} = {expression(one.name, operands, one.dtype)}"

    def _is_largest(self, value: int) -> bool:
        return self._body.instruction(value).name == "reduce_max"

    def _start(self, value: int) -> str:
        return f"{self._dtypes[value]}(-inf)" if self._is_largest(value) else "0.0"

    def _write(self, lane: int, value: int) -> str:
        named = f"v{value}", self._dtypes[value]
        return write(self._lanes, lane, self._num_loops, named)
