"""Sums of rows by place, the gradient of an embedding, in one pass without sorting."""

from __future__ import annotations

import functools
from typing import Any

import numba

from kerasish.backend import dtypes
from kerasish.backend.contract import Array, Shape, scratch
from kerasish_numpy import scattering

_compiled = functools.partial(numba.njit, nogil=True, error_model="numpy", cache=True)


@_compiled()
def add_rows(out: Any, places: Any, rows: Any) -> int:
    """Add each row to its place in `out`; return the index of a bad place, or -1."""
    count = out.shape[0]
    for i in range(places.size):
        if places[i] < -count or places[i] >= count:
            return i
    out[:] = 0
    for i in range(places.size):
        place = places[i]
        target = out[place + count if place < 0 else place]
        row = rows[i]
        for k in range(target.size):
            target[k] += row[k]
    return -1


_FLOATS = ("float32", "float64")


def _needs(
    out: Any, indices: Any, x: Any, **attributes: Any
) -> list[tuple[Shape, str]]:
    if dtypes.dtype_name(x.dtype) in _FLOATS:
        return []
    usual: list[tuple[Shape, str]] = scattering.scatter_add.scratch(  # type: ignore[attr-defined]
        out, indices, x, **attributes
    )
    return usual


@scratch(_needs)
def scatter_add(
    out: Array, indices: Array, x: Array, *, shape: Shape, scratch: Any = ()
) -> None:
    """Write the sum of the rows of x that go to each place; 0 where none goes."""
    if x.dtype.name not in _FLOATS:
        scattering.scatter_add(out, indices, x, shape=shape, scratch=scratch)
        return
    if out.size == 0 or indices.size == 0:
        out.fill(0)
        return
    places = indices.reshape(-1)
    wrong = add_rows(
        out.reshape(shape[0], -1), places, x.reshape(places.size, out.size // shape[0])
    )
    if wrong >= 0:
        place = int(places[wrong])
        raise IndexError(f"index {place} is out of bounds for {shape[0]} places")
