"""Largest elements of windows along an axis, and their gradients, in one pass each.

The array is seen as (before, along, after); the innermost loop runs over what comes
after the axis, the channels of images, and is vectorized. What the kernels mean is said
in `kerasish.backend.kernels_pooling`, whose passes over shifted views they replace.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np

from kerasish.backend.contract import Array, BoundKernel, Kernel
from kerasish.backend.streams import shares
from kerasish_numba.array_calls import array_call
from kerasish_numba.loops import bound
from kerasish_numba.team import TEAM

_COST = 16  # an element of a window, in multiplications of a product
_compiled = functools.partial(numba.njit, nogil=True, error_model="numpy", cache=True)


@_compiled()
def largest(x: Any, out: Any, size: int, stride: int, before: int) -> None:
    """Write the largest element of each window of (a, b, c) into (a, windows, c)."""
    for i in range(out.shape[0]):
        for w in range(out.shape[1]):
            best = out[i, w]
            begin = w * stride - before
            first = max(begin, 0)
            for k in range(best.size):
                best[k] = x[i, first, k]
            for place in range(first + 1, min(begin + size, x.shape[1])):
                row = x[i, place]
                for k in range(best.size):
                    value = row[k]
                    kept = (best[k] > value) | (best[k] != best[k])
                    best[k] = best[k] if kept else value


@_compiled()
def hand_back(
    g: Any, y: Any, x: Any, out: Any, size: int, stride: int, before: int
) -> None:
    """Write each window's gradient to the place of its first largest element."""
    out[:] = 0
    free = np.empty(x.shape[2], np.bool_)
    last = (y.shape[1] - 1) * stride - before + size
    are_full = size > 1 and before == 0 and last <= x.shape[1]
    for i in range(y.shape[0]):
        for w in range(y.shape[1]):
            free[:] = True
            begin = w * stride - before
            end = min(begin + size, x.shape[1])
            for place in range(max(begin, 0), end):
                # what no element before was, the last must be (where all are NaN)
                is_last = are_full and place == end - 1
                for k in range(free.size):
                    hit = free[k] & ((x[i, place, k] == y[i, w, k]) | is_last)
                    free[k] = free[k] & (not hit)
                    out[i, place, k] += g[i, w, k] if hit else out.dtype.type(0)


class WindowKernel(BoundKernel):
    """A kernel over windows, cut into streams where it is large.

    Args:
        loop: Takes the arrays as (before, along, after), the result last; then the
            window's size, its stride and the padding before.
        usual: The kernel for arrays of other layouts.
    """

    def __init__(self, loop: Callable[..., None], usual: Kernel) -> None:
        self._loop = loop
        self._usual = usual
        self.scratch = getattr(usual, "scratch", None)

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the loop with its arrays filled in, or NumPy's calls."""
        arrays = [*inputs, out]
        floats = all(a.dtype.name in ("float32", "float64") for a in arrays)
        whole = all(a.flags.c_contiguous for a in arrays)
        if not (floats and whole and out.size and inputs[-1].size):
            return bound(self._usual, out, inputs, attributes)
        axis, size = attributes["axis"], attributes["size"]
        stride, before = attributes["stride"], attributes["padding"][0]
        if _has_empty_window(inputs[-1].shape[axis], arrays, axis, attributes):
            return bound(self._usual, out, inputs, attributes)
        shaped = [
            a.reshape(
                math.prod(a.shape[:axis]),
                a.shape[axis],
                math.prod(a.shape[axis + 1 :]),
            )
            for a in arrays
        ]
        number = TEAM.number(out.size * size * _COST, len(shaped[0]))
        cut = shares(len(shaped[0]), number)
        numbers = size, stride, before
        parts = [(*(array[share] for array in shaped), *numbers) for share in cut]
        return array_call(self._loop, parts)


def _has_empty_window(
    length: int, arrays: Sequence[Array], axis: int, attributes: dict[str, Any]
) -> bool:
    """Return whether a window lies outside the axis altogether."""
    count = arrays[0].shape[axis] if len(arrays) > 2 else arrays[-1].shape[axis]
    last = (count - 1) * attributes["stride"] - attributes["padding"][0]
    return bool(attributes["padding"][0] >= attributes["size"] or last >= length)


def window_kernels(table: dict[str, Kernel]) -> dict[str, Kernel]:
    """Return the kernels that replace those of a table."""
    return {
        "window_max": WindowKernel(largest, table["window_max"]),
        "window_scatter": WindowKernel(hand_back, table["window_scatter"]),
    }
