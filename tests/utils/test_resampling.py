"""Resizing while reading: values are those of `tf.image`, which Keras reads with."""

import numpy as np
import pytest

from kerasish.utils.resampling import INTERPOLATIONS, resize_on_host

ROW = np.array([10, 50, 20, 90, 40], "uint8").reshape(1, 5, 1)
# from tf.image.resize(ROW, (1, 3 or 7), method)
GOLDEN = {
    "area": (
        [26.0, 40.0, 60.0],
        [10.0, 34.0, 44.0, 20.0, 76.0, 70.0, 40.0],
    ),
    "gaussian": (
        [23.569744, 30.650696, 56.962189],
        [12.840002, 32.661667, 40.148384, 30.650696, 68.287315, 67.881035, 43.550003],
    ),
    "mitchellcubic": (
        [23.167327, 25.555569, 57.171318],
        [10.000006, 33.454342, 41.598633, 25.555569, 71.587303, 70.462036, 40.000008],
    ),
}


@pytest.mark.parametrize("interpolation", GOLDEN)
def test_weights(interpolation):
    for expected in GOLDEN[interpolation]:
        resized = resize_on_host(ROW, (1, len(expected)), interpolation)
        assert resized.dtype == np.float32
        np.testing.assert_allclose(resized.ravel(), expected, rtol=1e-5)
        turned = resize_on_host(ROW.reshape(5, 1, 1), (len(expected), 1), interpolation)
        np.testing.assert_allclose(turned.ravel(), expected, rtol=1e-5)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_an_even_image_stays_even(interpolation):
    image = np.full((5, 7, 3), 9, "uint8")
    resized = resize_on_host(image, (3, 11), interpolation)
    assert resized.shape == (3, 11, 3)
    assert resized.dtype == ("uint8" if interpolation == "nearest" else "float32")
    np.testing.assert_allclose(resized, 9, rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        (
            (6, 9),
            (4, 5),
            [[10, 12, 14, 16, 18], [28, 30, 32, 34, 36], [46, 48, 50, 52, 54], [0] * 5],
        ),
        (
            (9, 6),
            (4, 5),
            [[0, 8, 11, 0, 0], [0, 20, 23, 0, 0], [0, 32, 35, 0, 0], [0, 44, 47, 0, 0]],
        ),
        ((2, 2), (2, 4), [[0, 1, 2, 0], [0, 3, 4, 0]]),
        ((3, 1), (3, 4), [[0, 1, 0, 0], [0, 2, 0, 0], [0, 3, 0, 0]]),
    ],
)
def test_margins(shape, size, expected):
    image = np.arange(1, shape[0] * shape[1] + 1, dtype="uint8").reshape(*shape, 1)
    padded = resize_on_host(image, size, "nearest", pad_to_aspect_ratio=True)
    assert padded[..., 0].tolist() == expected


@pytest.mark.parametrize("interpolation", ["nearest", "area"])
def test_cut(interpolation):
    image = np.arange(54, dtype="uint8").reshape(6, 9, 1)
    cut = resize_on_host(image, (6, 6), interpolation, crop_to_aspect_ratio=True)
    np.testing.assert_allclose(cut, image[:, 1:7])
