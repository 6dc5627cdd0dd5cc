"""Rows of data gathered into a batch, by the whole team, in the batch's dtype.

A row out of order is a wait for memory: 128 rows of 3 kB take 63 µs on one core, 35 on
two, where the step that follows takes 200.
"""

from __future__ import annotations

import functools
import weakref
from typing import Any, NamedTuple

import numba
import numpy as np

from kerasish.backend.contract import Array
from kerasish.backend.streams import shares
from kerasish_numba.array_calls import native_around
from kerasish_numba.program import NativeCall
from kerasish_numba.team import LEAST_WORK, TEAM

_COST = 64  # an element gathered, in multiplications of a product
_LONG_ROW = 256  # elements; such rows are cut, as the product that follows cuts them
_DTYPES = ("bool", "uint8", "int32", "int64", "float32", "float64")
_MOST_KEPT = 64


_compiled = functools.partial(numba.njit, nogil=True, error_model="numpy")


@_compiled()
def copy_rows(
    source: Any, rows: Any, out: Any, first: int, end: int, left: int, right: int
) -> None:
    """Write columns of the rows from `first` to `end` of a batch."""
    last = source.shape[0] - 1
    for i in range(first, end):
        row = source[min(max(rows[i], 0), last), left:right]
        target = out[i, left:right]
        for k in range(target.size):
            target[k] = row[k]


class _Gathering(NamedTuple):
    """A call that gathers rows of an array into a buffer; keeps neither alive."""

    source: weakref.ref[Array]
    out: weakref.ref[Array]
    rows: Array
    call: NativeCall


_kept: dict[tuple[int, int], _Gathering] = {}


def take_rows(out: Array, source: Array, rows: Array) -> bool:
    """Write rows of `source` into `out`, if that is large enough to be shared.

    Returns:
        Whether it was done.
    """
    if out.size * _COST < LEAST_WORK:
        return False
    found = _kept.get((id(source), id(out)))
    if found is None or found.source() is not source or found.out() is not out:
        made = _gathering(out, source)
        if made is None:
            return False
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[id(source), id(out)] = found = made
    found.rows[:] = rows
    found.call()
    return True


def _gathering(out: Array, source: Array) -> _Gathering | None:
    """Return the call for these arrays; None if they are not for it."""
    number = TEAM.number(out.size * _COST, len(out))
    forms = (source.dtype.name, 2), ("int64", 1), (out.dtype.name, 2)
    whole = source.flags.c_contiguous and out.flags.c_contiguous
    if number == 1 or not whole or not all(name in _DTYPES for name, _ in forms):
        return None
    rows = np.empty(len(out), np.int64)
    width = out.size // len(out)
    arrays = (
        *(source.ctypes.data, len(source), width),
        *(rows.ctypes.data, len(rows)),
        *(out.ctypes.data, len(out), width),
    )
    if width >= _LONG_ROW:
        parts = [(0, len(out), s.start, s.stop) for s in shares(width, number)]
    else:
        parts = [(s.start, s.stop, 0, width) for s in shares(len(out), number)]
    function = native_around(copy_rows, forms, 4)
    call = NativeCall(function, [(*arrays, *part) for part in parts], (), ())
    return _Gathering(weakref.ref(source), weakref.ref(out), rows, call)
