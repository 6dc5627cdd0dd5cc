"""Products of vectors: inner, cross and Kronecker products, rows of powers."""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain
from kerasish.ops import rules
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import multiply, subtract
from kerasish.ops.indexing import get_item
from kerasish.ops.products import tensordot
from kerasish.ops.shape import (
    broadcast_to,
    flip,
    moveaxis,
    ravel,
    reshape,
    slice_to,
    stack,
)


def inner(x1: Any, x2: Any) -> Any:
    """Return the sums of products over the last axes of both.

    Args:
        x1: Shape (..., n).
        x2: Shape (..., n); with a scalar, both are multiplied.

    Returns:
        The other axes of x1, then those of x2.

    Raises:
        ShapeError: The last lengths differ.

    Example:
        >>> int(inner([1, 2, 3], [4, 5, 6]))
        32
    """
    x1, x2 = convert(x1), convert(x2)
    if not x1.shape or not x2.shape:
        return multiply(x1, x2)
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(
            explain(
                "inner sums over the last axis of both tensors.",
                got=f"shapes {tuple(x1.shape)} and {tuple(x2.shape)}",
                expected="equal last lengths",
            )
        )
    return tensordot(x1, x2, [[-1], [-1]])


def vdot(x1: Any, x2: Any) -> Any:
    """Return the sum of the products of all elements, both taken flat.

    Raises:
        ShapeError: They have different numbers of elements.

    Example:
        >>> int(vdot([[1, 2], [3, 4]], [[1, 1], [1, 1]]))
        10
    """
    return inner(ravel(x1), ravel(x2))


def kron(x1: Any, x2: Any) -> Any:
    """Return the Kronecker product: copies of x2, each times an element of x1.

    Args:
        x1: Any shape.
        x2: Any shape; the one of lower rank gets axes of length 1 in front.

    Returns:
        The product of the lengths along each axis.

    Example:
        >>> kron([1, 10], [1, 2]).tolist()
        [1, 2, 10, 20]
    """
    x1, x2 = convert(x1), convert(x2)
    ndim = max(len(x1.shape), len(x2.shape))
    outer, tiles = ((1,) * (ndim - len(x.shape)) + tuple(x.shape) for x in (x1, x2))
    wide = [n for pair in zip(outer, [1] * ndim, strict=True) for n in pair]
    narrow = [n for pair in zip([1] * ndim, tiles, strict=True) for n in pair]
    product = multiply(reshape(x1, wide), reshape(x2, narrow))
    return reshape(product, [a * b for a, b in zip(outer, tiles, strict=True)])


def cross(
    x1: Any,
    x2: Any,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Any:
    """Return the cross products of vectors in three dimensions, or in two.

    Args:
        x1: Vectors of 2 or 3 elements.
        x2: Vectors of 2 or 3 elements; all other axes broadcast. The third element of
            the vectors of 2 is 0.
        axisa: Axis of the vectors of x1.
        axisb: Axis of the vectors of x2.
        axisc: Axis of the vectors of the result.
        axis: In place of all three.

    Returns:
        Vectors of 3; of two vectors of 2, only the third element, without an axis.

    Raises:
        ShapeError: The vectors have another number of elements.

    Example:
        >>> cross([1, 0, 0], [0, 1, 0]).tolist()
        [0, 0, 1]
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = _elements(x1, axisa), _elements(x2, axisb)
    third = _determinant(a[0], b[0], a[1], b[1])
    if len(a) == len(b) == 2:
        return third
    a, b = (v if len(v) == 3 else [*v, multiply(v[0], 0)] for v in (a, b))
    first = _determinant(a[1], b[1], a[2], b[2])
    second = _determinant(a[2], b[2], a[0], b[0])
    return stack([first, second, third], axisc)


def _determinant(a1: Any, b1: Any, a2: Any, b2: Any) -> Any:
    return subtract(multiply(a1, b2), multiply(a2, b1))


def _elements(x: Any, axis: int) -> list[Any]:
    x = convert(x)
    axis = rules.normalize_axis(axis, len(x.shape))
    if x.shape[axis] not in (2, 3):
        raise ShapeError(
            explain(
                "A cross product is of vectors in two or three dimensions.",
                got=f"shape {tuple(x.shape)}, vectors along axis {axis}",
                expected="2 or 3 elements",
            )
        )
    x = moveaxis(x, axis, 0)
    return [get_item(x, i) for i in range(x.shape[0])]


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Return the Vandermonde matrix: the powers of each element as a row.

    Args:
        x: Shape (n,).
        N: Number of powers, from 0 on; n by default.
        increasing: Whether the power 0 comes first, not last.

    Returns:
        Shape (n, N).

    Raises:
        ShapeError: x has not one axis.

    Example:
        >>> vander([2, 3]).tolist()
        [[2, 1], [3, 1]]
    """
    x = convert(x)
    if len(x.shape) != 1:
        raise ShapeError(
            explain(
                "vander takes the powers of the elements of one axis.",
                got=f"shape {tuple(x.shape)}",
                expected="shape (n,)",
            )
        )
    count = x.shape[0] if N is None else N
    one = broadcast_to(convert(1, dtypes.dtype_name(x.dtype)), x.shape)
    # products, not powers: the gradient of a power at 0 would be that of a logarithm
    powers = [one]
    while len(powers) < count:
        powers.append(multiply(powers[-1], x))
    table = slice_to(stack(powers, -1), slices=(slice(None), slice(count)))
    return table if increasing else flip(table, 1)
