"""Different elements, the places of what is true, orders that are only partly sorted.

How many different elements there are depends on their values. Eagerly that number is
read back; in a trace it must be given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend import dtypes, get_backend
from kerasish.errors import ShapeError, explain
from kerasish.graph.tensor import Tensor
from kerasish.ops import elementwise, reduction, rules
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import less, multiply, not_equal, subtract
from kerasish.ops.indexing import get_item, scatter_add, take
from kerasish.ops.shape import (
    broadcast_to,
    cast,
    concatenate,
    moveaxis,
    ravel,
    reshape,
    slice_to,
)


def nonzero(x: Any) -> tuple[Any, ...]:
    """Return the places of all elements that are not 0, in C order.

    Args:
        x: Any tensor of rank 1 or more, with values: not symbolic.

    Returns:
        For each axis of x the indices along it, int32, shape (n,).

    Raises:
        ValueError: x is symbolic: how many there are is not known.
        ShapeError: x has no axes.

    Example:
        >>> [places.tolist() for places in nonzero([[0, 7], [8, 0]])]
        [[0, 1], [1, 0]]
    """
    x = convert(x)
    if isinstance(x, Tensor):
        raise ValueError(
            explain(
                "nonzero of a symbolic tensor cannot know how many places there are.",
                got=repr(x),
                expected="a tensor with values",
                fix="use a mask, with ops.where or a product, in place of indices",
            )
        )
    if not x.shape:
        raise ShapeError(
            explain(
                "A number has no places.",
                got="a tensor of rank 0",
                fix="give it an axis: ops.reshape(x, (1,))",
            )
        )
    backend = get_backend()
    found = np.nonzero(backend.to_host(x))
    return tuple(backend.from_host(places.astype(np.int32)) for places in found)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Return x1 where the condition holds, else x2; without them, where it holds.

    Args:
        condition: Truth values, any shape.
        x1: Values where it holds; broadcast with the others.
        x2: Values elsewhere.

    Returns:
        The broadcast shape, in the dtype in which x1 and x2 meet; of a condition alone,
        what `nonzero` returns.

    Raises:
        ValueError: Only one of x1 and x2 is given, or a condition alone is symbolic.
    """
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        given = "x1" if x2 is None else "x2"
        raise ValueError(
            explain(
                "where needs values for both cases.",
                got=f"only {given}",
                expected="x1 and x2, or neither: then the indices are returned",
            )
        )
    return elementwise.where(condition, x1, x2)


def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Return the different elements of a tensor, rising; or its different slices.

    Args:
        x: Any shape; every NaN is different from any other.
        sorted: Changes nothing here: they always are.
        return_index: Whether to return where each was met first.
        return_inverse: Whether to return which of them each element is.
        return_counts: Whether to return how often each occurs.
        axis: Axis whose slices are compared, by their first elements first; by default
            x is taken flat.
        size: How many to return; needed in a trace. If there are more, the largest are
            left out.
        fill_value: What to fill up with if there are less; 0 by default.

    Returns:
        The elements, shape (size,), or slices along `axis`; if more is asked for, a
        tuple of them, of indices (size,), of indices of x's shape or, with an axis,
        (n,), and of counts (size,), all int32.

    Raises:
        ValueError: x is symbolic, and `size` is not given.

    Example:
        >>> values, counts = unique([3, 1, 3], return_counts=True)
        >>> values.tolist(), counts.tolist()
        ([1, 3], [1, 2])
    """
    x = convert(x)
    if isinstance(x, Tensor) and size is None:
        raise ValueError(
            explain(
                "unique of a symbolic tensor cannot know how many elements differ.",
                got=repr(x),
                expected="the number of results as `size`",
                fix="use ops.unique(x, size=...)",
            )
        )
    along = None if axis is None else rules.normalize_axis(axis, len(x.shape))
    slices = ravel(x) if along is None else moveaxis(x, along, 0)
    values, index, inverse, counts = _found(slices, size, fill_value or 0)
    if along is None:
        inverse = reshape(inverse, x.shape)
    else:
        values = moveaxis(values, 0, along)
    extras = zip(
        (return_index, return_inverse, return_counts),
        (index, inverse, counts),
        strict=True,
    )
    asked = [extra for wanted, extra in extras if wanted]
    return (values, *asked) if asked else values


def _found(x: Any, size: int | None, fill_value: Any) -> tuple[Any, Any, Any, Any]:
    """Return different slices, their first places, which each is, and their counts."""
    length = x.shape[0]
    fill = convert(fill_value, dtypes.dtype_name(x.dtype))
    if not length:
        none = np.zeros(size or 0, np.int32)
        values = broadcast_to(fill, (size or 0, *x.shape[1:]))
        return values, convert(none), convert(none[:0]), convert(none)
    order = _order(x)
    ordered = take(x, order, axis=0)
    begins = _begins(ordered)
    group = subtract(reduction.cumsum(begins), 1)
    last = get_item(group, -1)
    if size is None:
        size = int(get_backend().to_host(last)) + 1
    # what lies beyond `size` goes to one place more, which is cut off
    place = where(less(group, size), group, size)
    first = _sums(place, multiply(begins, np.arange(length, dtype=np.int32)), size)
    counts = _sums(place, broadcast_to(convert(1, "int32"), (length,)), size)
    exists = reshape(not_equal(counts, 0), (size,) + (1,) * (len(x.shape) - 1))
    values = where(exists, take(ordered, first, axis=0), fill)
    inverse = scatter_add(order, group, shape=(length,))
    return values, take(order, first), inverse, counts


def _order(x: Any) -> Any:
    """Return the places that would sort slices by their first elements first."""
    columns = reshape(x, (x.shape[0], math.prod(x.shape[1:])))
    order: Any = np.arange(x.shape[0], dtype=np.int32)
    for i in range(columns.shape[1])[::-1]:
        column = take(get_item(columns, (slice(None), i)), order)
        order = take(order, reduction.argsort(column))
    return order


def _begins(ordered: Any) -> Any:
    """Return 1 where a slice differs from the one before, and at the first; int32."""
    length = ordered.shape[0]
    before = slice_to(ordered, slices=(slice(length - 1),))
    differs = not_equal(slice_to(ordered, slices=(slice(1, length),)), before)
    if len(ordered.shape) > 1:
        differs = reduction.any(differs, range(1, len(ordered.shape)))
    return concatenate([convert([1]), cast(differs, "int32")])


def _sums(place: Any, amounts: Any, size: int) -> Any:
    total = scatter_add(place, amounts, shape=(size + 1,))
    return slice_to(total, slices=(slice(size),))


def argpartition(x: Any, kth: int | Sequence[int], axis: int | None = -1) -> Any:
    """Return places in an order in which the k-th is where sorting would put it.

    Args:
        x: Any tensor.
        kth: That place, or several; no greater elements come before it, and no smaller
            ones after. Here all elements are sorted.
        axis: The axis to go along; None takes x flat.

    Returns:
        Indices, int32, of x's shape.

    Raises:
        ValueError: There is no such place.

    Example:
        >>> argpartition([7, 1, 3], 1).tolist()
        [1, 2, 0]
    """
    x = ravel(x) if axis is None else convert(x)
    along = rules.normalize_axis(-1 if axis is None else axis, len(x.shape))
    length = x.shape[along]
    for place in (kth,) if isinstance(kth, int) else kth:
        if not -length <= place < length:
            raise ValueError(
                explain(
                    "There is no such place to partition at.",
                    got=f"kth={place}",
                    expected=f"-{length} to {length - 1}",
                )
            )
    return reduction.argsort(x, along)
