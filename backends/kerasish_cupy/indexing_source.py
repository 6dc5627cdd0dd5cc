"""CUDA source of the kernels that read or write at computed places.

Gathering, and scattering with addition. Pure text, as
`kerasish_cupy.fused_source`. A kernel cannot raise, so an index outside the array
shows: a gathered float is NaN and a whole number 0, and what is scattered there is left
out. Addition runs in the order of the indices, so it is the same in every run and
equals NumPy's; atomic additions, which are neither, are not used.
"""

from __future__ import annotations

import functools

from kerasish_cupy.expressions import C_TYPES, kind_of
from kerasish_cupy.fused_source import KernelSource, named_source

_GATHER = """
const {place} column = ({place})i % width;
const {place} row = ({place})i / width;
long long index = (long long)indices[row % count];
if (index < 0) index += length;
if (index < 0 || index >= length) {{
  y = {missing};
}} else {{
  y = x[((row / count) * length + ({place})index) * width + column];
}}
""".strip()

_KEYS = """
long long row = (long long)index;
if (row < 0) row += rows;
key = (row < 0 || row >= rows) ? rows : row;
""".strip()

# Keys are the row numbers; `order` sorts them. The run of a row's keys is found by
# bisection, then summed, or combined, in order.
_RUNS = """
const {place} column = ({place})i % width;
const {place} row = ({place})i / width;
{place} low = 0;
{place} high = count;
while (low < high) {{
  const {place} middle = low + (high - low) / 2;
  if (keys[order[middle]] < row) low = middle + 1; else high = middle;
}}
{total} sum = {start};
for ({place} at = low; at < count && keys[order[at]] == row; ++at) {{
  const {total} next = x[({place})order[at] * width + column];
  {combine};
}}
y = sum;
""".strip()

# A warp looks through all indices for its row, a lane at each, and its lanes add the
# columns of a block: in order, and with no memory for sorting.
_SCAN = """
const int lane = i % 32;
const {place} row = ({place})(i / 32) / blocks;
const {place} column = ({place})(i / 32) % blocks * 32 + lane;
{total} sum = 0;
for ({place} base = 0; base < count; base += 32) {{
  const {place} at = base + lane;
  long long index = at < count ? (long long)indices[at] : rows;
  if (index < 0) index += rows;
  unsigned int found = __ballot_sync(0xffffffffu, index == row);
  while (found) {{
    const {place} from = base + __ffs(found) - 1;
    found &= found - 1;
    if (column < width) {{
      const {total} next = x[from * width + column];
      {combine};
    }}
  }}
}}
if (column < width) y[row * width + column] = sum;
""".strip()

_COMBINE = {
    "set": "sum = next",
    "mul": "sum *= next",
    # a NaN among the values is the result, as in NumPy
    "max": "if (next != next || next > sum) sum = next",
    "min": "if (next != next || next < sum) sum = next",
}


def place_dtype(*sizes: int) -> str:
    """Return the dtype that counts so many elements: 32 bits divide much faster."""
    return "int32" if max(sizes) < 2**31 else "int64"


@functools.cache
def gather_source(dtype: str, index_dtype: str, place: str) -> KernelSource:
    """Return the source of y = x at indices along an axis.

    Its scalars: `count` indices, `length` of the axis, `width` of what is behind it.
    """
    inputs = (
        f"raw {dtype} x, raw {index_dtype} indices, "
        f"{place} count, {place} width, {place} length"
    )
    missing = {"float64": 'nan("")', "float32": 'nanf("")'}
    missing["float16"] = '(float16)nanf("")'
    text = _GATHER.format(place=C_TYPES[place], missing=missing.get(dtype, "0"))
    return named_source("gather", inputs, f"{dtype} y", text)


@functools.cache
def keys_source(index_dtype: str, place: str) -> KernelSource:
    """Return the source of an index as a row number, outside ones as `rows`."""
    return named_source(
        "scatter_keys", f"{index_dtype} index, int64 rows", f"{place} key", _KEYS
    )


@functools.cache
def scatter_source(dtype: str, place: str) -> KernelSource:
    """Return the source of y = the sum, row by row, of the slices x with its key.

    Its scalars: `count` keys, `width` elements in a row.
    """
    inputs = (
        f"raw {place} keys, raw int64 order, raw {dtype} x, "
        f"{place} count, {place} width"
    )
    text = _RUNS.format(place=C_TYPES[place], start="0", **_added(dtype))
    return named_source("scatter_add", inputs, f"{dtype} y", text)


@functools.cache
def scan_source(dtype: str, index_dtype: str, place: str) -> KernelSource:
    """Return the source of y = the sum, row by row, of the slices x with its index.

    A warp for each row and block of 32 columns. Its scalars: `count` indices, `width`
    elements in a row, `blocks` in a row, `rows` of y.
    """
    inputs = (
        f"raw {index_dtype} indices, raw {dtype} x, "
        f"{place} count, {place} width, {place} blocks, {place} rows"
    )
    text = _SCAN.format(place=C_TYPES[place], **_added(dtype))
    return named_source("scatter_scan", inputs, f"raw {dtype} y", text)


def _added(dtype: str) -> dict[str, str]:
    """Return the type that sums are kept in, and the statement that adds to one."""
    return {
        "total": "float" if dtype == "float16" else C_TYPES[dtype],
        "combine": "sum |= next" if kind_of(dtype) == "bool" else "sum += next",
    }


@functools.cache
def combine_source(dtype: str, place: str, how: str) -> KernelSource:
    """Return the source of y = `start` combined, row by row, with the slices x.

    Its scalars: `count` keys, `width` elements in a row. `how` is "set", "max", "min"
    or "mul".
    """
    inputs = (
        f"{dtype} start, raw {place} keys, raw int64 order, raw {dtype} x, "
        f"{place} count, {place} width"
    )
    total = "float" if dtype == "float16" else C_TYPES[dtype]
    combine = _COMBINE[how]
    if kind_of(dtype) == "bool":
        combine = combine.replace("sum *=", "sum &=")
    text = _RUNS.format(
        place=C_TYPES[place], total=total, start="start", combine=combine
    )
    return named_source(f"scatter_{how}", inputs, f"{dtype} y", text)
