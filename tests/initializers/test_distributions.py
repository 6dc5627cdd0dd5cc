"""The distributions that initializers draw from, with fixed seeds.

Bounds on chance are five standard deviations, or the Kolmogorov-Smirnov distance that
one draw in 1000 exceeds.
"""

import math

import numpy as np
import pytest

from kerasish import initializers
from kerasish.errors import ShapeError

SHAPE = (200, 250)
SIZE = math.prod(SHAPE)
KS_BOUND = 1.95 / math.sqrt(SIZE)


def normal_cdf(x):
    return 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def truncated_cdf(x):
    low, high = normal_cdf(np.array([-2.0, 2.0]))
    return (normal_cdf(x) - low) / (high - low)


def distance(values, cdf):
    """Return the Kolmogorov-Smirnov distance of a sample from a distribution."""
    exact = cdf(np.sort(values.reshape(-1).astype(np.float64)))
    places = np.arange(SIZE + 1) / SIZE
    return max((places[1:] - exact).max(), (exact - places[:-1]).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_normal(dtype):
    values = initializers.RandomNormal(1.0, 0.5, seed=1)(SHAPE, dtype)
    assert distance((values - 1.0) / 0.5, normal_cdf) < KS_BOUND


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_uniform(dtype):
    values = initializers.RandomUniform(-1.0, 3.0, seed=1)(SHAPE, dtype)
    assert distance((values + 1.0) / 4.0, lambda x: x) < KS_BOUND


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_truncated_normal(dtype):
    values = initializers.TruncatedNormal(1.0, 0.5, seed=1)(SHAPE, dtype)
    scaled = (values - 1.0) / 0.5
    assert np.abs(scaled).max() <= 2.0 + 1e-6
    assert distance(scaled, truncated_cdf) < KS_BOUND


def test_float16_values_are_rounded_float32_ones():
    initializer = initializers.RandomNormal(seed=1)
    expected = initializer((50,), "float32").astype("float16")
    np.testing.assert_array_equal(initializer((50,), "float16"), expected)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (3, 2, 4), (2, 2, 9)])
@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_orthogonal(shape, gain):
    values = initializers.Orthogonal(gain, seed=1)(shape, "float64")
    matrix = values.reshape(-1, shape[-1]) / gain
    rows, columns = matrix.shape
    small = matrix.T @ matrix if rows >= columns else matrix @ matrix.T
    np.testing.assert_allclose(small, np.eye(min(rows, columns)), atol=1e-12)


def test_orthogonal_prefers_no_direction():
    """The signs that QR leaves open are as often up as down."""
    drawn = np.array([initializers.Orthogonal(seed=i)((3, 3)) for i in range(400)])
    # entries of a random rotation have variance 1/3
    assert np.abs(drawn.mean(axis=0)).max() < 5 / math.sqrt(3 * 400)
    determinants = np.linalg.det(drawn)
    assert abs((determinants > 0).mean() - 0.5) < 5 * 0.5 / math.sqrt(400)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_orthogonal_wants_a_matrix(shape):
    with pytest.raises(ShapeError, match="two axes or more"):
        initializers.Orthogonal()(shape)


@pytest.mark.parametrize(
    "cls",
    [
        initializers.RandomNormal,
        initializers.RandomUniform,
        initializers.TruncatedNormal,
        initializers.GlorotUniform,
        initializers.Orthogonal,
    ],
)
def test_empty_weights(cls):
    assert cls()((0, 3)).shape == (0, 3)
