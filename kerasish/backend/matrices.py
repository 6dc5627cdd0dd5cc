"""How a BLAS is told of matrices as they lie in memory."""

from __future__ import annotations

from typing import NamedTuple

from kerasish.backend.contract import Array


class Layout(NamedTuple):
    """A matrix as BLAS sees it.

    Attributes:
        transposed: Whether its columns, not its rows, lie side by side.
        leading: Elements from one row, or column, to the next.
    """

    transposed: bool
    leading: int


def layout_of(x: Array) -> Layout | None:
    """Return the layout of the matrices of a stack; None if BLAS knows no such one."""
    rows, columns = x.shape[-2:]
    down, along = (stride // x.itemsize for stride in x.strides[-2:])
    down, along = (columns if rows == 1 else down), (1 if columns == 1 else along)
    if along == 1 and down >= columns:
        return Layout(False, down)
    down = 1 if rows == 1 else down
    return Layout(True, along) if down == 1 and along >= rows else None
