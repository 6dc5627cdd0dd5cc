"""CUDA source of reductions: sums, products, extremes, and the place of the largest.

CuPy's own take memory while they run, which a CUDA graph cannot hold. Here an array is
reduced in one launch, or in two where many terms are to be shared out: the first gives
partial results for segments, the second reduces these. The order is fixed, so equal
numbers come out in every run. Pure text, as `kerasish_cupy.fused_source`.
"""

from __future__ import annotations

import functools

from kerasish_cupy.expressions import C_TYPES, kind_of
from kerasish_cupy.fused_source import KernelSource, named_source
from kerasish_cupy.row_source import WARP

# how a term joins the total, and where a total begins
_STEPS = {
    "reduce_sum": ("total + ({T})next", "0"),
    "reduce_prod": ("total * ({T})next", "1"),
    "reduce_max": ("next > total || next != next ? ({T})next : total", None),
    "reduce_min": ("next < total || next != next ? ({T})next : total", None),
}

_HEAD = """
const long long lane = i % {lanes};
const long long output = i / {lanes} % outputs;
const long long segment = i / {lanes} / outputs;
const long long first = segment * chunk;
const long long last = first + chunk < along ? first + chunk : along;
""".strip()

_REDUCE = """
{T} total = {start};
for (long long j = first + lane; j < last; j += {lanes}) {{
  const {X} next = x[output * along + j];
  total = {step};
}}
""".strip()

_SHARED = """
for (int by = {half}; by > 0; by /= 2) {{
  const {T} next = __shfl_xor_sync(0xffffffffu, total, by);
  total = {step};
}}
""".strip()

_PLACE = """
long long place = first + lane < last ? first + lane : first;
{X} total = x[output * along + place];
for (long long j = place + {lanes}; j < last; j += {lanes}) {{
  const {X} next = x[output * along + j];
  if (total == total && (next > total || next != next)) {{ total = next; place = j; }}
}}
""".strip()

# of equal elements, and of several NaN, the first is taken
_PLACE_SHARED = """
for (int by = {half}; by > 0; by /= 2) {{
  const {X} next = __shfl_xor_sync(0xffffffffu, total, by);
  const long long there = __shfl_xor_sync(0xffffffffu, place, by);
  const bool alike = next == total || (next != next && total != total);
  const bool above = next > total || next != next;
  if (alike ? there < place : total == total && above) {{
    total = next;
    place = there;
  }}
}}
""".strip()

PARAMETERS = "raw {x} x, int64 outputs, int64 along, int64 chunk"


def total_dtype(dtype: str) -> str:
    """Return the dtype in which terms of a dtype are added up."""
    return "float32" if dtype == "float16" else dtype


@functools.lru_cache(maxsize=1024)
def reduction_source(
    operation: str, dtype: str, result_dtype: str, lanes: int
) -> KernelSource:
    """Return the source of a reduction; every thread is a lane of an output.

    Args:
        operation: "reduce_sum" and the like.
        dtype: Dtype name of the terms.
        result_dtype: Dtype name of the results.
        lanes: Threads that share the terms of an output: 1, or a warp.
    """
    step, start = _STEPS[operation]
    total = C_TYPES[total_dtype(dtype)]
    if start is None:
        start = f"({total})x[output * along + first]"
    given = {"T": total, "X": C_TYPES[dtype], "lanes": lanes, "half": lanes // 2}
    step = step.format(**given)
    parts = [_HEAD, _REDUCE, *([_SHARED] if lanes == WARP else [])]
    lines = [part.format(**given, start=start, step=step) for part in parts]
    value = f"({C_TYPES[result_dtype]})total"
    lines.append(f"if (lane == 0) y[segment * outputs + output] = {value};")
    text, inputs = "\n".join(lines), PARAMETERS.format(x=dtype)
    return named_source(operation, inputs, f"raw {result_dtype} y", text)


@functools.lru_cache(maxsize=1024)
def place_source(dtype: str, result_dtype: str, lanes: int) -> KernelSource:
    """Return the source that finds the first largest term; of NaN if there is one."""
    given = {"X": C_TYPES[dtype], "lanes": lanes, "half": lanes // 2}
    parts = [_HEAD, _PLACE, *([_PLACE_SHARED] if lanes == WARP else [])]
    lines = [part.format(**given) for part in parts]
    lines.append(f"if (lane == 0) y[output] = ({C_TYPES[result_dtype]})place;")
    text, inputs = "\n".join(lines), PARAMETERS.format(x=dtype)
    return named_source("arg_max", inputs, f"raw {result_dtype} y", text)


def can_reduce(dtype: str) -> bool:
    """Return whether there is a source for terms of a dtype."""
    return kind_of(dtype) == "float" or dtype in ("int32", "int64")
