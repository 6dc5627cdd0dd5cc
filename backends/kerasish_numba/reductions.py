"""Sums, extremes and their places along axes that lie side by side in memory.

NumPy's reductions cost 0.7 to 2.3 µs before they touch an element of a (32, 10) array,
these 0.3. Long sums of float32 are kept in blocks: vector lanes within a block, whose
sums are added in float64, so that they lose no more than NumPy's pairwise ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np

from kerasish.backend import dtypes
from kerasish.backend.contract import Array, Kernel, Shape
from kerasish.backend.streams import shares
from kerasish_numba.array_calls import array_call
from kerasish_numba.fused import LoopCall, loop_of_sum
from kerasish_numba.loops import bound
from kerasish_numba.program import NativeCall, NativeSequence
from kerasish_numba.team import TEAM
from kerasish_numpy.reductions import REDUCTIONS, parts_of_axes

_BLOCK = 4096
_COST = 8  # an element added, in multiplications of a product
_MOST_ROWS = 512  # of a block of a sum down columns
_WIDTH = 128  # elements of some rows that are added at a time
_FLOATS = ("float32", "float64")
_compiled = functools.partial(numba.njit, nogil=True, error_model="numpy", cache=True)


@_compiled(fastmath={"reassoc", "nsz"})
def sum_rows(x: Any, out: Any) -> None:
    """Write the sum of each row of (rows, columns) into `out`."""
    for i in range(x.shape[0]):
        total = 0.0
        for start in range(0, x.shape[1], _BLOCK):
            part = x[i, start : start + _BLOCK]
            block = x.dtype.type(0)
            for j in range(part.size):
                block += part[j]
            total += block
        out[i] = total


@_compiled()
def sum_columns(x: Any, out: Any) -> None:
    """Write the sums over the middle axis of (before, rows, columns) into `out`."""
    for i in range(x.shape[0]):
        kept = out[i]
        for k in range(kept.size):
            kept[k] = x[i, 0, k]
        for j in range(1, x.shape[1]):
            row = x[i, j]
            for k in range(kept.size):
                kept[k] += row[k]


@_compiled()
def sum_tall(x: Any, out: Any) -> None:
    """Write the sums of (before, rows * columns) over rows into (before, columns)."""
    columns = out.shape[1]
    width = max(_WIDTH // columns, 1) * columns
    lanes = np.empty(width, x.dtype)
    totals = np.empty(columns, np.float64)
    for i in range(x.shape[0]):
        totals[:] = 0
        for first in range(0, x.shape[1], _MOST_ROWS * width):
            block = x[i, first : first + _MOST_ROWS * width]
            lanes[:] = 0
            for start in range(0, block.size, width):
                part = block[start : start + width]
                for k in range(part.size):
                    lanes[k] += part[k]
            for start in range(0, width, columns):
                for k in range(columns):
                    totals[k] += lanes[start + k]
        for k in range(columns):
            out[i, k] = totals[k]


@_compiled()
def max_columns(x: Any, out: Any) -> None:
    """Write the largest over the middle axis of (before, rows, columns) into `out`."""
    for i in range(x.shape[0]):
        best = out[i]
        for k in range(best.size):
            best[k] = x[i, 0, k]
        for j in range(1, x.shape[1]):
            row = x[i, j]
            for k in range(best.size):
                kept = (best[k] > row[k]) | (best[k] != best[k])
                best[k] = best[k] if kept else row[k]


@_compiled()
def max_rows(x: Any, out: Any) -> None:
    """Write the largest element of each row into `out`; NaN if there is one."""
    for i in range(x.shape[0]):
        row = x[i]
        best = row[0]
        for j in range(1, row.size):
            value = row[j]
            best = best if (best > value) | (best != best) else value
        out[i] = best


@_compiled()
def argmax_rows(x: Any, out: Any) -> None:
    """Write the place of each row's first largest element; of NaN if there is one."""
    for i in range(x.shape[0]):
        row = x[i]
        place = 0
        for j in range(1, row.size):
            if row[j] > row[place] or (row[j] != row[j] and row[place] == row[place]):
                place = j
        out[i] = place


