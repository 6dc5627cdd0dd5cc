"""Pseudo-inverse, least squares and rank, by singular values."""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain
from kerasish.ops import reduction
from kerasish.ops.creation import eye
from kerasish.ops.declare import Array, composed, convert
from kerasish.ops.decomposition import singular_values, svd_of
from kerasish.ops.elementwise import (
    add,
    greater,
    multiply,
    negative,
    reciprocal,
    select,
    subtract,
)
from kerasish.ops.matrices import adjoint, as_matrices, product, times_diagonal
from kerasish.ops.products import matmul
from kerasish.ops.shape import cast, expand_dims, squeeze


def _roundings(x: Any) -> float:
    """Return the relative error to expect of singular values of x."""
    dtype = dtypes.dtype_name(x.dtype)
    rounding = 2.0**-52 if dtype == "float64" else 2.0**-23
    return rounding * float(max(x.shape[-2:]))


@composed
def pinv_of(x: Array, *, rcond: float) -> Any:
    """Return the pseudo-inverse; singular values below rcond times the largest are 0.

    The gradient, too, takes them to be zero.
    """
    u, s, vt = svd_of(x)
    used = greater(s, multiply(reduction.max(s, -1, keepdims=True), rcond))
    one, zero = convert(1, s.dtype), convert(0, s.dtype)
    inverse = select(used, reciprocal(select(used, s, one)), zero)
    return product(times_diagonal(adjoint(vt), inverse), adjoint(u))


@pinv_of.gradient
def _(g: Any, y: Any, x: Any, *, rcond: float) -> Any:
    # Golub & Pereyra, "The Differentiation of Pseudo-Inverses and Nonlinear Least
    # Squares Problems Whose Variables Separate" (1973), eq. 4.12, transposed: unlike
    # the way through U and V^T, it does not mind equal singular values
    yt, gt = adjoint(y), adjoint(g)
    rows = subtract(eye(x.shape[-2], dtype=x.dtype), product(x, y))
    columns = subtract(eye(x.shape[-1], dtype=x.dtype), product(y, x))
    inside = negative(product(yt, g, yt))
    left = product(rows, gt, y, yt)
    right = product(yt, y, gt, columns)
    return add(inside, add(left, right))


def pinv(x: Any, rcond: float | None = None) -> Any:
    """Return the Moore-Penrose pseudo-inverse of matrices.

    Args:
        x: Matrices, (..., m, n).
        rcond: Singular values up to this fraction of the largest count as zero; by
            default 10 max(m, n) roundings.

    Returns:
        Shape (..., n, m).

    Example:
        >>> pinv([[2.0, 0.0], [0.0, 0.0]]).tolist()
        [[0.5, 0.0], [0.0, 0.0]]
    """
    x = as_matrices("pinv", x)
    x = _as_floats(x)
    return pinv_of(x, rcond=10 * _roundings(x) if rcond is None else rcond)


def _as_floats(x: Any) -> Any:
    return add(x, 0.0) if not dtypes.is_float(dtypes.dtype_name(x.dtype)) else x


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """Return the x of least norm among those for which |a x - b| is least.

    Args:
        a: A matrix, (m, n).
        b: Right sides as columns, (m, k), or a single one, (m,).
        rcond: Singular values up to this fraction of the largest count as zero; by
            default max(m, n) roundings.

    Returns:
        Shape (n, k), or (n,).

    Raises:
        ShapeError: `a` is not a matrix, or `b` has another number of rows.

    Example:
        >>> lstsq([[1.0], [1.0]], [1.0, 3.0]).round(5).tolist()
        [2.0]
    """
    a, b = _as_floats(as_matrices("lstsq", a)), convert(b)
    if len(a.shape) > 2 or len(b.shape) not in (1, 2) or b.shape[0] != a.shape[0]:
        raise ShapeError(
            explain(
                "lstsq solves one system.",
                got=f"shapes {tuple(a.shape)} and {tuple(b.shape)}",
                expected="(m, n) and (m, k), or (m, n) and (m,)",
            )
        )
    inverse = pinv_of(a, rcond=_roundings(a) if rcond is None else rcond)
    if len(b.shape) == 1:
        return squeeze(matmul(inverse, expand_dims(b, -1)), -1)
    return matmul(inverse, b)


def matrix_rank(x: Any, tol: Any = None) -> Any:
    """Return the number of singular values above a tolerance.

    Args:
        x: Matrices, (..., m, n).
        tol: The tolerance, for all matrices or each, (...); by default the largest
            singular value of each, times max(m, n) roundings.

    Returns:
        int32, shape (...).

    Example:
        >>> int(matrix_rank([[1.0, 2.0], [2.0, 4.0]]))
        1
    """
    x = as_matrices("matrix_rank", x)
    values = singular_values(x)
    if tol is None:
        least = multiply(reduction.max(values, -1, keepdims=True), _roundings(x))
    else:
        least = expand_dims(convert(tol), -1)
    return reduction.sum(cast(greater(values, least), "int32"), -1)
