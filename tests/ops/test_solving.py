"""Equations and determinants: what they refuse, and what triangular systems ignore."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from kerasish.gradients import grad
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(4)
A = RNG.normal(size=(3, 3)) + 3 * np.eye(3)


def test_stacks_broadcast(backend):
    a, b = A.astype("float32"), RNG.normal(size=(2, 1, 3, 2)).astype("float32")
    result = ops.convert_to_numpy(ops.solve(np.stack([a] * 4), b))
    assert result.shape == (2, 4, 3, 2)
    np.testing.assert_allclose(a @ result, np.broadcast_to(b, result.shape), atol=1e-5)


@pytest.mark.parametrize("lower", [True, False])
def test_the_other_triangle_is_not_looked_at(lower):
    b = RNG.normal(size=(3, 2))
    triangle = np.tril(A) if lower else np.triu(A)
    spoilt = np.where(triangle == 0, np.nan, A)
    np.testing.assert_array_equal(
        ops.solve_triangular(spoilt, b, lower), ops.solve_triangular(triangle, b, lower)
    )
    gradient = grad(lambda a: ops.sum(ops.solve_triangular(a, b, lower)))(A)
    np.testing.assert_array_equal(gradient == 0, triangle == 0)


@pytest.mark.parametrize("name", ["solve", "solve_triangular"])
def test_right_sides_must_have_the_matrixs_length(name):
    with pytest.raises(ShapeError, match="cannot use these right sides"):
        getattr(ops, name)(A, np.ones((2, 3)))


def test_a_stack_of_single_right_sides_needs_an_axis():
    with pytest.raises(ShapeError, match=r"fix:.*expand_dims"):
        ops.solve(np.stack([A, A]), np.ones((2, 3)))


@pytest.mark.parametrize(
    "name", ["inv", "det", "slogdet", "logdet", "cholesky_inverse"]
)
def test_matrices_must_be_square(name):
    with pytest.raises(ShapeError, match=f"{name} works on square matrices"):
        getattr(ops, name)(np.ones((2, 3)))


def test_a_singular_matrix_has_no_inverse():
    with pytest.raises(ValueError, match="Singular"):
        ops.inv([[1.0, 2.0], [2.0, 4.0]])


def test_determinant_of_a_singular_matrix_is_zero(backend):
    x = np.array([[1, 2], [2, 4]], "float32")
    sign, size = map(ops.convert_to_numpy, ops.slogdet(x))
    assert (float(sign), float(size)) == (0, -np.inf)
    assert float(ops.convert_to_numpy(ops.det(x))) == 0


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.sum(ops.det(x)),
        lambda x: ops.sum(ops.logdet(x)),
        lambda x: ops.sum(ops.sin(ops.inv(x))),
        lambda x: ops.sum(ops.sin(ops.cholesky_inverse(x))),
        lambda x: ops.sum(ops.sin(ops.cholesky_inverse(x, upper=True))),
    ],
)
def test_gradients(function):
    assert_slope(function, np.stack([A, A.T + np.eye(3)]))


def test_gradient_of_the_sign_alone_is_zero():
    gradient = grad(lambda x: ops.slogdet(x)[0])(A)
    np.testing.assert_array_equal(gradient, np.zeros((3, 3)))
