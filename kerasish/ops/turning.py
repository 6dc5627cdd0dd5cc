"""Rolling, turning and mirroring: elements move, nothing is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.errors import ShapeError, explain
from kerasish.ops import rules
from kerasish.ops.declare import convert
from kerasish.ops.shape import concatenate, flip, ravel, reshape, slice_to, swapaxes


def roll(
    x: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None
) -> Any:
    """Return x with elements moved along axes, in at one end what leaves at the other.

    Args:
        x: Any tensor.
        shift: Places to move by, for all axes or one for each; negative: backwards.
        axis: Axes; by default x is rolled flat, and keeps its shape.

    Raises:
        ShapeError: There is not one shift for each axis.

    Example:
        >>> roll([1, 2, 3], 1).tolist()
        [3, 1, 2]
    """
    x = convert(x)
    if axis is None:
        shift = shift if isinstance(shift, int) else sum(shift)
        return reshape(_rolled(ravel(x), shift, 0), x.shape)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    shifts = (shift,) if isinstance(shift, int) else tuple(shift)
    axes = axes * len(shifts) if len(axes) == 1 else axes
    shifts = shifts * len(axes) if len(shifts) == 1 else shifts
    if len(shifts) != len(axes):
        raise ShapeError(
            explain(
                "roll needs a shift for each axis.",
                got=f"shift={shift}, axis={axis}",
                expected="as many of both, or one shift for all axes",
            )
        )
    for one, along in zip(shifts, axes, strict=True):
        x = _rolled(x, one, rules.normalize_axis(along, len(x.shape)))
    return x


def _rolled(x: Any, shift: int, axis: int) -> Any:
    length = x.shape[axis]
    start = -shift % length if length else 0
    if not start:
        return x
    whole = (slice(None),) * axis
    parts = (slice(start, length), slice(0, start))
    return concatenate([slice_to(x, slices=(*whole, part)) for part in parts], axis)


def rot90(array: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """Return a tensor turned by quarters in the plane of two axes.

    Args:
        array: Any tensor of rank 2 or more.
        k: Quarters to turn, from the first axis towards the second.
        axes: The two axes.

    Raises:
        ShapeError: There are less than two axes, or not two different ones are named.

    Example:
        >>> rot90([[1, 2], [3, 4]]).tolist()
        [[2, 4], [1, 3]]
    """
    array = convert(array)
    ndim = len(array.shape)
    plane = [rules.normalize_axis(int(a), ndim) for a in axes] if ndim > 1 else []
    if len(set(plane)) != 2 or len(plane) != 2:
        raise ShapeError(
            explain(
                "rot90 turns a plane.",
                got=f"axes {tuple(axes)} of shape {tuple(array.shape)}",
                expected="two different axes",
            )
        )
    first, second = plane
    quarters = k % 4
    if quarters == 0:
        return array
    if quarters == 2:
        return flip(array, plane)
    if quarters == 1:
        return swapaxes(flip(array, second), first, second)
    return flip(swapaxes(array, first, second), second)


def fliplr(x: Any) -> Any:
    """Return x, of rank 2 or more, mirrored along its second axis.

    Example:
        >>> fliplr([[1, 2]]).tolist()
        [[2, 1]]
    """
    return flip(x, 1)


def flipud(x: Any) -> Any:
    """Return x mirrored along its first axis.

    Example:
        >>> flipud([1, 2]).tolist()
        [2, 1]
    """
    return flip(x, 0)
