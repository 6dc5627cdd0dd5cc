"""Products of matrices and of tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish.errors import ShapeError, explain
from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.elementwise import multiply
from kerasish.ops.shape import expand_dims, reshape, squeeze, swapaxes, transpose


@primitive
def matmul_of(x1: Array, x2: Array) -> Spec:
    """Return the product of the last two axes, the axes before broadcasting."""
    batch = rules.broadcast_shapes(tuple(x1.shape[:-2]), tuple(x2.shape[:-2]))
    dtype = rules.promoted(x1, x2)
    if x1.dtype == x2.dtype == "int8":
        dtype = "int32"  # sums of products leave int8 at once
    return Spec((*batch, x1.shape[-2], x2.shape[-1]), dtype, dtype)


@matmul_of.gradient
def _(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    return matmul_of(g, swapaxes(x2, -1, -2)), matmul_of(swapaxes(x1, -1, -2), g)


def matmul(x1: Any, x2: Any) -> Any:
    """Return the matrix product of the last two axes; the axes before broadcast.

    A tensor of rank 1 counts as a row on the left and a column on the right; the axis
    it lacks is left out of the result.

    Raises:
        ShapeError: The inner lengths differ, or an operand is a scalar.
    """
    x1, x2 = convert(x1), convert(x2)
    inner = x2.shape[-2 if len(x2.shape) > 1 else -1] if x2.shape else None
    if not x1.shape or x1.shape[-1] != inner:
        raise ShapeError(
            explain(
                "These tensors cannot be multiplied as matrices.",
                got=f"shapes {tuple(x1.shape)} and {tuple(x2.shape)}",
                expected="the last length of the first equal to the second's "
                "last but one",
            )
        )
    if len(x1.shape) > 2 and len(x2.shape) == 2:
        return _matmul_rows(x1, x2)
    left = expand_dims(x1, 0) if len(x1.shape) == 1 else x1
    right = expand_dims(x2, -1) if len(x2.shape) == 1 else x2
    product = matmul_of(left, right)
    dropped = [-2] * (len(x1.shape) == 1) + [-1] * (len(x2.shape) == 1)
    return squeeze(product, dropped) if dropped else product


def _matmul_rows(x1: Any, x2: Any) -> Any:
    """Multiply by one matrix as a single product of all rows: one call, not many."""
    rows = reshape(x1, (math.prod(x1.shape[:-1]), x1.shape[-1]))
    return reshape(matmul_of(rows, x2), (*x1.shape[:-1], x2.shape[-1]))


def dot(x1: Any, x2: Any) -> Any:
    """Return the sum over x1's last and x2's last but one axis, as `numpy.dot`."""
    x1, x2 = convert(x1), convert(x2)
    if not x1.shape or not x2.shape:
        return multiply(x1, x2)
    return tensordot(x1, x2, [[-1], [-2 if len(x2.shape) > 1 else -1]])


def tensordot(x1: Any, x2: Any, axes: int | Sequence[Any] = 2) -> Any:
    """Return the sum over pairs of axes, as `numpy.tensordot`."""
    x1, x2 = convert(x1), convert(x2)
    if isinstance(axes, int):
        axes = [range(len(x1.shape) - axes, len(x1.shape)), range(axes)]
    first, second = ([a] if isinstance(a, int) else list(a) for a in axes)
    first = [rules.normalize_axis(a, len(x1.shape)) for a in first]
    second = [rules.normalize_axis(a, len(x2.shape)) for a in second]
    free1 = [i for i in range(len(x1.shape)) if i not in first]
    free2 = [i for i in range(len(x2.shape)) if i not in second]
    inner = math.prod(x1.shape[i] for i in first)
    kept1, kept2 = [x1.shape[i] for i in free1], [x2.shape[i] for i in free2]
    left = reshape(transpose(x1, free1 + first), (math.prod(kept1), inner))
    right = reshape(transpose(x2, second + free2), (inner, math.prod(kept2)))
    return reshape(matmul(left, right), kept1 + kept2)


def outer(x1: Any, x2: Any) -> Any:
    """Return the products of every element of x1 with every element of x2."""
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))
