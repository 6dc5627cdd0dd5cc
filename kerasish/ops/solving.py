"""Systems of linear equations, inverses and determinants.

One primitive solves general systems; triangular ones are solved by it with the other
triangle masked. Gradients follow M. Giles, "An extended collection of matrix derivative
results for forward and reverse mode AD" (2008), section 2.2.
"""

from __future__ import annotations

from typing import Any

from kerasish.errors import ShapeError, explain
from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.creation import eye, tril, triu
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.elementwise import exp, multiply, negative
from kerasish.ops.matrices import adjoint, as_square, form_of, product
from kerasish.ops.several import several
from kerasish.ops.shape import broadcast_to, expand_dims, squeeze


@primitive
def solve_of(a: Array, b: Array) -> Spec:
    """Return X with a X = b, for stacks of matrices of one length."""
    return form_of(b.shape, a, b)


@solve_of.gradient
def _(g: Any, y: Any, a: Any, b: Any) -> Any:
    gb = solve_of(adjoint(a), g)
    return negative(product(gb, adjoint(y))), gb


def solve(a: Any, b: Any) -> Any:
    """Return X with a X = b.

    Args:
        a: Square matrices, (..., n, n).
        b: Right sides as columns, (..., n, k), or a single one, (n,); the axes before
            broadcast with those of `a`.

    Raises:
        ShapeError: The shapes do not fit together.
        ValueError: A matrix is singular (NumPy's `LinAlgError`; on a GPU the result is
            not finite).

    Example:
        >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0]).tolist()
        [1.0, 0.5]
    """
    a, b = as_square("solve", a), convert(b)
    single = len(b.shape) == 1
    b = expand_dims(b, -1) if single else b
    _require_right_sides("solve", a, b)
    x = solve_of(*_stacked(a, b))
    return squeeze(x, -1) if single else x


def _require_right_sides(operation: str, a: Any, b: Any) -> None:
    if len(b.shape) >= 2 and b.shape[-2] == a.shape[-1]:
        return
    raise ShapeError(
        explain(
            f"{operation} cannot use these right sides.",
            got=f"matrices {tuple(a.shape)} and right sides {tuple(b.shape)}",
            expected=f"right sides of shape (..., {a.shape[-1]}, columns)",
            fix="give a stack of single right sides an axis: ops.expand_dims(b, -1)",
        )
    )


def _stacked(a: Any, b: Any) -> tuple[Any, Any]:
    """Return both with the axes of one common stack."""
    stack = rules.broadcast_shapes(tuple(a.shape[:-2]), tuple(b.shape[:-2]))
    return (
        broadcast_to(a, (*stack, *a.shape[-2:])),
        broadcast_to(b, (*stack, *b.shape[-2:])),
    )


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """Return X with T X = b, where T is a triangle of a.

    Args:
        a: Square matrices, (..., n, n); the other triangle is not looked at.
        b: Right sides as columns, (..., n, k), or one for each matrix, (..., n).
        lower: Whether T is the lower triangle, or the upper one.

    Raises:
        ShapeError: The shapes do not fit together.
        ValueError: There is a zero on a diagonal (NumPy's `LinAlgError`; on a GPU the
            result is not finite).

    Example:
        >>> solve_triangular([[2.0, 0.0], [1.0, 1.0]], [2.0, 3.0], lower=True).tolist()
        [1.0, 2.0]
    """
    a, b = as_square("solve_triangular", a), convert(b)
    single = len(b.shape) == len(a.shape) - 1
    b = expand_dims(b, -1) if single else b
    _require_right_sides("solve_triangular", a, b)
    x = solve_of(*_stacked(tril(a) if lower else triu(a), b))
    return squeeze(x, -1) if single else x


def inv(x: Any) -> Any:
    """Return the inverse of square matrices.

    Args:
        x: Invertible matrices, (..., n, n).

    Raises:
        ValueError: A matrix is singular (NumPy's `LinAlgError`; on a GPU the result is
            not finite).

    Example:
        >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    x = as_square("inv", x)
    return solve_of(x, _identities(x))


def _identities(x: Any) -> Any:
    return broadcast_to(eye(x.shape[-1], dtype=form_of((), x).dtype), x.shape)


def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """Return the inverse of L L^T, given its Cholesky factor L.

    Args:
        x: Lower triangular factors, (..., n, n); the other triangle is not looked at.
        upper: Whether `x` holds the upper factor, L transposed, instead.

    Example:
        >>> cholesky_inverse([[2.0, 0.0], [0.0, 1.0]]).tolist()
        [[0.25, 0.0], [0.0, 1.0]]
    """
    x = as_square("cholesky_inverse", x)
    inverse = solve_triangular(x, _identities(x), lower=not upper)
    if upper:
        return product(inverse, adjoint(inverse))
    return product(adjoint(inverse), inverse)


@several
def slogdet_of(x: Array) -> list[Spec]:
    """Return the sign of the determinant, and the logarithm of its size."""
    form = form_of(x.shape[:-2], x)
    return [form, form]


@slogdet_of.gradient
def _(gs: Any, ys: Any, x: Any) -> Any:
    g = gs[1]
    if g is None:
        return None  # the sign is piecewise constant
    return multiply(expand_dims(g, (-2, -1)), adjoint(inv(x)))


def slogdet(x: Any) -> tuple[Any, Any]:
    """Return the sign of the determinant and the logarithm of its size.

    Args:
        x: Square matrices, (..., n, n).

    Returns:
        Signs (-1, 0 or 1) and logarithms, each of shape (...).

    Example:
        >>> sign, size = slogdet([[0.0, 1.0], [1.0, 0.0]])
        >>> float(sign), float(size)
        (-1.0, 0.0)
    """
    sign, size = slogdet_of(as_square("slogdet", x))
    return sign, size


def logdet(x: Any) -> Any:
    """Return the logarithm of the size of the determinant.

    Args:
        x: Square matrices, (..., n, n).

    Example:
        >>> float(logdet([[1.0, 0.0], [0.0, 1.0]]))
        0.0
    """
    return slogdet_of(as_square("logdet", x))[1]


def det(x: Any) -> Any:
    """Return the determinant of square matrices.

    The gradient needs the inverse: at a singular matrix it raises (or is not finite).

    Args:
        x: Square matrices, (..., n, n).

    Example:
        >>> round(float(det([[1.0, 2.0], [3.0, 4.0]])), 5)
        -2.0
    """
    sign, size = slogdet_of(as_square("det", x))
    return multiply(sign, exp(size))
