"""Calls and formulas of linear algebra (merged into `calls.py` and `formulas.py`).

Decompositions whose signs are free have calls but no formula: `test_decomposition.py`
puts them together again.
"""

import math

import numpy as np

from tests.ops.call import call

_rng = np.random.default_rng(17)


def normal(*shape):
    return _rng.normal(size=shape)


def turned(x):
    return np.swapaxes(x, -1, -2)


def positive_definite(*shape):
    x = normal(*shape)
    return x @ turned(x) + 2 * np.eye(shape[-1])


A, STACK = normal(3, 3) + 3 * np.eye(3), normal(2, 3, 3) + 3 * np.eye(3)
S, SYMMETRIC = positive_definite(3, 3), positive_definite(2, 3, 3)
TALL, WIDE, B = normal(4, 2), normal(2, 2, 4), normal(2, 3, 2)
WHOLE = np.array([[2, 1], [1, 3]], np.int32)
FLAT = np.outer([1.0, 2.0, 3.0], [1.0, -1.0])  # of rank 1
CUBE = normal(2, 3, 4)
_SQUARES = [call(A), call(STACK), call(WHOLE)]
_POSITIVE = [call(S), call(SYMMETRIC), call(WHOLE)]
_NORMS = (None, 1, -1, 2, -2, math.inf, -math.inf)

CALLS = {
    **dict.fromkeys(("det", "inv", "slogdet", "lu_factor"), _SQUARES),
    "logdet": _POSITIVE,
    "cholesky": [*_POSITIVE, call(S, upper=True)],
    "cholesky_inverse": [call(np.tril(A)), call(np.triu(A), upper=True), call(A)],
    "eigh": [call(S), call(SYMMETRIC), call(WHOLE)],
    "eig": [call(A), call(STACK)],
    "qr": [call(TALL), call(STACK), call(WIDE), call(A, mode="complete")],
    "svd": [
        call(TALL, full_matrices=False),
        call(STACK),
        call(WIDE, compute_uv=False),
        call(WHOLE, compute_uv=False),
    ],
    "solve": [call(A, B[0]), call(STACK, B), call(STACK, B[0]), call(A, B[0, :, 0])],
    "solve_triangular": [
        call(A, B[0]),
        call(STACK, B, lower=True),
        call(STACK, B[..., 0]),
        call(A, B[0, :, 0], lower=True),
    ],
    "pinv": [call(TALL), call(WIDE), call(FLAT), call(A, rcond=0.5)],
    "lstsq": [
        call(TALL, normal(4)),
        call(TALL, normal(4, 3)),
        call(TALL.T, normal(2)),
        call(FLAT, normal(3)),
        call(A, B[0], rcond=0.5),
    ],
    "matrix_rank": [
        call(A),
        call(WIDE),
        call(FLAT),
        call(A, tol=3.0),
        call(STACK, tol=np.array([0.1, 9.0])),
    ],
    "norm": [
        *(call(CUBE[0, 0], ord=o) for o in (*_NORMS, 0, 3)),
        *(call(CUBE[0], ord=o) for o in (*_NORMS, "fro", "nuc")),
        *(call(CUBE, ord=o, axis=(2, 0)) for o in (*_NORMS, "nuc")),
        *(call(CUBE, ord=o, axis=(0, 2), keepdims=True) for o in (1, 2, "fro")),
        *(call(CUBE, ord=o, axis=1, keepdims=True) for o in (None, -math.inf, 0.5)),
        call(CUBE),
        call(WHOLE),
    ],
    "normalize": [
        *(call(CUBE, axis=axis, order=2) for axis in (-1, 0, (0, 1))),
        *(call(CUBE[0], axis=0, order=o) for o in (1, 3)),
        call(1e-9 * CUBE, epsilon=1e-3),
        call(0 * CUBE, order=1),
    ],
}


def slogdet(x):
    return tuple(np.linalg.slogdet(x))


def logdet(x):
    return np.linalg.slogdet(x)[1]


def cholesky(x, upper=False):
    factor = np.linalg.cholesky(x)
    return turned(factor) if upper else factor


def cholesky_inverse(x, upper=False):
    factor = turned(np.triu(x)) if upper else np.tril(x)
    return np.linalg.inv(factor @ turned(factor))


def lu_factor(x):
    """Eliminate column by column, the largest of a column first."""
    factors, shape = np.array(x, "float64"), np.shape(x)
    pivots = np.zeros(shape[:-1], np.int32)
    for stack in np.ndindex(shape[:-2]):
        a = factors[stack]
        for j in range(shape[-1]):
            p = j + int(np.argmax(np.abs(a[j:, j])))
            a[[j, p]] = a[[p, j]]
            pivots[stack][j] = p
            a[j + 1 :, j] /= a[j, j]
            a[j + 1 :, j + 1 :] -= np.outer(a[j + 1 :, j], a[j, j + 1 :])
    return factors, pivots


def solve(a, b):
    return np.linalg.inv(a) @ b


def solve_triangular(a, b, lower=False):
    inverse = np.linalg.inv(np.tril(a) if lower else np.triu(a))
    if b.ndim < np.ndim(a):
        return (inverse @ b[..., None])[..., 0]
    return inverse @ b


def pinv(x, rcond=None):
    return np.linalg.pinv(x, 1e-14 if rcond is None else rcond)


def lstsq(a, b, rcond=None):
    return np.linalg.lstsq(a, b, rcond)[0]


def normalize(x, axis=-1, order=2, epsilon=1e-7):
    if order == 2:
        length = np.sqrt(np.sum(x**2, axis, keepdims=True))
    else:
        length = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.maximum(length, epsilon)


FORMULAS = {
    "det": np.linalg.det,
    "inv": np.linalg.inv,
    "matrix_rank": np.linalg.matrix_rank,
    "norm": np.linalg.norm,
    **{
        function.__name__: function
        for function in (
            *(slogdet, logdet, cholesky, cholesky_inverse, lu_factor, solve),
            *(solve_triangular, pinv, lstsq, normalize),
        )
    },
}
