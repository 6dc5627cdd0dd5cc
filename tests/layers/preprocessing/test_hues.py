"""Hue, saturation and gray versions: checked in hue, saturation and value."""

import colorsys

import numpy as np
import pytest

from kerasish import ops
from kerasish.layers import (
    RandomColorDegeneration,
    RandomGrayscale,
    RandomHue,
    RandomSaturation,
)

MANY = np.zeros((3000, 1, 1, 3), "float32")


def host(x):
    return ops.convert_to_numpy(x)


@pytest.fixture
def images(rng):
    return rng.uniform(0.05, 1, (2, 3, 4, 3)).astype("float32")


def each(function, images):
    """Return images with a function of (hue, saturation, value) applied to pixels."""
    changed = [
        colorsys.hsv_to_rgb(*function(*colorsys.rgb_to_hsv(*pixel)))
        for pixel in images.reshape(-1, 3).tolist()
    ]
    return np.array(changed).reshape(images.shape)


def test_hue_is_turned(images):
    layer = RandomHue(0.5, value_range=(0, 1))
    found = host(layer.transform_images(images, {"factor": np.array([0.3, 0.3])}))
    expected = each(lambda h, s, v: ((h + 0.3) % 1, s, v), images)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_saturation_is_multiplied(images):
    layer = RandomSaturation(0.5, value_range=(0, 1))
    found = host(layer.transform_images(images, {"factor": np.array([1.5, 1.5])}))
    expected = each(lambda h, s, v: (h, min(1.5 * s, 1), v), images)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_hues_turn_both_ways():
    drawn = host(
        RandomHue((0.2, 0.6), seed=1).get_random_transformation(MANY)["factor"]
    )
    assert (abs(drawn).min(), abs(drawn).max()) == pytest.approx((0.1, 0.3), abs=0.01)
    assert (drawn > 0).mean() == pytest.approx(0.5, abs=0.05)


def test_a_half_is_the_saturation_there_is():
    drawn = RandomSaturation((0.5, 0.5)).get_random_transformation(MANY)["factor"]
    np.testing.assert_allclose(host(drawn), 1, rtol=1e-6)
    drawn = RandomSaturation((0.0, 0.8), seed=1).get_random_transformation(MANY)
    drawn = host(drawn["factor"])
    assert (drawn.min(), drawn.max()) == pytest.approx((0, 4), abs=0.05)
    assert np.isfinite(
        host(RandomSaturation((1.0, 1.0)).get_random_transformation(MANY)["factor"])
    ).all()


def test_degeneration_is_a_share_of_gray(images):
    share = np.array([0.25, 1.0]).reshape(2, 1, 1, 1)
    layer = RandomColorDegeneration(0.5, value_range=(0, 1))
    found = host(layer.transform_images(images, {"factor": share}))
    gray = images @ [[0.2989], [0.587], [0.114]]
    np.testing.assert_allclose(found, images * (1 - share) + gray * share, atol=1e-6)


def test_degeneration_draws_both_ways():
    layer = RandomColorDegeneration(0.3, seed=1)
    drawn = host(layer.get_random_transformation(MANY)["factor"])
    assert (drawn.min(), drawn.max()) == pytest.approx((-0.3, 0.3), abs=0.01)


def test_gray_images_are_whole_images(rng):
    images = rng.uniform(0, 255, (400, 2, 2, 3)).astype("float32")
    found = host(RandomGrayscale(0.3, seed=1)(images, training=True))
    is_gray = np.ptp(found, axis=-1).max(axis=(1, 2)) < 1e-3
    is_same = (found == images).all(axis=(1, 2, 3))
    assert (is_gray ^ is_same).all()
    assert is_gray.mean() == pytest.approx(0.3, abs=0.08)


def test_gray_images_stay_gray():
    images = np.ones((2, 3, 3, 1), "float32")
    found = RandomGrayscale(1.0)(images, training=True)
    np.testing.assert_array_equal(host(found), images)


def test_a_chance_beyond_1():
    with pytest.raises(ValueError, match=r"factor=2(.|\n)*\[0, 1\]"):
        RandomGrayscale(2)
