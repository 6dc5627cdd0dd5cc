"""Diagonals of matrices: taking them, summing them, making matrices of them.

The elements of a diagonal lie at equal distances once the two axes are one, so a
diagonal is a slice with a step: nothing is computed.
"""

from __future__ import annotations

from typing import Any

from kerasish.errors import ShapeError, explain
from kerasish.ops import reduction, rules
from kerasish.ops.declare import convert
from kerasish.ops.shape import moveaxis, place, ravel, reshape, slice_to


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the diagonals of the matrices along two axes.

    Args:
        x: Any tensor of rank 2 or more.
        offset: Which diagonal: 0 is the main one, positive ones lie above it.
        axis1: Axis of the rows.
        axis2: Axis of the columns.

    Returns:
        The other axes, and the diagonal as a new last axis.

    Raises:
        ShapeError: There are no such axes, or both are the same.

    Example:
        >>> diagonal([[1, 2], [3, 4]]).tolist()
        [1, 4]
    """
    x = convert(x)
    ndim = len(x.shape)
    axes = tuple(rules.normalize_axis(a, ndim) for a in (axis1, axis2))
    if axes[0] == axes[1]:
        raise ShapeError(
            explain(
                "A diagonal lies between two different axes.",
                got=f"axis1={axis1}, axis2={axis2} of shape {tuple(x.shape)}",
            )
        )
    x = moveaxis(x, axes, (-2, -1))
    *front, rows, columns = x.shape
    start = offset if offset >= 0 else -offset * columns
    length = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    if not length:
        return reshape(slice_to(x, slices=(*_whole(front), slice(0, 0))), (*front, 0))
    stop = start + (length - 1) * (columns + 1) + 1
    flat = reshape(x, (*front, rows * columns))
    return slice_to(flat, slices=(*_whole(front), slice(start, stop, columns + 1)))


def _whole(front: Any) -> tuple[slice, ...]:
    return (slice(None),) * len(front)


def diag(x: Any, k: int = 0) -> Any:
    """Return the k-th diagonal of a matrix, or the matrix of which x is that.

    Args:
        x: Shape (n,) or (n, m).
        k: Which diagonal: 0 is the main one, positive ones lie above it.

    Raises:
        ShapeError: x has another rank.

    Example:
        >>> diag([1, 2]).tolist()
        [[1, 0], [0, 2]]
    """
    x = convert(x)
    if len(x.shape) == 1:
        return diagflat(x, k)
    if len(x.shape) == 2:
        return diagonal(x, k)
    raise ShapeError(
        explain(
            "diag takes the diagonal of a matrix, or makes a matrix of it.",
            got=f"shape {tuple(x.shape)}",
            expected="one axis or two",
            fix="use ops.diagonal for stacks of matrices",
        )
    )


def diagflat(x: Any, k: int = 0) -> Any:
    """Return a matrix with the elements of x, flat, on its k-th diagonal.

    Args:
        x: Any shape, n elements.
        k: Which diagonal; the matrix has n + abs(k) rows and columns.

    Example:
        >>> diagflat([[1, 2]], k=1).tolist()
        [[0, 1, 0], [0, 0, 2], [0, 0, 0]]
    """
    x = ravel(x)
    size = x.shape[0] + abs(k)
    start = k if k >= 0 else -k * size
    stop = start + x.shape[0] * (size + 1)
    spread = place(
        x,
        shape=(size * size,),
        slices=(slice(start, min(stop, size * size), size + 1),),
        value=0,
    )
    return reshape(spread, (size, size))


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the sum of the diagonals of the matrices along two axes.

    Args:
        x: Any tensor of rank 2 or more.
        offset: Which diagonal: 0 is the main one, positive ones lie above it.
        axis1: Axis of the rows.
        axis2: Axis of the columns.

    Returns:
        The other axes.

    Example:
        >>> int(trace([[1, 2], [3, 4]]))
        5
    """
    return reduction.sum(diagonal(x, offset, axis1, axis2), -1)
