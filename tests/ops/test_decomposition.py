"""Decompositions put together again; full bases; gradients where they are subtle."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from kerasish.gradients import grad
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(2)
TALL, WIDE, STACK = (RNG.normal(size=s) for s in ((5, 2), (2, 5), (2, 3, 3)))
EACH_SHAPE = pytest.mark.parametrize(
    "x", [TALL, WIDE, STACK], ids=["tall", "wide", "stack"]
)


def host(results):
    return [ops.convert_to_numpy(r) for r in results]


def turned(x):
    return np.swapaxes(x, -1, -2)


def assert_orthonormal(x, atol=1e-6):
    gram = turned(x) @ x
    np.testing.assert_allclose(
        gram, np.broadcast_to(np.eye(x.shape[-1]), gram.shape), atol=atol
    )


@EACH_SHAPE
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_qr_gives_the_matrix_again(backend, x, mode):
    q, r = host(ops.qr(x.astype("float32"), mode))
    rank = min(x.shape[-2:]) if mode == "reduced" else x.shape[-2]
    assert q.shape == (*x.shape[:-1], rank)
    assert r.shape == (*x.shape[:-2], rank, x.shape[-1])
    assert_orthonormal(q)
    np.testing.assert_array_equal(r, np.triu(r))
    np.testing.assert_allclose(q @ r, x, atol=1e-5)


def test_qr_knows_two_modes():
    with pytest.raises(ValueError, match="'reduced' or 'complete', got 'raw'"):
        ops.qr(TALL, mode="raw")


@EACH_SHAPE
@pytest.mark.parametrize("full", [True, False])
def test_svd_gives_the_matrix_again(backend, x, full):
    u, s, vt = host(ops.svd(x.astype("float32"), full_matrices=full))
    rows, columns = x.shape[-2:]
    rank = min(rows, columns)
    assert u.shape[-1] == (rows if full else rank)
    assert vt.shape[-2] == (columns if full else rank)
    assert_orthonormal(u)
    assert_orthonormal(turned(vt))
    again = (u[..., :rank] * s[..., None, :]) @ vt[..., :rank, :]
    np.testing.assert_allclose(again, x, atol=1e-5)
    alone = ops.convert_to_numpy(ops.svd(x.astype("float32"), compute_uv=False))
    np.testing.assert_allclose(alone, s, rtol=1e-5)


def test_eigh_gives_the_matrix_again(backend):
    x = STACK.astype("float32") + turned(STACK.astype("float32"))
    values, vectors = host(ops.eigh(x))
    assert_orthonormal(vectors)
    np.testing.assert_allclose(
        (vectors * values[..., None, :]) @ turned(vectors), x, atol=1e-5
    )


def test_eig_gives_pairs_that_solve_the_equation():
    values, vectors = (host(pair) for pair in ops.eig(STACK))
    values, vectors = (real + 1j * imaginary for real, imaginary in (values, vectors))
    np.testing.assert_allclose(
        STACK @ vectors, vectors * values[..., None, :], atol=1e-12
    )


def test_of_matrices_that_are_not_symmetric_the_symmetric_part_counts(backend):
    x = np.array([[2, 0.5], [0.2, 2]], "float32")
    even = (x + x.T) / 2
    for operation in (ops.cholesky, lambda m: ops.eigh(m)[0]):
        found, expected = host([operation(x), operation(even)])
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_matrix_that_is_not_positive_definite_has_no_cholesky_factor():
    with pytest.raises(ValueError, match="not positive definite"):
        ops.cholesky([[1.0, 2.0], [2.0, 1.0]])


@pytest.mark.parametrize("name", ["cholesky", "eigh", "eig", "qr", "svd", "lu_factor"])
def test_a_vector_is_no_matrix(name):
    with pytest.raises(ShapeError, match=f"{name} works on (square )?matrices"):
        getattr(ops, name)([1.0, 2.0])


@pytest.mark.parametrize("name", ["cholesky", "eigh", "eig"])
def test_some_need_square_matrices(name):
    with pytest.raises(ShapeError, match=r"got:.*\(5, 2\)"):
        getattr(ops, name)(TALL)


@pytest.mark.parametrize("name", ["cholesky", "det", "inv", "pinv"])
def test_half_precision_is_computed_in_single(name):
    x = np.array([[4, 1], [1, 3]], "float16")
    result = getattr(ops, name)(x)
    assert result.dtype == "float16"
    np.testing.assert_allclose(
        result, getattr(ops, name)(x.astype("float64")), rtol=2e-3
    )


# Gradients. Bases of what is left over are not unique: functions that do not depend on
# which one was found must still have the right slope.


def test_gradient_through_the_complete_basis_of_qr():
    weights = RNG.normal(size=(5, 5))

    def function(x):
        q, _ = ops.qr(x, mode="complete")
        rest = q[:, 2:]
        projection = ops.matmul(rest, ops.transpose(rest))
        return ops.vdot(projection, weights)

    assert_slope(function, TALL)


@pytest.mark.parametrize("x", [TALL, WIDE], ids=["tall", "wide"])
def test_gradient_through_the_full_bases_of_svd(x):
    left, right = RNG.normal(size=(5, 5)), RNG.normal(size=(5, 5))

    def function(x):
        u, s, vt = ops.svd(x)
        total = ops.sum(s**3)
        if u.shape[-1] > 2:
            rest = u[:, 2:]
            total = total + ops.vdot(ops.matmul(rest, ops.transpose(rest)), left)
        if vt.shape[-2] > 2:
            rest = vt[2:]
            total = total + ops.vdot(ops.matmul(ops.transpose(rest), rest), right)
        return total

    assert_slope(function, x)


def test_gradient_of_singular_values_alone():
    assert_slope(lambda x: ops.sum(ops.svd(x, compute_uv=False) ** 2.5), STACK)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.sum(ops.svd(x)[1] ** 2),
        lambda x: ops.sum(ops.eigh(x)[0] ** 2),
    ],
)
def test_equal_values_do_not_spoil_the_gradient_of_their_sum(function):
    x = 2 * np.eye(3)
    np.testing.assert_allclose(grad(function)(x), 2 * x, atol=1e-12)


def test_equal_eigenvalues_leave_the_vectors_part_zero():
    gradient = grad(lambda x: ops.sum(ops.eigh(x)[1]))(np.eye(3))
    np.testing.assert_array_equal(gradient, np.zeros((3, 3)))


def test_gradient_of_cholesky_is_symmetric():
    x = STACK @ turned(STACK) + np.eye(3)
    gradient = grad(lambda x: ops.sum(ops.sin(ops.cholesky(x))))(x)
    np.testing.assert_allclose(gradient, turned(gradient))
