"""Factors of matrices: Cholesky, QR, singular values, eigenvalues, LU.

The backends supply the reduced decompositions; what else Keras offers (full bases, the
upper triangle) is made of them. Gradients follow M. Giles, "An extended collection of
matrix derivative results for forward and reverse mode AD" (2008), and J. Townsend,
"Differentiating the Singular Value Decomposition" (2016). Vectors that belong to equal
eigenvalues or singular values have no gradient; their part of it is taken as zero.
"""

from __future__ import annotations

from typing import Any

from kerasish.graph.tensor import Spec
from kerasish.ops.creation import eye, tril, triu, zeros_like
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.elementwise import (
    add,
    divide,
    equal,
    multiply,
    negative,
    reciprocal,
    select,
    subtract,
)
from kerasish.ops.indexing import take_along_axis
from kerasish.ops.matrices import (
    adjoint,
    as_matrices,
    as_square,
    form_of,
    product,
    times_diagonal,
)
from kerasish.ops.reduction import argsort
from kerasish.ops.several import several
from kerasish.ops.shape import concatenate, expand_dims, pad, slice_to
from kerasish.ops.solving import solve_of

Pair = tuple[Any, Any]


# Cholesky


@primitive
def cholesky_of(x: Array) -> Spec:
    """Return the lower factor L of the symmetric part of x: L L^T = (x + x^T) / 2."""
    return form_of(x.shape, x)


@cholesky_of.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    # Giles, section 2.2.4 (by the lower triangle of L^T g with half its diagonal)
    half = _lower_with_half_diagonal(product(adjoint(y), g))
    left = solve_of(adjoint(y), half)
    whole = adjoint(solve_of(adjoint(y), adjoint(left)))
    return _symmetric(whole)


def _lower_with_half_diagonal(x: Any) -> Any:
    identity = eye(x.shape[-1], dtype=x.dtype)
    return subtract(tril(x), multiply(x, multiply(identity, 0.5)))


def _symmetric(x: Any) -> Any:
    return multiply(add(x, adjoint(x)), 0.5)


def cholesky(x: Any, upper: bool = False) -> Any:
    """Return the triangular factor L of positive definite matrices: x = L L^T.

    Args:
        x: Symmetric positive definite matrices, (..., n, n); of others the symmetric
            part is taken.
        upper: Whether to return the upper factor, L transposed.

    Raises:
        ValueError: A matrix is not positive definite (NumPy's `LinAlgError`; on a GPU
            the result is not finite).

    Example:
        >>> cholesky([[4.0, 2.0], [2.0, 5.0]]).tolist()
        [[2.0, 0.0], [1.0, 2.0]]
    """
    factor = cholesky_of(as_square("cholesky", x))
    return adjoint(factor) if upper else factor


# QR


@several
def qr_of(x: Array) -> list[Spec]:
    """Return Q with orthonormal columns and R upper triangular: x = Q R, reduced."""
    *stack, rows, columns = x.shape
    rank = min(rows, columns)
    return [form_of((*stack, rows, rank), x), form_of((*stack, rank, columns), x)]


@qr_of.gradient
def _(gs: Any, ys: Any, x: Any) -> Any:
    q, r = ys
    gq, gr = (zeros_like(y) if g is None else g for g, y in zip(gs, ys, strict=True))
    rank = q.shape[-1]
    if x.shape[-1] <= rank:
        return _gradient_of_tall_qr(gq, gr, q, r)
    # x = [X Y] with X square: X = Q U, and R = [U V] with V = Q^T Y
    gu, gv = _columns(gr, 0, rank), _columns(gr, rank, None)
    u, y = _columns(r, 0, rank), _columns(x, rank, None)
    first = _gradient_of_tall_qr(add(gq, product(y, adjoint(gv))), gu, q, u)
    return concatenate([first, product(q, gv)], -1)


def _columns(x: Any, start: int, stop: int | None) -> Any:
    whole = (slice(None),) * (len(x.shape) - 1)
    return slice_to(x, slices=(*whole, slice(start, stop)))


