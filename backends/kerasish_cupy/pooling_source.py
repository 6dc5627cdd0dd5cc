"""CUDA source of pooling along an axis, and of its gradients.

Size and stride of the windows stand in the text, so that loops over a window are
unrolled; all lengths are scalars. Every thread writes one element. Pure text, as
`kerasish_cupy.fused_source`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from kerasish_cupy.expressions import C_TYPES, kind_of
from kerasish_cupy.fused_source import KernelSource, named_source
from kerasish_cupy.reduction_source import total_dtype


class Sliding(NamedTuple):
    """What the text of a pooling kernel depends on.

    Attributes:
        size: Elements of a window.
        stride: Places between windows.
        dtype: Dtype name of the numbers.
        place: Dtype name that counts them.
    """

    size: int
    stride: int
    dtype: str
    place: str


# of the axis: its length, its windows, the elements behind it, the places before it
_POOLING = "{P} length, {P} count, {P} width, {P} before"

_HEAD = """
const {p} column = ({p})i % width;
const {p} at = ({p})i / width % {along};
const {p} outer = ({p})i / width / {along};
""".strip()

_OVER_WINDOW = """
const {p} first = at * {stride} - before;
{start}
for (int j = 0; j < {size}; ++j) {{
  const {p} place = first + j;
  if (place < 0 || place >= length) continue;
  const {p} element = (outer * length + place) * width + column;
  {step}
}}
""".strip()

# the last window over a place, and those before it while they reach it
_OVER_PLACE = """
const {p} reached = at + before;
{p} o = reached / {stride} < count ? reached / {stride} : count - 1;
{T} total = 0;
for (; o >= 0 && o * {stride} + {size} > reached; --o) {{
  const {p} element = (outer * count + o) * width + column;
  {step}
}}
y = total;
""".strip()

# an element counts where no earlier one of the window is as large
_SCATTERED = """
const {T} most = ({T})largest[element];
if (({T})x[i] != most) continue;
bool is_first = true;
for ({p} q = o * {stride} - before; is_first && q < at; ++q) {{
  is_first = q < 0 || ({T})x[(outer * length + q) * width + column] != most;
}}
if (is_first) total += ({T})g[element];
""".strip()


@functools.cache
def pooled_source(operation: str, sliding: Sliding) -> KernelSource:
    """Return the source of the largest element, or the sum, of each window."""
    total = C_TYPES[total_dtype(sliding.dtype)]
    if operation == "window_sum":
        start, step = "0", "total = ({T})(total + ({T})x[element]);"
    else:
        start = _lowest(sliding.dtype)
        step = "const {T} next = ({T})x[element];\n"
        step += "if (next > total || next != next) total = next;"
    start = f"{total} total = {start};"
    lines = [_HEAD, _OVER_WINDOW, "y = total;"]
    step = step.format(T=total)
    return _pooling(operation, sliding, ["raw {d} x"], lines, start=start, step=step)


@functools.cache
def pick_source(sliding: Sliding) -> KernelSource:
    """Return the source of what c holds at the first largest element of each window."""
    step = "if (({T})x[element] == ({T})largest[i]) {{ y = c[element]; break; }}"
    step = step.format(T=C_TYPES[total_dtype(sliding.dtype)])
    inputs = ["raw {d} c", "raw {d} largest", "raw {d} x"]
    lines = [_HEAD, _OVER_WINDOW]
    return _pooling("window_pick", sliding, inputs, lines, start="y = 0;", step=step)


@functools.cache
def over_places_source(operation: str, sliding: Sliding) -> KernelSource:
    """Return the source of the sum of g of all windows at each place.

    Of `window_scatter` only those count whose first largest element is there.
    """
    inputs = ["raw {d} g"]
    step = "total += ({T})g[element];"
    if operation == "window_scatter":
        inputs += ["raw {d} largest", "raw {d} x"]
        step = _SCATTERED
    total = C_TYPES[total_dtype(sliding.dtype)]
    given = {"T": total, "p": C_TYPES[sliding.place], "stride": sliding.stride}
    lines = [_HEAD, _OVER_PLACE]
    return _pooling(operation, sliding, inputs, lines, step=step.format(**given))


def _pooling(
    operation: str,
    sliding: Sliding,
    inputs: Sequence[str],
    lines: Sequence[str],
    **given: str,
) -> KernelSource:
    given |= {"T": C_TYPES[total_dtype(sliding.dtype)], "p": C_TYPES[sliding.place]}
    given["along"] = "length" if _OVER_PLACE in lines else "count"
    sizes = {"size": sliding.size, "stride": sliding.stride}
    text = "\n".join(line.format(**given, **sizes) for line in lines)
    arrays = [each.format(d=sliding.dtype) for each in inputs]
    parameters = ", ".join([*arrays, _POOLING.format(P=sliding.place)])
    return named_source(operation, parameters, f"{sliding.dtype} y", text)


def _lowest(dtype: str) -> str:
    """Return the number that no element is below, in C."""
    if kind_of(dtype) == "float":
        return "-1.0f / 0.0f"
    if kind_of(dtype) == "int":
        bits = int(dtype.removeprefix("int"))
        return f"({C_TYPES[dtype]})(-{2 ** (bits - 1) - 1}ll - 1)"
    return "0"
