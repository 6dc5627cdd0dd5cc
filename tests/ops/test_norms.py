"""Norms: what they refuse, and their gradients."""

import math

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from kerasish.gradients import grad
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(8)
X = RNG.normal(size=(2, 3, 4))


def test_more_than_two_axes_need_no_order():
    with pytest.raises(ShapeError, match="A norm is that of vectors or of matrices"):
        ops.norm(X, ord=1)
    with pytest.raises(ShapeError, match="3 axes"):
        ops.norm(X, axis=(0, 1, 2))


@pytest.mark.parametrize("ord", ["fro", "nuc", "euclidean"])
def test_vectors_have_no_norm_by_name(ord):
    with pytest.raises(ValueError, match=f"no such norm.*\n.*{ord}"):
        ops.norm(X, ord=ord, axis=0)


@pytest.mark.parametrize("ord", [0, 3, "euclidean"])
def test_matrices_have_no_such_norm(ord):
    with pytest.raises(ValueError, match="Matrices have no such norm"):
        ops.norm(X[0], ord=ord)


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 0.5, math.inf, -math.inf])
def test_gradient_of_vector_norms(ord):
    assert_slope(lambda x: ops.sum(ops.norm(x, ord=ord, axis=1)), X)


@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, math.inf])
def test_gradient_of_matrix_norms(ord):
    assert_slope(lambda x: ops.sum(ops.norm(x, ord=ord, axis=(2, 0))), X)


@pytest.mark.parametrize("order", [0, -1, 0.5, math.inf, "fro", None])
def test_normalize_needs_a_whole_order(order):
    with pytest.raises(ValueError, match="normalize divides by the norm of a whole"):
        ops.normalize(X, order=order)


def test_normalizing_a_number_makes_it_a_vector():
    assert ops.normalize(np.float32(3)).shape == (1,)


def test_normalizing_nothing_in_half_precision():
    x = np.zeros((2, 3), "float16")
    normal = ops.normalize(x)
    assert normal.dtype == "float16"
    assert not normal.any()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_normalizing_nothing_is_nothing_and_has_a_finite_gradient(order):
    weights = np.arange(3.0)

    def function(x):
        return ops.sum(ops.normalize(x, order=order) * weights)

    gradient = grad(function)(np.zeros(3))
    assert ops.normalize(np.zeros(3), order=order).tolist() == [0, 0, 0]
    assert np.isfinite(gradient).all() or order > 2