def _rows(x: Any, start: int, stop: int | None) -> Any:
    whole = (slice(None),) * (len(x.shape) - 2)
    return slice_to(x, slices=(*whole, slice(start, stop)))


def _gradient_of_tall_qr(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    # S. Walter & L. Lehmann, "Algorithmic differentiation of linear algebra functions"
    # (2010): (gQ + Q copyltu(M)) R^-T with M = R gR^T - gQ^T Q
    m = subtract(product(r, adjoint(gr)), product(adjoint(gq), q))
    lower = tril(m)
    mirrored = add(lower, adjoint(tril(m, -1)))
    right = add(gq, product(q, mirrored))
    return adjoint(solve_of(r, adjoint(right)))


@primitive
def complement_of(x: Array) -> Spec:
    """Return an orthonormal basis of what is orthogonal to the columns of x.

    The basis is not unique unless it is a single column: the gradient is that of
    functions that do not depend on which one it is.
    """
    *stack, rows, columns = x.shape
    return form_of((*stack, rows, rows - columns), x)


@complement_of.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    # y^T x = 0 keeps holding if dy = -x (x^T x)^-1 dx^T y
    gram = product(adjoint(x), x)
    inner = product(y, adjoint(g), x)
    return negative(adjoint(solve_of(gram, adjoint(inner))))


def qr(x: Any, mode: str = "reduced") -> Pair:
    """Return Q with orthonormal columns and R upper triangular: x = Q R.

    Args:
        x: Matrices, (..., m, n).
        mode: "reduced" gives Q (m, k) and R (k, n) with k = min(m, n); "complete" a
            square Q (m, m) and R (m, n).

    Raises:
        ValueError: `mode` is another.

    Example:
        >>> q, r = qr([[3.0], [4.0]])
        >>> round(abs(float(r[0, 0])), 5)
        5.0
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: mode must be 'reduced' or 'complete', got {mode!r}")
    x = as_matrices("qr", x)
    q, r = qr_of(x)
    missing = x.shape[-2] - q.shape[-1]
    if mode == "reduced" or not missing:
        return q, r
    below = [(0, 0)] * (len(x.shape) - 2) + [(0, missing), (0, 0)]
    return _completed(q), pad(r, below)


def _completed(q: Any) -> Any:
    """Return orthonormal columns with those missing to a square."""
    if q.shape[-1] == q.shape[-2]:
        return q
    return concatenate([q, complement_of(q)], -1)


# singular values


@several
def svd_of(x: Array) -> list[Spec]:
    """Return U, s, V^T with x = U diag(s) V^T, reduced; s falls."""
    *stack, rows, columns = x.shape
    rank = min(rows, columns)
    return [
        form_of((*stack, rows, rank), x),
        form_of((*stack, rank), x),
        form_of((*stack, rank, columns), x),
    ]


@svd_of.gradient
def _(gs: Any, ys: Any, x: Any) -> Any:
    # Townsend (2016), eq. 19-31, transposed
    gu, gsigma, gvt = gs
    u, s, vt = ys
    inner = None if gsigma is None else _diagonal_matrix(gsigma)
    gaps = _inverse_gaps(multiply(s, s))
    parts = []
    if gu is not None:
        turn = multiply(gaps, _antisymmetric(product(adjoint(u), gu)))
        inner = _plus(inner, times_diagonal(turn, s))
        outside = _outside(u, divide(gu, expand_dims(s, -2)))
        parts.append(product(outside, vt))
    if gvt is not None:
        gv, v = adjoint(gvt), adjoint(vt)
        turn = multiply(gaps, _antisymmetric(product(vt, gv)))
        inner = _plus(inner, multiply(expand_dims(s, -1), turn))
        outside = _outside(v, divide(gv, expand_dims(s, -2)))
        parts.append(product(u, adjoint(outside)))
    total = product(u, inner, vt)
    for part in parts:
        total = add(total, part)
    return total


def _plus(x: Any, term: Any) -> Any:
    return term if x is None else add(x, term)


def _antisymmetric(x: Any) -> Any:
    return subtract(x, adjoint(x))


def _outside(basis: Any, x: Any) -> Any:
    """Return the part of each column of x that is orthogonal to a basis."""
    return subtract(x, product(basis, product(adjoint(basis), x)))


def _diagonal_matrix(x: Any) -> Any:
    return multiply(expand_dims(x, -1), eye(x.shape[-1], dtype=x.dtype))


def _inverse_gaps(x: Any) -> Any:
    """Return 1 / (x_j - x_i) at (i, j), and 0 where the two are equal."""
    gaps = subtract(expand_dims(x, -2), expand_dims(x, -1))
    same = equal(gaps, 0)
    safe = select(same, convert(1, x.dtype), gaps)
    return select(same, convert(0, x.dtype), reciprocal(safe))


@primitive
def singular_values(x: Array) -> Spec:
    """Return the singular values alone, falling."""
    return form_of((*x.shape[:-2], min(x.shape[-2:])), x)


@singular_values.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    u, _, vt = svd_of(x)
    return product(times_diagonal(u, g), vt)


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return U, s, V^T with x = U diag(s) V^T, or s alone.

    Args:
        x: Matrices, (..., m, n).
        full_matrices: Whether U (m, m) and V^T (n, n) are square, or reduced to the
            k = min(m, n) columns and rows that belong to singular values.
        compute_uv: Whether U and V^T are wanted at all.

    Returns:
        `(U, s, V^T)`, or s of shape (..., k), falling, if `compute_uv` is false.

    Example:
        >>> svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False).tolist()
        [4.0, 3.0]
    """
    x = as_matrices("svd", x)
    if not compute_uv:
        return singular_values(x)
    u, s, vt = svd_of(x)
    if full_matrices:
        u, vt = _completed(u), adjoint(_completed(adjoint(vt)))
    return u, s, vt


# eigenvalues


@several
def eigh_of(x: Array) -> list[Spec]:
    """Return eigenvalues, rising, and eigenvectors of the symmetric part of x."""
    return [form_of(x.shape[:-1], x), form_of(x.shape, x)]


@eigh_of.gradient
def _(gs: Any, ys: Any, x: Any) -> Any:
    # Giles, section 2.3.2 (of symmetric matrices: V^-1 = V^T)
    gw, gv = gs
    w, v = ys
    inner = None if gw is None else _diagonal_matrix(gw)
    if gv is not None:
        turn = multiply(_inverse_gaps(w), product(adjoint(v), gv))
        inner = _plus(inner, turn)
    return _symmetric(product(v, inner, adjoint(v)))


def eigh(x: Any) -> Pair:
    """Return the eigenvalues, rising, and the eigenvectors of symmetric matrices.

    Args:
        x: Symmetric matrices, (..., n, n); of others the symmetric part is taken.

    Returns:
        Values (..., n), and orthonormal vectors (..., n, n) as columns.

    Example:
        >>> eigh([[2.0, 0.0], [0.0, 1.0]])[0].tolist()
        [1.0, 2.0]
    """
    values, vectors = eigh_of(as_square("eigh", x))
    return values, vectors


@several
def eig_of(x: Array) -> list[Spec]:
    """Return real and imaginary parts of eigenvalues, then those of eigenvectors."""
    values, vectors = form_of(x.shape[:-1], x), form_of(x.shape, x)
    return [values, values, vectors, vectors]


eig_of.refuse_gradient("eigenvectors of general matrices are not differentiated")


def eig(x: Any) -> tuple[Pair, Pair]:
    """Return the eigenvalues and eigenvectors of square matrices.

    Unlike Keras, which returns complex arrays, each is a pair (real, imaginary), as
    the complex numbers of `ops.fft` are. To ask for its gradient is an error. On a GPU
    the host computes it where CuPy cannot.

    Args:
        x: Square matrices, (..., n, n).

    Returns:
        Values (..., n) in no particular order, and vectors (..., n, n) as columns, each
        as a pair.

    Example:
        >>> (real, imaginary), _ = eig([[0.0, -1.0], [1.0, 0.0]])
        >>> imaginary.tolist()
        [1.0, -1.0]
    """
    real, imaginary, vectors_real, vectors_imaginary = eig_of(as_square("eig", x))
    return (real, imaginary), (vectors_real, vectors_imaginary)


# LU


@several
def lu_of(x: Array) -> list[Spec]:
    """Return L (without its ones) and U in one matrix, row exchanges, order of rows.

    The order says which row of x each row of L U is.
    """
    *stack, rows, columns = x.shape
    exchanges = Spec((*stack, min(rows, columns)), "int32")
    return [form_of(x.shape, x), exchanges, Spec((*stack, rows), "int32")]


@lu_of.gradient
def _(gs: Any, ys: Any, x: Any) -> Any:
    factors, _, order = ys
    rank = min(x.shape[-2:])
    g_lower, g_upper = tril(gs[0], -1), triu(gs[0])
    lower = add(tril(factors, -1), eye(x.shape[-2], x.shape[-1], dtype=x.dtype))
    lower, upper = _columns(lower, 0, rank), triu(_rows(factors, 0, rank))
    g = _gradient_of_lu(
        _columns(g_lower, 0, rank), _rows(g_upper, 0, rank), lower, upper
    )
    back = expand_dims(argsort(order, -1), -1)
    return take_along_axis(g, back, -2)


def _gradient_of_lu(g_lower: Any, g_upper: Any, lower: Any, upper: Any) -> Any:
    """Return the cotangent of L U: of their square corner, and of what hangs on it.

    X = L U with X = [[A, B], [C, ]], L = [L1, L2] downwards and U = [U1, U2] across:
    A = L1 U1, and either L2 = C U1^-1 or U2 = L1^-1 B.
    """
    rank = lower.shape[-1]
    l1, l2 = _rows(lower, 0, rank), _rows(lower, rank, None)
    u1, u2 = _columns(upper, 0, rank), _columns(upper, rank, None)
    g_l1, g_l2 = _rows(g_lower, 0, rank), _rows(g_lower, rank, None)
    g_u1, g_u2 = _columns(g_upper, 0, rank), _columns(g_upper, rank, None)
    g_c = adjoint(solve_of(u1, adjoint(g_l2))) if l2.shape[-2] else None
    g_b = solve_of(adjoint(l1), g_u2) if u2.shape[-1] else None
    if g_c is not None:
        g_u1 = subtract(g_u1, product(adjoint(l2), g_c))
    if g_b is not None:
        g_l1 = subtract(g_l1, product(g_b, adjoint(u2)))
    # dA = dL1 U1 + L1 dU1, one strictly lower, one upper after division by both
    inner = add(tril(product(adjoint(l1), g_l1), -1), triu(product(g_u1, adjoint(u1))))
    g_a = solve_of(adjoint(l1), adjoint(solve_of(u1, adjoint(inner))))
    if g_c is not None:
        return concatenate([g_a, g_c], -2)
    return g_a if g_b is None else concatenate([g_a, g_b], -1)


def lu_factor(x: Any) -> Pair:
    """Return the factors of x = P L U by Gaussian elimination with row exchanges.

    Args:
        x: Matrices, (..., m, n).

    Returns:
        L below the diagonal (its ones are left out) and U on and above it, (..., m, n);
        and the row each row was exchanged with, in order, int32 (..., min(m, n)).

    Example:
        >>> factors, pivots = lu_factor([[1.0, 2.0], [2.0, 6.0]])
        >>> factors.tolist(), pivots.tolist()
        ([[2.0, 6.0], [0.5, -1.0]], [1, 1])
    """
    factors, pivots, _ = lu_of(as_matrices("lu_factor", x))
    return factors, pivots