class NativeReduction:
    """A reduction with compiled loops where the axes lie side by side.

    Args:
        name: Its operation; NumPy's kernel takes what the loops cannot.
        rows: Loop over (rows, columns) that reduces rows.
        columns: Loop over (before, rows, columns) that reduces columns; None if there
            is none.
    """

    def __init__(
        self, name: str, rows: Callable[..., None], columns: Any = None
    ) -> None:
        self._usual = REDUCTIONS[name]
        self._rows = rows
        self._columns = columns
        self.scratch = getattr(self._usual, "scratch", None)

    def __call__(self, out: Array, x: Array, **attributes: Any) -> None:
        """Write the reduction into `out`."""
        self._usual(out, x, **attributes)

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the loop with its arrays filled in, or NumPy's call."""
        x = inputs[0]
        suits = x.dtype.name in _FLOATS and x.flags.c_contiguous and x.size
        parts = parts_of_axes(x.shape, attributes["axis"]) if suits else None
        if parts is None or not out.flags.c_contiguous:
            return bound(self._usual, out, inputs, attributes)
        before, along, after = parts
        if after == 1:
            whole = x.reshape(before, along), out.reshape(-1)
            return _in_parts(self._rows, *whole)
        if self._columns is None:
            return bound(self._usual, out, inputs, attributes)
        return self._down(x.reshape(parts), out.reshape(before, after), attributes)

    def _down(
        self, x: Array, out: Array, attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the call that reduces (before, rows, columns) to (before, columns)."""
        return _in_parts(self._columns, x, out)


class NativeSum(NativeReduction):
    """Sums. Those of many rows are cut into parts, whose sums are added afterwards."""

    def __init__(self) -> None:
        super().__init__("reduce_sum", sum_rows, sum_columns)
        self.scratch = self._sums

    def __call__(
        self, out: Array, x: Array, scratch: Sequence[Array] = (), **attributes: Any
    ) -> None:
        """Write the sum into `out`."""
        super().__call__(out, x, **attributes)

    @staticmethod
    def _sums(out: Any, x: Any, *, axis: Any, **_: Any) -> list[tuple[Shape, str]]:
        """Return the forms of the sums of all parts but the first."""
        parts, dtype = parts_of_axes(x.shape, axis), dtypes.dtype_name(x.dtype)
        if dtype not in _FLOATS or parts is None or 0 in x.shape:
            return []
        before, along, after = parts
        if before > 1 or after == 1 or along <= _MOST_ROWS:
            return []
        number = TEAM.number(along * after * _COST, along)
        return [((1, after), dtype)] * (number - 1)

    def _down(
        self, x: Array, out: Array, attributes: dict[str, Any]
    ) -> Callable[[], None]:
        before, along, after = x.shape
        if along <= _MOST_ROWS:
            return super()._down(x, out, attributes)
        sums = attributes.get("scratch", ())
        flat = x.reshape(before, along * after)
        if not sums:
            return _in_parts(sum_tall, flat, out)
        targets, cut = [out, *sums], shares(along, len(sums) + 1)
        pieces = [flat[:, s.start * after : s.stop * after] for s in cut]
        first = array_call(sum_tall, list(zip(pieces, targets, strict=True)))
        return NativeSequence([first, LoopCall(loop_of_sum(targets))])


def _in_parts(loop: Callable[..., None], x: Array, out: Array) -> NativeCall:
    """Return the call of a loop, cut along the first axis where it is large."""
    number = TEAM.number(x.size * _COST, len(x))
    return array_call(loop, [(x[s], out[s]) for s in shares(len(x), number)])


SUM = NativeSum()


def reductions() -> dict[str, Kernel]:
    """Return the kernels that replace NumPy's."""
    return {
        "reduce_sum": SUM,
        "reduce_max": NativeReduction("reduce_max", max_rows, max_columns),
        "arg_max": NativeReduction("arg_max", argmax_rows),
    }
