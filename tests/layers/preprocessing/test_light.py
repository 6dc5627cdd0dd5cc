"""Brightness and contrast: the formulas, and how far draws go."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.layers import RandomBrightness, RandomContrast


def host(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("value_range", [(0, 255), (-1, 1)])
def test_brightness_is_a_number_added(value_range, rng):
    low, high = value_range
    x = rng.uniform(low, high, (2, 3, 4, 3)).astype("float32")
    layer = RandomBrightness(0.5, value_range=value_range)
    delta = np.array([0.2, -0.1], "float32") * (high - low)
    found = layer.transform_images(x, {"rgb_delta": delta})
    expected = np.clip(x + delta.reshape(2, 1, 1, 1), low, high)
    np.testing.assert_allclose(host(found), expected, rtol=1e-6)


def test_brightness_draws_one_number_for_each_image():
    layer = RandomBrightness((-0.5, 0.2), value_range=(-1, 1), seed=1)
    drawn = layer.get_random_transformation(np.zeros((2000, 1, 1, 3)))["rgb_delta"]
    drawn = host(drawn).ravel()
    assert drawn.shape == (2000,)
    assert -1 <= drawn.min() < -0.98
    assert 0.38 < drawn.max() <= 0.4


def test_contrast_is_about_the_mean_of_each_channel(rng):
    x = rng.uniform(0, 255, (2, 3, 4, 3)).astype("float32")
    factor = np.array([0.5, 2.0], "float32").reshape(2, 1, 1, 1)
    found = RandomContrast(0.5).transform_images(x, {"contrast_factor": factor})
    mean = x.mean(axis=(1, 2), keepdims=True)
    expected = np.clip((x - mean) * factor + mean, 0, 255)
    np.testing.assert_allclose(host(found), expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize(
    ("factor", "bounds"), [(0.3, (1.0, 1.3)), ((0.2, 0.5), (0.8, 1.5))]
)
def test_how_far_contrast_goes(factor, bounds):
    layer = RandomContrast(factor, seed=1)
    drawn = layer.get_random_transformation(np.zeros((2000, 1, 1, 3)))
    drawn = host(drawn["contrast_factor"])
    assert (drawn.min(), drawn.max()) == pytest.approx(bounds, abs=0.01)


@pytest.mark.parametrize("layer", [RandomBrightness, RandomContrast])
def test_factors_out_of_bounds(layer):
    with pytest.raises(ValueError, match=r"factor=1.5(.|\n)*expected"):
        layer(1.5)
