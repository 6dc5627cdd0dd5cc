"""Moments and distances where they are delicate, and messages."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from kerasish.gradients import grad
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(14)
X, Y = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 4))


def test_variance_of_large_numbers_is_exact(backend):
    x = (X + 1000).astype("float32")
    _, variance = ops.moments(x, axes=[0])
    np.testing.assert_allclose(
        ops.convert_to_numpy(variance), x.astype("float64").var(0), rtol=1e-4
    )


def test_half_precision_does_not_overflow():
    mean, variance = ops.moments(np.array([200, -200] * 500, "float16"), axes=[0])
    assert str(variance.dtype) == "float16"
    # the sum of the squares is far beyond its range
    assert (float(mean), float(variance)) == (0, 40000)


def test_distance_of_a_vector_to_itself_is_zero_and_has_no_gradient():
    assert np.diagonal(ops.cdist(X, X)).tolist() == [0, 0, 0]
    gradient = grad(lambda x: ops.sum(ops.cdist(x, x[:1])))(X)
    assert np.isfinite(gradient).all()


def test_gradients():
    assert_slope(lambda x, y: ops.sum(ops.sin(ops.cdist(x, y))), X, Y)
    assert_slope(lambda x, y: ops.psnr(x, y, 2.0), X[:2], Y)
    assert_slope(lambda x: ops.sum(ops.sin(ops.moments(x, axes=[1])[1])), X)
    assert_slope(lambda r, a: ops.sum(ops.stack(ops.polar(r, a)) ** 3), X, X + 1)


def test_equal_signals_have_no_noise():
    assert float(ops.psnr(X, X, 1.0)) == np.inf


def test_messages():
    with pytest.raises(ShapeError, match=r"psnr compares signals of one shape"):
        ops.psnr(X, Y, 1.0)
    with pytest.raises(ShapeError, match=r"cdist compares rows of one length"):
        ops.cdist(X, Y[:, :3])
    with pytest.raises(ShapeError, match=r"\(4,\) and \(4,\)"):
        ops.cdist(X[0], Y[0])
