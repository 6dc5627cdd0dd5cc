"""Least squares, rank and pseudo-inverse beyond the table of calls."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(6)
TALL, B = RNG.normal(size=(5, 2)), RNG.normal(size=(5, 3))


def test_the_solution_of_least_norm_is_found(backend):
    a = np.ones((3, 2), "float32")
    x = ops.convert_to_numpy(ops.lstsq(a, np.arange(3, dtype="float32")))
    np.testing.assert_allclose(x, [0.5, 0.5], rtol=1e-5)


def test_matrix_rank_is_a_whole_number(backend):
    rank = ops.convert_to_numpy(ops.matrix_rank(np.ones((2, 3, 4), "float32")))
    assert rank.dtype == "int32"
    assert rank.tolist() == [1, 1]


def test_pseudo_inverse_of_nothing_but_zeros_is_zero(backend):
    x = ops.convert_to_numpy(ops.pinv(np.zeros((2, 3), "float32")))
    np.testing.assert_array_equal(x, np.zeros((3, 2)))


def test_lstsq_solves_one_system_only():
    with pytest.raises(ShapeError, match="lstsq solves one system"):
        ops.lstsq(np.ones((2, 3, 2)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"got:.*\(5, 2\) and \(4,\)"):
        ops.lstsq(TALL, np.ones(4))


def test_gradient_of_least_squares():
    assert_slope(lambda a, b: ops.sum(ops.sin(ops.lstsq(a, b))), TALL, B)


def test_gradient_of_the_pseudo_inverse_does_not_mind_equal_singular_values():
    assert_slope(lambda x: ops.sum(ops.sin(ops.pinv(x))), np.eye(4)[:, :3])


def test_gradient_of_the_pseudo_inverse_keeps_a_low_rank():
    """Along a direction that keeps the rank, it is the slope."""
    left, right = RNG.normal(size=(4, 1)), RNG.normal(size=(1, 3))
    assert_slope(lambda u, v: ops.sum(ops.sin(ops.pinv(ops.matmul(u, v)))), left, right)
