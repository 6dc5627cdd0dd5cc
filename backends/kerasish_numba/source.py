"""The text of compiled loops: a fused body as a Python function for Numba.

`loop_source` is a pure function of what a loop computes and how its operands move; it
needs neither Numba nor arrays. Equal loops give equal text, which `compiled` finds on
disk by its hash. A loop takes its operands as windows of one axis, the result, and an
array of whole numbers: the lengths of the loops, then each operand's steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kerasish.backend.contract import Instruction
from kerasish_numba.expressions import expression
from kerasish_numba.geometry import HELD, NEXT

_HEADER = '''"""A loop that kerasish wrote."""
from numpy import bool_, float32, float64, int32, int64, uintp
from numpy import ceil, exp, expm1, floor, log, log1p, sqrt, tanh

from kerasish_numba.float_math import (
    erf_single,
    exp_single,
    expm1_single,
    log1p_single,
    log_single,
    tanh_single,
)

'''


class Operand(NamedTuple):
    """An input of a loop.

    Attributes:
        dtype: Its dtype name.
        kind: How it moves along the innermost axis: `HELD`, `NEXT` or `SPREAD`.
        is_result: Whether it is the result's own memory, read before it is written.
    """

    dtype: str
    kind: int
    is_result: bool = False


class LoopSource(NamedTuple):
    """A function for Numba.

    Attributes:
        text: A module that defines it as `loop`.
        dtypes: Dtype names of its arrays: the inputs', then the result's.
    """

    text: str
    dtypes: tuple[str, ...]


def loop_source(
    body: Sequence[Instruction], operands: Sequence[Operand], num_loops: int
) -> LoopSource:
    """Return the loop that computes a body.

    Args:
        body: The operations, operands first; the last one's result is the loop's.
        operands: The body's inputs.
        num_loops: Loops around one element.
    """
    names = [f"x{i}" for i in range(len(operands))]
    lines = [f"def loop({', '.join([*names, 'out', 'plan'])}):"]
    lines += _unpacked(operands, num_loops)
    lines += _nested(body, operands, num_loops)
    dtypes = (*(operand.dtype for operand in operands), body[-1].dtype)
    return LoopSource(_HEADER + "\n".join(lines) + "\n", dtypes)


def _unpacked(operands: Sequence[Operand], num_loops: int) -> list[str]:
    """Return the lines that take lengths and steps out of the array `plan`."""
    wanted = [f"n{loop}" for loop in range(num_loops)]
    for name in [*(f"x{i}" for i in range(len(operands))), "out"]:
        wanted += [f"{name}_s{loop}" for loop in range(num_loops)]
    return [f"    {name} = plan[{i}]" for i, name in enumerate(wanted)]


def _nested(
    body: Sequence[Instruction], operands: Sequence[Operand], num_loops: int
) -> list[str]:
    """Return the loops, the innermost with the body."""
    moving = [i for i, operand in enumerate(operands) if not operand.is_result]
    lines, indent = [], "    "
    for loop in range(num_loops - 1):
        lines.append(f"{indent}for i{loop} in range(n{loop}):")
        indent += "    "
    for name in [*(f"x{i}" for i in moving), "out"]:
        lines.append(f"{indent}{name}_p = {_start(name, num_loops)}")
    values = [(f"v{i}", operand.dtype) for i, operand in enumerate(operands)]
    for i in moving:
        if operands[i].kind == HELD:
            lines.append(f"{indent}v{i} = x{i}[uintp(x{i}_p)]")
    lines.append(f"{indent}for j in range(n{num_loops - 1}):")
    indent += "    "
    for i, operand in enumerate(operands):
        if operand.is_result:
            lines.append(f"{indent}v{i} = out[uintp(out_p + j)]")
        elif operand.kind == NEXT:
            lines.append(f"{indent}v{i} = x{i}[uintp(x{i}_p + j)]")
        elif operand.kind != HELD:
            step = f"x{i}_s{num_loops - 1}"
            lines.append(f"{indent}v{i} = x{i}[uintp(x{i}_p + j * {step})]")
    for instruction in body:
        taken = [values[i] for i in instruction.operands]
        name = f"v{len(values)}"
        text = expression(instruction.name, taken, instruction.dtype)
        lines.append(f"{indent}{name} = {text}")
        values.append((name, instruction.dtype))
    lines.append(f"{indent}out[uintp(out_p + j)] = {values[-1][0]}")
    return lines


def _start(name: str, num_loops: int) -> str:
    """Return where an array's innermost loop begins."""
    outer = [f"i{loop} * {name}_s{loop}" for loop in range(num_loops - 1)]
    return " + ".join(outer) or "0"
