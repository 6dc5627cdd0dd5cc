"""Places in sorted sequences, and membership by them."""

from __future__ import annotations

from typing import Any

from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.elementwise import (
    equal,
    less,
    logical_not,
    minimum,
    subtract,
    where,
)
from kerasish.ops.indexing import get_item, sort, take
from kerasish.ops.shape import broadcast_to, flip, ravel

_SIDES = ("left", "right")


@primitive
def search_sorted(sequence: Array, values: Array, *, side: str) -> Spec:
    """Return where to insert values into a sorted sequence, int32."""
    return Spec(values.shape, "int32", rules.promoted(sequence, values))


search_sorted.no_gradient("an index does not change by little")


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Return where to insert values into a sorted sequence so that it stays sorted.

    Args:
        sorted_sequence: Rising numbers, shape (n,); NaN comes last.
        values: What to insert, any shape.
        side: Before ("left") or after ("right") equal elements.

    Returns:
        Indices from 0 to n, int32, of the shape of `values`.

    Raises:
        ShapeError: The sequence has not one axis.
        ValueError: There is no such side.

    Example:
        >>> searchsorted([1, 3, 5], [0, 3, 9]).tolist()
        [0, 1, 3]
    """
    if side not in _SIDES:
        raise ValueError(unknown_name("side of searchsorted", side, _SIDES))
    sequence = line("searchsorted", sorted_sequence)
    return search_sorted(sequence, convert(values), side=side)


def line(operation: str, x: Any) -> Any:
    """Return x as a tensor of one axis.

    Raises:
        ShapeError: It has another rank.
    """
    x = convert(x)
    if len(x.shape) != 1:
        raise ShapeError(
            explain(
                f"{operation} works along one axis.",
                got=f"shape {tuple(x.shape)}",
                expected="shape (n,)",
                fix="flatten it with ops.ravel, or use ops.vectorized_map",
            )
        )
    return x


def digitize(x: Any, bins: Any) -> Any:
    """Return in which bin each element lies.

    Args:
        x: Any shape.
        bins: Edges that rise or fall all along, shape (n,). Element i lies in bin j
            where bins[j - 1] <= x[i] < bins[j], or bins[j - 1] > x[i] >= bins[j].

    Returns:
        Indices from 0 to n, int32, of the shape of x.

    Example:
        >>> digitize([0.5, 1.0, 7.0], [1.0, 2.0]).tolist()
        [0, 1, 2]
    """
    bins, x = line("digitize", bins), convert(x)
    if not bins.shape[0]:
        return searchsorted(bins, x)
    falls = less(get_item(bins, -1), get_item(bins, 0))
    passed = searchsorted(where(falls, flip(bins), bins), x, "right")
    return where(falls, subtract(bins.shape[0], passed), passed)


def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Return whether each element of x1 is among those of x2.

    Args:
        x1: Any shape.
        x2: Any shape.
        assume_unique: Changes nothing here; in Keras it may be faster.
        invert: Whether to return the opposite.

    Returns:
        Truth values of the shape of x1; NaN is equal to nothing.

    Example:
        >>> isin([1, 2, 3], [3, 1]).tolist()
        [True, False, True]
    """
    x1, x2 = convert(x1), ravel(x2)
    if not x2.shape[0]:
        found = broadcast_to(convert(False), x1.shape)
    else:
        known = sort(x2)
        place = minimum(searchsorted(known, x1), x2.shape[0] - 1)
        found = equal(take(known, place), x1)
    return logical_not(found) if invert else found
