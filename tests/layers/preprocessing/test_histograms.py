"""Levels stretched and equalized."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.layers import AutoContrast, Equalization


def host(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("value_range", [(0, 255), (-1, 1)])
def test_each_channel_of_each_image_is_stretched(value_range, rng, backend):
    low, high = value_range
    x = rng.uniform(low, high, (2, 4, 5, 3)).astype("float32")
    found = host(AutoContrast(value_range=value_range)(x))
    least, most = x.min((1, 2), keepdims=True), x.max((1, 2), keepdims=True)
    expected = (x - least) / (most - least) * (high - low) + low
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3 * high)


def test_channels_first_are_stretched_by_channel(rng):
    x = rng.uniform(0, 255, (2, 4, 5, 3)).astype("float32")
    first = AutoContrast(data_format="channels_first")
    found = np.moveaxis(host(first(np.moveaxis(x, -1, 1))), 1, -1)
    np.testing.assert_allclose(found, host(AutoContrast()(x)), rtol=1e-6)


def test_levels_by_rank():
    x = np.array([10, 10, 20, 30, 30, 30, 200, 255], "float32").reshape(1, 2, 4, 1)
    found = host(Equalization()(x, training=True)).ravel()
    # pixels no lighter, without those of the darkest level: 0, 1, 4, 5, 6 of 6
    assert found.tolist() == [0, 0, 42, 170, 170, 170, 212, 255]


def test_one_histogram_for_the_batch(rng):
    x = rng.integers(0, 256, (3, 6, 8, 2)).astype("float32")
    found = host(Equalization()(x, training=True))
    joined = x.reshape(1, 18, 8, 2)
    expected = host(Equalization()(joined, training=True)).reshape(x.shape)
    np.testing.assert_array_equal(found, expected)


def test_equalized_levels_are_even(rng, backend):
    x = (255 * rng.beta(5, 2, (1, 50, 60, 1))).astype("float32")
    found = host(Equalization()(x, training=True))
    shares, _ = np.histogram(found, bins=5, range=(0, 255))
    np.testing.assert_allclose(shares / 3000, 0.2, atol=0.03)


@pytest.mark.parametrize("layer", [AutoContrast(), Equalization()])
def test_one_level_stays(layer):
    x = np.full((2, 3, 3, 1), 77.5, "float32")
    np.testing.assert_array_equal(host(layer(x, training=True)), x)
