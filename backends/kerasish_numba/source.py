"""The text of compiled loops: a fused body as a Python function for Numba.

`loop_source` is a pure function of what a loop computes and how its operands move; it
needs neither Numba nor arrays. Equal loops give equal text, which `compiled` finds on
disk by its hash. A loop is a native function (see `kerasish_numba.native`): its words
are the lengths of the loops, then for each operand and the result its steps, then their
addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kerasish.backend.contract import Instruction
from kerasish_numba.expressions import expression
from kerasish_numba.geometry import HELD, NEXT

HEADER = '''"""A function that kerasish wrote."""
from numpy import bool_, float32, float64, int32, int64, uint8, uint32
from numpy import ceil, exp, expm1, floor, log, log1p, sqrt, tanh

from kerasish_numba.float_math import (
    erf_single,
    exp_single,
    expm1_single,
    log1p_single,
    log_single,
    tanh_single,
)
from kerasish_numba.native import (
    bool_at,
    float32_at,
    float64_at,
    int32_at,
    int64_at,
    uint8_at,
    uint32_at,
    words_at,
)

'''


class Lane(NamedTuple):
    """An array that a loop runs along.

    Attributes:
        dtype: Its dtype name.
        kind: How it moves along the innermost axis: `HELD`, `NEXT` or `SPREAD`.
        is_read: Whether its element is the loop's next input.
        written: Position of the value that is its element afterwards; None if it stays.
    """

    dtype: str
    kind: int
    is_read: bool
    written: int | None = None


def loop_source(
    body: Sequence[Instruction], lanes: Sequence[Lane], num_loops: int
) -> str:
    """Return a module whose function `native` is the loop that computes a body.

    No two lanes share memory: the compiler cannot know, and would not vectorize.

    Args:
        body: The operations; their operands are positions of values, of which the
            lanes that are read come first.
        lanes: The arrays.
        num_loops: Loops around one element.
    """
    lines = ["def native(address):", "    words = words_at(address)"]
    lines += unpacked(lanes, num_loops)
    indent = "    "
    for loop in range(num_loops - 1):
        lines.append(f"{indent}for i{loop} in range(n{loop}):")
        indent += "    "
    outer = [(f"i{loop}", loop) for loop in range(num_loops - 1)]
    for i in range(len(lanes)):
        start = " + ".join(f"{name} * x{i}_s{loop}" for name, loop in outer)
        lines.append(f"{indent}x{i}_p = {start or 0}")
    held = [i for i, lane in enumerate(lanes) if lane.is_read and lane.kind == HELD]
    lines += [f"{indent}{line}" for line in _reads(lanes, held, num_loops)]
    lines.append(f"{indent}for j in range(n{num_loops - 1}):")
    moving = [i for i, lane in enumerate(lanes) if lane.is_read and i not in held]
    inner = _reads(lanes, moving, num_loops) + _computed(body, lanes, num_loops)
    lines += [f"{indent}    {line}" for line in inner]
    return HEADER + "\n".join(lines) + "\n"


def unpacked(lanes: Sequence[Lane], num_loops: int) -> list[str]:
    """Return the lines that take lengths, steps and addresses out of the words."""
    wanted = [f"n{loop}" for loop in range(num_loops)]
    wanted += [f"x{i}_s{loop}" for i in range(len(lanes)) for loop in range(num_loops)]
    lines = [f"    {name} = words[{i}]" for i, name in enumerate(wanted)]
    for i, lane in enumerate(lanes):
        lines.append(f"    x{i} = {lane.dtype}_at(words[{len(wanted) + i}])")
    return lines


def place(lanes: Sequence[Lane], i: int, num_loops: int) -> str:
    """Return the text that names a lane's element."""
    moves = {HELD: "", NEXT: " + j"}
    return f"x{i}[x{i}_p{moves.get(lanes[i].kind, f' + j * x{i}_s{num_loops - 1}')}]"


def _reads(lanes: Sequence[Lane], chosen: Sequence[int], num_loops: int) -> list[str]:
    """Return the lines that read lanes into the values of their positions."""
    positions = {i: f"v{k}" for k, i in enumerate(_read_lanes(lanes))}
    return [f"{positions[i]} = {read(lanes, i, num_loops)}" for i in chosen]


def read(lanes: Sequence[Lane], i: int, num_loops: int) -> str:
    """Return the text that reads a lane's element."""
    test = " != 0" if lanes[i].dtype == "bool" else ""
    return place(lanes, i, num_loops) + test


def write(lanes: Sequence[Lane], i: int, num_loops: int, value: tuple[str, str]) -> str:
    """Return the line that writes a lane's element: a variable of a dtype."""
    name, dtype = value
    text = f"uint8({name})" if dtype == "bool" else name
    return f"{place(lanes, i, num_loops)} = {text}"


def _read_lanes(lanes: Sequence[Lane]) -> list[int]:
    return [i for i, lane in enumerate(lanes) if lane.is_read]


def _computed(
    body: Sequence[Instruction], lanes: Sequence[Lane], num_loops: int
) -> list[str]:
    """Return the lines that compute the body and write its results."""
    values = [(f"v{k}", lanes[i].dtype) for k, i in enumerate(_read_lanes(lanes))]
    lines = []
    for instruction in body:
        taken = [values[i] for i in instruction.operands]
        name = f"v{len(values)}"
        text = expression(instruction.name, taken, instruction.dtype)
        lines.append(f"{name} = {text}")
        values.append((name, instruction.dtype))
    for i, lane in enumerate(lanes):
        if lane.written is not None:
            lines.append(write(lanes, i, num_loops, values[lane.written]))
    return lines
