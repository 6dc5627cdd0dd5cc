"""The bits of numbers: seen as another dtype, the sign, the next number."""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes, standardize_dtype
from kerasish.errors import ShapeError, explain
from kerasish.graph.tensor import Spec
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.elementwise import (
    add,
    equal,
    greater,
    isnan,
    less,
    logical_or,
    negative,
    where,
)
from kerasish.ops.floats import as_floats

_WHOLE = {"float16": "int16", "float32": "int32", "float64": "int64"}


@primitive
def reinterpret(x: Array, *, dtype: str) -> Spec:
    """Return the bits of x as another dtype; the last axis takes up the difference."""
    own, wanted = dtypes.size_of(x.dtype), dtypes.size_of(dtype)
    if own == wanted:
        return Spec(x.shape, dtype)
    if not x.shape or x.shape[-1] * own % wanted:
        raise ShapeError(
            explain(
                "The bits of this tensor cannot be seen as another dtype.",
                got=f"{x.dtype}{list(x.shape)} as {dtype}",
                expected="as many bytes on the last axis as some elements of the new "
                "dtype have",
            )
        )
    return Spec((*x.shape[:-1], x.shape[-1] * own // wanted), dtype)


reinterpret.no_gradient("bits are not numbers")


def view(x: Any, dtype: Any = None) -> Any:
    """Return the bits of x as another dtype.

    Args:
        x: Any tensor.
        dtype: Dtype name; by default x's own. If its elements are of another size, the
            last axis becomes shorter or longer.

    Raises:
        ShapeError: The last axis has not the bytes of a whole number of elements.

    Example:
        >>> view([1.0], "int32").tolist()
        [1065353216]
    """
    x = convert(x)
    if dtype is None:
        return x
    return reinterpret(x, dtype=standardize_dtype(dtype))


def signbit(x: Any) -> Any:
    """Return whether x is negative; -0.0 is, and NaN may be.

    Example:
        >>> signbit([-1.0, -0.0, 0.0]).tolist()
        [True, True, False]
    """
    x = convert(x)
    whole = _WHOLE.get(dtypes.dtype_name(x.dtype))
    return less(x if whole is None else reinterpret(x, dtype=whole), 0)


def nextafter(x1: Any, x2: Any) -> Any:
    """Return the float that follows x1 on the way to x2; x2 itself if they are equal.

    Args:
        x1: Where to start; whole numbers become floats.
        x2: Where to go; both broadcast.

    Example:
        >>> float(nextafter(1.0, 2.0)) > 1
        True
    """
    start, goal = as_floats(x1, x2)
    dtype = dtypes.dtype_name(start.dtype)
    whole = _WHOLE[dtype]
    # floats of one sign, their bits read as whole numbers, keep their order
    outward = equal(greater(goal, start), greater(start, 0))
    step = convert(where(outward, 1, -1), whole)
    moved = reinterpret(add(reinterpret(start, dtype=whole), step), dtype=dtype)
    least = reinterpret(convert(1, whole), dtype=dtype)
    from_zero = where(greater(goal, 0), least, negative(least))
    moved = where(equal(start, 0), from_zero, moved)
    moved = where(equal(start, goal), goal, moved)
    # a sum with NaN is NaN
    return where(logical_or(isnan(start), isnan(goal)), add(start, goal), moved)
