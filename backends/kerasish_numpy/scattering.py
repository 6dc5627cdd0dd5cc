"""Sums of rows by place: the gradient of an embedding.

`np.add.at` adds number by number, some 10 ns each. Rows are put in the order of their
places instead, and each run of equal places is summed by one vectorized reduction,
which takes some 500 ns a run; a row that is alone in its place is copied.
"""

from __future__ import annotations

import numpy as np

from kerasish.backend.contract import Array, Shape, scratch

# Below so many elements, or elements a row, sorting costs more than it saves.
_LEAST, _LEAST_ROW = 8192, 16


@scratch(lambda out, indices, x, **_: [(x.shape, x.dtype)] * 2)
def scatter_add(
    out: Array, indices: Array, x: Array, *, shape: Shape, scratch: tuple[Array, ...]
) -> None:
    """Write the sum of the rows of x that go to each place; 0 where none goes."""
    out.fill(0)
    places = indices.reshape(-1)
    form = (places.size, *shape[1:])
    if x.size < max(_LEAST, _LEAST_ROW * places.size):
        np.add.at(out, places, x.reshape(form))
        return
    places = np.where(places < 0, places + shape[0], places)
    order = places.argsort(kind="stable")
    places, rows = places[order], x.reshape(form)
    _check(places, shape[0])
    begins = np.ones(places.size + 1, bool)
    np.not_equal(places[1:], places[:-1], out=begins[1:-1])
    alone = begins[:-1] & begins[1:]
    taken, sums = (array.reshape(form) for array in scratch)
    _copy_rows(out, places[alone], rows, order[alone], taken)
    shared = ~alone
    count = np.count_nonzero(shared)
    if count:
        np.take(rows, order[shared], axis=0, out=taken[:count], mode="clip")
        starts = np.flatnonzero(begins[:-1][shared])
        sums = sums[: starts.size]
        out[places[shared][starts]] = np.add.reduceat(
            taken[:count], starts, axis=0, out=sums
        )


def _copy_rows(
    out: Array, places: Array, rows: Array, numbers: Array, taken: Array
) -> None:
    """Write the rows of these numbers to places, each of which occurs once."""
    taken = taken[: numbers.size]
    np.take(rows, numbers, axis=0, out=taken, mode="clip")
    out[places] = taken


def _check(places: Array, length: int) -> None:
    """Raise as indexing does, before anything is written."""
    if places[0] < 0 or places[-1] >= length:
        wrong = places[0] if places[0] < 0 else places[-1]
        raise IndexError(f"index {wrong} is out of bounds for {length} places")
