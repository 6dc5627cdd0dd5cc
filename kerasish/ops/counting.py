"""Counting: what is not zero, whole numbers by value, numbers by bins.

How many different numbers there are depends on the numbers: in a trace the length of a
count must be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend import dtypes, floatx, get_backend
from kerasish.errors import DTypeError, ShapeError, explain
from kerasish.graph.tensor import Tensor
from kerasish.ops import reduction
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import (
    add,
    divide,
    equal,
    greater_equal,
    less,
    less_equal,
    logical_and,
    multiply,
    not_equal,
    subtract,
    where,
)
from kerasish.ops.indexing import get_item, scatter_add, whole
from kerasish.ops.reduction import Axes
from kerasish.ops.searching import line, searchsorted
from kerasish.ops.shape import broadcast_to, cast, concatenate, ravel, reshape


def count_nonzero(x: Any, axis: Axes = None) -> Any:
    """Return how many elements over axes are not zero, int32; NaN is none.

    Example:
        >>> int(count_nonzero([0, 3, 1]))
        2
    """
    return reduction.sum(not_equal(x, 0), axis)


def bincount(
    x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False
) -> Any:
    """Return how often each of the numbers 0, 1, 2, ... occurs.

    Args:
        x: Whole numbers, shape (n,); or (rows, n), which are counted row by row.
            Negative numbers are not counted.
        weights: What to add for each element in place of 1, of x's shape.
        minlength: The least length of the result. In a trace, where the largest number
            is unknown, it is the length, and larger numbers are not counted.
        sparse: Always False: there are no sparse tensors here.

    Returns:
        Shape (length,) or (rows, length), int32, or of the dtype of the weights.

    Raises:
        DTypeError: x is floating.
        ShapeError: x has another rank, or the weights another shape.
        ValueError: In a trace, `minlength` is not given; or `sparse` is asked for.

    Example:
        >>> bincount([1, 3, 1]).tolist()
        [0, 2, 0, 1]
    """
    if sparse:
        raise ValueError("bincount: sparse tensors do not exist here; use sparse=False")
    x = cast(whole(x), "int32")
    amounts = None if weights is None else convert(weights)
    _require_countable(x, amounts)
    length = _count_length(x, int(minlength))
    if amounts is None:
        amounts = broadcast_to(convert(1, "int32"), x.shape)
    return _counts(x, amounts, length)


def _require_countable(x: Any, weights: Any) -> None:
    if len(x.shape) not in (1, 2):
        raise ShapeError(
            explain(
                "bincount counts the numbers of one row, or of several.",
                got=f"shape {tuple(x.shape)}",
                expected="shape (n,) or (rows, n)",
                fix="flatten it with ops.ravel",
            )
        )
    if weights is not None and tuple(weights.shape) != tuple(x.shape):
        raise ShapeError(
            explain(
                "bincount needs a weight for each number.",
                got=f"weights of shape {tuple(weights.shape)}",
                expected=f"shape {tuple(x.shape)}, that of x",
            )
        )


def _count_length(x: Any, minlength: int) -> int:
    if not isinstance(x, Tensor):
        largest = int(get_backend().to_host(x).max(initial=-1))
        return max(largest + 1, minlength)
    if minlength > 0:
        return minlength
    raise ValueError(
        explain(
            "bincount of a symbolic tensor cannot know how many numbers there are.",
            got=repr(x),
            expected="the length of the result as `minlength`",
            fix="use ops.bincount(x, minlength=...)",
        )
    )


def _counts(x: Any, amounts: Any, length: int) -> Any:
    """Return sums of amounts by number; numbers from `length` on are left out."""
    dtype = dtypes.dtype_name(amounts.dtype)
    counted = logical_and(greater_equal(x, 0), less(x, length))
    amounts = where(counted, amounts, convert(0, dtype))
    places = where(counted, x, 0)
    if len(x.shape) == 1:
        # one more, so that the place of what is left out always exists
        total = scatter_add(places, amounts, shape=(max(length, 1),))
        return total if length else get_item(total, slice(0, 0))
    rows = x.shape[0]
    starts = np.arange(rows, dtype=np.int32)[:, None] * np.int32(length)
    flat = _counts(ravel(add(places, starts)), ravel(amounts), rows * length)
    return reshape(flat, (rows, length))


def histogram(
    x: Any, bins: int = 10, range: Sequence[float] | None = None
) -> tuple[Any, Any]:
    """Return how many elements lie in each of some bins of equal width.

    Args:
        x: Shape (n,).
        bins: Number of bins.
        range: Lower and upper end; by default the least and the largest element. What
            lies outside is not counted.

    Returns:
        Counts, shape (bins,), int32; and the edges, shape (bins + 1,), of x's dtype
        (whole numbers: `floatx()`). A bin holds its lower edge, the last one both.

    Raises:
        ShapeError: x has not one axis.
        DTypeError: `bins` is not a whole number.
        ValueError: `bins` is not positive, or the range ends before it begins.

    Example:
        >>> counts, edges = histogram([0.0, 1.0, 3.0, 4.0], bins=2)
        >>> counts.tolist(), edges.tolist()
        ([2, 2], [0.0, 2.0, 4.0])
    """
    _require_bins(bins, range)
    x = line("histogram", x)
    dtype = dtypes.dtype_name(x.dtype)
    x = x if dtypes.is_float(dtype) else cast(x, floatx())
    edges = _edges(x, bins, range)
    last = get_item(edges, bins)
    place = subtract(searchsorted(edges, x, "right"), 1)
    place = where(equal(x, last), bins - 1, place)
    inside = logical_and(greater_equal(x, get_item(edges, 0)), less_equal(x, last))
    ones = broadcast_to(convert(1, "int32"), x.shape)
    return _counts(where(inside, place, -1), ones, bins), edges


def _require_bins(bins: Any, ends: Sequence[float] | None) -> None:
    if not isinstance(bins, (int, np.integer)) or isinstance(bins, bool):
        raise DTypeError(
            explain(
                "histogram needs the number of bins.",
                got=f"bins={bins!r}",
                expected="a whole number",
                fix="to count between edges of your own, use ops.digitize and "
                "ops.bincount",
            )
        )
    if bins < 1 or (ends is not None and ends[1] < ends[0]):
        raise ValueError(
            explain(
                "histogram needs bins, and a range that ends after it begins.",
                got=f"bins={bins}, range={ends}",
            )
        )


def _edges(x: Any, bins: int, ends: Sequence[float] | None) -> Any:
    dtype = dtypes.dtype_name(x.dtype)
    if ends is None:
        ends = (reduction.min(x), reduction.max(x)) if x.shape[0] else (0.0, 1.0)
    low, high = (convert(end, dtype) for end in ends)
    # of one value, a bin around it
    margin = where(equal(low, high), convert(0.5, dtype), convert(0, dtype))
    low, high = subtract(low, margin), add(high, margin)
    step = divide(subtract(high, low), bins)
    steps = cast(np.arange(bins, dtype=np.int32), dtype)
    return concatenate([add(low, multiply(steps, step)), reshape(high, (1,))])
