"""CUDA source of kernels that go along rows: softmax, normalizations and the like.

A row is shared by the lanes of a warp, which add up what each has found; narrow rows
have a thread each. In every pass (see `kerasish.backend.rows`) values are computed anew
from the operands, since arithmetic is cheaper than memory there. A lane reads and
writes the same elements in all passes, so a result may lie on an operand. Pure text, as
`kerasish_cupy.fused_source`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from kerasish.backend.contract import Instruction
from kerasish.backend.rows import Pass, RowBody
from kerasish_cupy.expressions import C_TYPES, expression
from kerasish_cupy.fused_source import KernelSource, named_source

WARP = 32
# where an operand's element lies, by how the operand runs: through all elements, once
# for each row, along every row alike, or a single number
PLACES = {"all": "first + j", "number": "row", "along": "j", "single": "0"}
_HELD = ("number", "single")
_INDENT = "  "


@functools.lru_cache(maxsize=4096)
def row_source(
    body: tuple[Instruction, ...],
    dtypes: tuple[str, ...],
    runs: tuple[str, ...],
    results: tuple[int, ...],
    lanes: int,
) -> KernelSource:
    """Return the source of a kernel for one row and lane at a time.

    Its parameters are the operands, the length of a row, and the results.

    Args:
        body: The instructions, operands first.
        dtypes: Dtype names of the operands.
        runs: How each operand runs; see `PLACES`.
        results: Positions of the values that are results.
        lanes: Threads that share a row: 1, or those of a warp.
    """
    rows = _Rows(RowBody(body, [run in _HELD for run in runs]), dtypes, runs, lanes)
    operands = [f"raw {dtype} x{i}" for i, dtype in enumerate(dtypes)]
    kinds = [rows.dtypes[value] for value in results]
    written = ", ".join(f"raw {dtype} y{i}" for i, dtype in enumerate(kinds))
    text = "\n".join(rows.lines(results))
    return named_source("rows", ", ".join([*operands, "int64 length"]), written, text)


class _Rows:
    def __init__(
        self, body: RowBody, dtypes: Sequence[str], runs: Sequence[str], lanes: int
    ) -> None:
        self._body = body
        self._runs = runs
        self._lanes = lanes
        self.dtypes = [*dtypes, *(one.dtype for one in body.body)]

    def lines(self, results: Sequence[int]) -> Iterator[str]:
        """Yield the statements for thread `i`."""
        yield f"const long long row = i / {self._lanes};"
        yield f"const long long lane = i % {self._lanes};"
        yield "const long long first = row * length;"
        for value, run in enumerate(self._runs):
            if run in _HELD:
                yield self._read(value)
        places = {value: i for i, value in enumerate(results)}
        for at, one in enumerate(self._body.passes(results)):
            for value in one.numbers:
                yield self._computed(value)
                yield from self._number_written(value, places)
            yield from self._pass(at, one, places)

    def _pass(self, at: int, one: Pass, places: dict[int, int]) -> Iterator[str]:
        if not one.elements and not one.sums:
            return
        for value in one.sums:
            yield f"{self._total(value)} t{value} = {self._start(value)};"
        yield f"for (long long j = lane; j < length; j += {self._lanes}) {{"
        for value in one.reads:
            yield _INDENT + self._read(value)
        for value in one.elements:
            yield _INDENT + self._computed(value)
        for value in one.sums:
            operand = f"v{self._body.instruction(value).operands[0]}"
            yield f"{_INDENT}t{value} = {self._step(value, operand)};"
        for value in one.elements:
            if value in places and self._body.level[value] == at:
                yield f"{_INDENT}y{places[value]}[first + j] = v{value};"
        yield "}"
        for value in one.sums:
            dtype = C_TYPES[self.dtypes[value]]
            if self._lanes > 1:
                yield f"t{value} = {self._shared(value)}(t{value});"
            yield f"const {dtype} v{value} = ({dtype})t{value};"
            yield from self._number_written(value, places)

    def _number_written(self, value: int, places: dict[int, int]) -> Iterator[str]:
        if value in places:
            yield f"if (lane == 0) y{places[value]}[row] = v{value};"

    def _read(self, value: int) -> str:
        dtype, place = C_TYPES[self.dtypes[value]], PLACES[self._runs[value]]
        return f"const {dtype} v{value} = x{value}[{place}];"

    def _computed(self, value: int) -> str:
        one = self._body.instruction(value)
        operands = [(f"v{i}", self.dtypes[i]) for i in one.operands]
        text = expression(one.name, operands, one.dtype)
        return f"const {C_TYPES[one.dtype]} v{value} = {text};"

    def _is_largest(self, value: int) -> bool:
        return self._body.instruction(value).name == "reduce_max"

    def _total(self, value: int) -> str:
        """Return the C type that a reduction is computed in."""
        return "double" if self.dtypes[value] == "float64" else "float"

    def _start(self, value: int) -> str:
        return "-1.0f / 0.0f" if self._is_largest(value) else "0"

    def _step(self, value: int, operand: str) -> str:
        total = f"({self._total(value)}){operand}"
        if self._is_largest(value):
            return f"larger_of(t{value}, {total})"
        return f"t{value} + {total}"

    def _shared(self, value: int) -> str:
        return "largest_of_warp" if self._is_largest(value) else "sum_of_warp"
