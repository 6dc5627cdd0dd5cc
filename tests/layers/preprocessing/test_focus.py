"""Blurred and sharpened images."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.layers import RandomGaussianBlur, RandomSharpness


def host(x):
    return ops.convert_to_numpy(x)


def bell(size, sigma):
    places = np.arange(size) - (size - 1) / 2
    values = np.exp(-(places**2) / (2 * sigma**2))
    return values / values.sum()


def test_a_point_becomes_a_bell():
    image = np.zeros((2, 9, 9, 1), "float32")
    image[:, 4, 4] = 1
    layer = RandomGaussianBlur(kernel_size=(3, 5), value_range=(0, 1))
    drawn = {
        "should_apply_blur": np.array([True, False]),
        "blur_factor": np.array([0.7, 0.9], "float32"),
    }
    found = host(layer.transform_images(image, drawn))
    expected = np.zeros((9, 9))
    # width first
    expected[2:7, 3:6] = np.outer(bell(5, 0.9), bell(3, 0.7))
    np.testing.assert_allclose(found[0, ..., 0], expected, atol=1e-6)
    np.testing.assert_array_equal(found[1], image[1])


def test_how_many_and_how_far():
    layer = RandomGaussianBlur((0.2, 0.6), sigma=(0.5, 0.9), seed=1)
    drawn = layer.get_random_transformation(np.zeros((3000, 1, 1, 3)))
    chosen = host(drawn["should_apply_blur"]).mean()
    assert chosen == pytest.approx(0.4, abs=0.04)
    sigma = host(drawn["blur_factor"])
    assert sigma.shape == (2,)
    assert ((sigma >= 0.5) & (sigma <= 0.9)).all()


def test_sharpness_from_smooth_to_sharp(rng):
    x = rng.uniform(90, 110, (3, 5, 6, 2)).astype("float32")
    factor = np.array([0.0, 0.5, 0.75], "float32")
    found = host(RandomSharpness(1.0).transform_images(x, {"factor": factor}))
    around = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    boxes = sum(around[:, i : i + 5, j : j + 6] for i in range(3) for j in range(3))
    smooth = (boxes + 4 * x) / 13
    np.testing.assert_allclose(found[0], smooth[0], rtol=1e-5)
    np.testing.assert_allclose(found[1], x[1], rtol=1e-5)
    expected = x[2] + 0.5 * (x[2] - smooth[2])
    np.testing.assert_allclose(found[2], expected, rtol=1e-5)


def test_sharpness_draws_for_each_image():
    drawn = RandomSharpness((0.2, 0.6), seed=1).get_random_transformation(
        np.zeros((3000, 1, 1, 3))
    )
    found = host(drawn["factor"])
    assert (found.min(), found.max()) == pytest.approx((0.2, 0.6), abs=0.01)


REFUSED = [
    ({"kernel_size": 4}, r"kernel_size=4(.|\n)*odd"),
    ({"kernel_size": (3, -1)}, "kernel_size"),
    ({"sigma": 2.0}, "sigma=2.0"),
    ({"factor": -1}, "factor=-1"),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED, ids=str)
def test_settings_out_of_bounds(settings, message):
    with pytest.raises(ValueError, match=message):
        RandomGaussianBlur(**settings)
