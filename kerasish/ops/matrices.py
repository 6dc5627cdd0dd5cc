"""What the operations on stacks of matrices share: checks, forms, small products.

A tensor of rank 2 or more is a stack of matrices: its last two axes are rows and
columns, the axes before are the stack. Half precision is computed in single, since
LAPACK and cuSOLVER know no other.
"""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes
from kerasish.backend.contract import Shape
from kerasish.errors import ShapeError, explain
from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import multiply
from kerasish.ops.products import matmul_of
from kerasish.ops.shape import expand_dims, swapaxes


def form_of(shape: Shape, *operands: Any) -> Spec:
    """Return the spec of a result of this shape, in the operands' common float dtype.

    Args:
        shape: Shape of the result.
        operands: Tensors; whole numbers become `floatx()`.
    """
    dtype = rules.floating(*(Spec((), dtypes.dtype_name(x.dtype)) for x in operands))
    compute = "float32" if dtype.dtype == "float16" else dtype.dtype
    return Spec(shape, dtype.dtype, compute)


def as_matrices(operation: str, x: Any) -> Any:
    """Return x as a stack of matrices.

    Raises:
        ShapeError: It has less than two axes.
    """
    x = convert(x)
    if len(x.shape) < 2:
        raise ShapeError(
            explain(
                f"{operation} works on matrices.",
                got=f"shape {tuple(x.shape)}",
                expected="two axes or more: (..., rows, columns)",
                fix="make a matrix of it, for example with ops.expand_dims",
            )
        )
    return x


def as_square(operation: str, x: Any) -> Any:
    """Return x as a stack of square matrices.

    Raises:
        ShapeError: It has less than two axes, or the last two differ.
    """
    x = as_matrices(operation, x)
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(
            explain(
                f"{operation} works on square matrices.",
                got=f"shape {tuple(x.shape)}",
                expected="equal lengths on the last two axes",
            )
        )
    return x


def adjoint(x: Any) -> Any:
    """Return each matrix transposed."""
    return swapaxes(x, -1, -2)


def times_diagonal(x: Any, diagonal: Any) -> Any:
    """Return x with each column multiplied by an element: x times diag(diagonal)."""
    return multiply(x, expand_dims(diagonal, -2))


def product(*factors: Any) -> Any:
    """Return the product of several stacks of matrices, from the left."""
    result = factors[0]
    for factor in factors[1:]:
        result = matmul_of(result, factor)
    return result
