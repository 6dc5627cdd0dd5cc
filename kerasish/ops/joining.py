"""Joining tensors and cutting them along an axis by name: rows, columns, depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.errors import DTypeError, ShapeError, explain, unknown_name
from kerasish.ops import rules
from kerasish.ops.declare import convert
from kerasish.ops.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    ravel,
    reshape,
    slice_to,
    split,
)

Parts = int | Sequence[int]
_INDEXINGS = ("xy", "ij")


def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """Return x2 joined to the end of x1.

    Args:
        x1: Any shape.
        x2: Of the same shape but for `axis`.
        axis: Axis to join along; by default both are taken flat.

    Raises:
        ShapeError: The shapes do not fit together.

    Example:
        >>> append([1, 2], [[3]]).tolist()
        [1, 2, 3]
    """
    x1, x2 = convert(x1), convert(x2)
    if axis is None:
        return concatenate([ravel(x1), ravel(x2)])
    if len(x1.shape) != len(x2.shape):
        raise ShapeError(
            explain(
                "append joins tensors of one rank along an axis.",
                got=f"shapes {tuple(x1.shape)} and {tuple(x2.shape)}",
                fix="reshape one of them, or leave out `axis` to join them flat",
            )
        )
    return concatenate([x1, x2], axis)


def hstack(xs: Sequence[Any]) -> Any:
    """Return tensors joined along the second axis, of rank 1 along their only one.

    Example:
        >>> hstack([[1, 2], [3]]).tolist()
        [1, 2, 3]
    """
    values = [_at_least(x, 1) for x in xs]
    return concatenate(values, 1 if len(values[0].shape) > 1 else 0)


def vstack(xs: Sequence[Any]) -> Any:
    """Return tensors joined along the first axis, those of rank 1 being rows.

    Example:
        >>> vstack([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
    """
    return concatenate([_at_least(x, 2) for x in xs], 0)


def dstack(xs: Sequence[Any]) -> Any:
    """Return tensors joined along the third axis; shapes (n,) and (m, n) get one.

    Example:
        >>> dstack([[1, 2], [3, 4]]).tolist()
        [[[1, 3], [2, 4]]]
    """
    return concatenate([_at_least(x, 3) for x in xs], 2)


def _at_least(x: Any, ndim: int) -> Any:
    """Return x with axes of length 1: the first of all, and the third last of all."""
    x = convert(x)
    if len(x.shape) < min(ndim, 2):
        x = reshape(x, (1,) * (min(ndim, 2) - len(x.shape)) + tuple(x.shape))
    return expand_dims(x, -1) if len(x.shape) < ndim else x


def array_split(x: Any, indices_or_sections: int, axis: int = 0) -> list[Any]:
    """Return x cut along an axis into parts as equal as can be, longer ones first.

    Args:
        x: Any tensor.
        indices_or_sections: Number of parts.
        axis: Axis to cut.

    Raises:
        DTypeError: The number of parts is not a whole number.
        ValueError: It is not positive.

    Example:
        >>> [part.tolist() for part in array_split([1, 2, 3], 2)]
        [[1, 2], [3]]
    """
    count = indices_or_sections
    if not isinstance(count, int):
        raise DTypeError(
            explain(
                "array_split needs the number of parts.",
                got=f"indices_or_sections={count!r}",
                fix="to cut at indices of your own, use ops.split",
            )
        )
    if count < 1:
        raise ValueError(
            explain(
                "array_split makes at least one part.",
                got=f"indices_or_sections={count}",
            )
        )
    x = convert(x)
    axis = rules.normalize_axis(axis, len(x.shape))
    length, longer = divmod(x.shape[axis], count)
    edges = [i * length + min(i, longer) for i in range(count + 1)]
    whole = (slice(None),) * axis
    return [
        slice_to(x, slices=(*whole, slice(edges[i], edges[i + 1])))
        for i in range(count)
    ]


def hsplit(x: Any, indices_or_sections: Parts) -> list[Any]:
    """Return x cut along the second axis, of rank 1 along its only one: see `split`."""
    x = convert(x)
    return _split("hsplit", x, indices_or_sections, 1 if len(x.shape) > 1 else 0)


def vsplit(x: Any, indices_or_sections: Parts) -> list[Any]:
    """Return x, of rank 2 or more, cut along the first axis: see `split`."""
    return _split("vsplit", x, indices_or_sections, 0, least=2)


def dsplit(x: Any, indices_or_sections: Parts) -> list[Any]:
    """Return x, of rank 3 or more, cut along the third axis: see `split`."""
    return _split("dsplit", x, indices_or_sections, 2, least=3)


def _split(
    operation: str, x: Any, parts: Parts, axis: int, least: int = 1
) -> list[Any]:
    x = convert(x)
    if len(x.shape) < least:
        raise ShapeError(
            explain(
                f"{operation} cuts along axis {axis}.",
                got=f"shape {tuple(x.shape)}",
                expected=f"a rank of at least {least}",
                fix="use ops.split with an axis there is",
            )
        )
    return split(x, parts, axis)


def meshgrid(*x: Any, indexing: str = "xy") -> tuple[Any, ...]:
    """Return the coordinates of every point of a grid, one tensor for each axis.

    Args:
        *x: Coordinates along each axis, shape (n,); others are taken flat.
        indexing: "ij", the first coordinate changing along the first axis; or "xy", it
            changing along the second, and the second along the first.

    Returns:
        One tensor per coordinate, all of the shape of the grid.

    Raises:
        ValueError: There is no such indexing.

    Example:
        >>> [grid.tolist() for grid in meshgrid([1, 2], [7, 8, 9], indexing="ij")]
        [[[1, 1, 1], [2, 2, 2]], [[7, 8, 9], [7, 8, 9]]]
    """
    if indexing not in _INDEXINGS:
        raise ValueError(unknown_name("indexing of meshgrid", indexing, _INDEXINGS))
    lines = [ravel(line) for line in x]
    places = list(range(len(lines)))
    if indexing == "xy" and len(lines) > 1:
        places[:2] = [1, 0]
    shape = [0] * len(lines)
    for line, place in zip(lines, places, strict=True):
        shape[place] = line.shape[0]
    return tuple(
        broadcast_to(reshape(line, _along(place, len(lines))), shape)
        for line, place in zip(lines, places, strict=True)
    )


def _along(place: int, ndim: int) -> list[int]:
    return [-1 if i == place else 1 for i in range(ndim)]
