"""Filters: height before width, sigmas as tensors, gradients, messages."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(26)
IMAGES = RNG.uniform(0, 1, (2, 6, 7, 2))


def test_kernel_and_sigma_are_height_then_width(backend):
    x = np.zeros((9, 9, 1), "float32")
    x[4, 4] = 1
    blurred = ops.convert_to_numpy(ops.image.gaussian_blur(x, (5, 3), (1.0, 9.0)))[
        ..., 0
    ]
    assert np.flatnonzero(blurred.any(1)).tolist() == [2, 3, 4, 5, 6]
    assert np.flatnonzero(blurred.any(0)).tolist() == [3, 4, 5]
    np.testing.assert_allclose(blurred.sum(), 1, rtol=1e-6)
    assert blurred[2, 4] < 0.3 * blurred[4, 4]
    assert blurred[4, 3] > 0.98 * blurred[4, 4]


def test_whole_numbers_become_floats(backend):
    x = np.full((5, 5, 1), 100, np.uint8)
    for result in (ops.image.gaussian_blur(x), ops.image.sobel_edges(x)):
        assert str(result.dtype) == "float32"
    assert not ops.convert_to_numpy(ops.image.sobel_edges(x)).any()


def test_gradients():
    assert_slope(
        lambda x, s: ops.sum(ops.sin(ops.image.gaussian_blur(x, (5, 3), s))),
        *(IMAGES, np.array([0.8, 1.3])),
    )
    assert_slope(lambda x: ops.sum(ops.sin(ops.image.sobel_edges(x))), IMAGES)
    assert_slope(
        lambda x, y: ops.sum(ops.image.ssim(x, y, filter_size=5)),
        *(IMAGES, RNG.uniform(0, 1, IMAGES.shape)),
    )


def test_one_image_has_edges_too():
    edges = ops.image.sobel_edges(IMAGES)
    np.testing.assert_allclose(ops.image.sobel_edges(IMAGES[1]), edges[1])


def test_equal_images_are_wholly_similar(backend):
    x = RNG.uniform(0, 1, (2, 12, 12, 1)).astype("float32")
    np.testing.assert_allclose(ops.convert_to_numpy(ops.image.ssim(x, x)), 1, rtol=1e-5)
    one = ops.convert_to_numpy(ops.image.ssim(x[0], 1 - x[0]))
    assert one.shape == ()
    assert one < 0.5


def test_messages():
    with pytest.raises(ValueError, match="gaussian_blur cannot understand its kernel"):
        ops.image.gaussian_blur(IMAGES, (3, 3, 3))
    with pytest.raises(ShapeError, match="ssim cannot compare these images"):
        ops.image.ssim(IMAGES, IMAGES[:1])
    with pytest.raises(ShapeError, match="at least 11 pixels a side"):
        ops.image.ssim(IMAGES, IMAGES)
    for operation in (ops.image.gaussian_blur, ops.image.sobel_edges):
        with pytest.raises(ShapeError, match="works on one image, or on a batch"):
            operation(IMAGES[0, 0])
