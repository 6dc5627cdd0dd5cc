"""Resizing: whole numbers, traced scales, gradients, messages."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(20)
IMAGES = RNG.uniform(0, 1, (2, 5, 6, 3))
SMOOTH = pytest.mark.parametrize(
    "interpolation", ["bilinear", "bicubic", "lanczos3", "lanczos5"]
)


@SMOOTH
@pytest.mark.parametrize("antialias", [True, False])
def test_an_even_image_stays_even(backend, interpolation, antialias):
    for size in ((11, 3), (2, 13)):
        resized = ops.image.resize(
            np.full((5, 6, 1), 0.7, "float32"), size, interpolation, antialias
        )
        np.testing.assert_allclose(ops.convert_to_numpy(resized), 0.7, rtol=1e-6)


@SMOOTH
def test_whole_numbers_are_rounded_and_kept_in_their_range(backend, interpolation):
    x = RNG.integers(0, 2, (6, 7, 1), dtype=np.uint8) * np.uint8(255)
    found = ops.convert_to_numpy(ops.image.resize(x, (11, 12), interpolation))
    exact = ops.convert_to_numpy(
        ops.image.resize(x.astype("float32"), (11, 12), interpolation)
    )
    assert found.dtype == "uint8"
    np.testing.assert_array_equal(found, np.clip(np.rint(exact), 0, 255))
    assert exact.min() < 0 or interpolation == "bilinear"


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint16", "int64", "bool"])
def test_extreme_whole_numbers_survive(dtype):
    ends = (
        (False, True) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    )
    x = np.array(ends, dtype).reshape(1, 2, 1)
    found = ops.image.resize(x, (1, 8), "bicubic").astype("float64").ravel()
    assert found[0] == float(ends[0])
    np.testing.assert_allclose(found[-1], float(ends[1]), rtol=1e-6)


def test_half_precision_is_resized_in_single(backend):
    found = ops.image.resize(IMAGES.astype("float16"), (9, 9))
    assert str(found.dtype) == "float16"
    np.testing.assert_allclose(
        ops.convert_to_numpy(found),
        ops.convert_to_numpy(ops.image.resize(IMAGES.astype("float32"), (9, 9))),
        atol=1e-3,
    )


@SMOOTH
@pytest.mark.parametrize("antialias", [True, False])
def test_gradient(interpolation, antialias):
    def function(x):
        resized = ops.image.resize(x, (3, 9), interpolation, antialias)
        return ops.sum(ops.sin(resized))

    assert_slope(function, IMAGES)


def test_gradient_of_the_nearest_and_of_other_aspects():
    for how in (
        {"interpolation": "nearest"},
        {"crop_to_aspect_ratio": True},
        {"pad_to_aspect_ratio": True, "fill_value": 0.5},
    ):
        assert_slope(
            lambda x, how=how: ops.sum(ops.sin(ops.image.resize(x, (3, 8), **how))),
            IMAGES,
        )


def test_scale_and_translation_may_be_tensors_with_gradients():
    def function(x, scale, translation):
        moved = ops.image.scale_and_translate(
            x, (2, 7, 4, 3), scale, translation, (1, 2), "cubic"
        )
        return ops.sum(ops.sin(moved))

    assert_slope(function, IMAGES, np.array([1.37, 0.59]), np.array([0.33, -0.41]))


def test_axes_that_stay_need_no_length():
    found = ops.image.scale_and_translate(
        IMAGES, (None, 3, 6, None), [0.6], [0.0], (1,), "linear"
    )
    assert found.shape == (2, 3, 6, 3)


def test_messages():
    resize = ops.image.resize
    with pytest.raises(ValueError, match="Unknown interpolation 'bilinaer'"):
        resize(IMAGES, (2, 2), "bilinaer")
    with pytest.raises(ValueError, match="either crops or pads"):
        resize(IMAGES, (2, 2), crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)
    with pytest.raises(ValueError, match="fill mode of resize 'reflect'"):
        resize(IMAGES, (2, 2), pad_to_aspect_ratio=True, fill_mode="reflect")
    with pytest.raises(ValueError, match=r"size=\(2, 2, 2\)"):
        resize(IMAGES, (2, 2, 2))
    with pytest.raises(ShapeError, match="resize works on one image"):
        resize(IMAGES[0, 0], (2, 2))
    with pytest.raises(ValueError, match="Unknown method 'nearest'"):
        ops.image.scale_and_translate(IMAGES, IMAGES.shape, [1], [0], (1,), "nearest")
    with pytest.raises(ShapeError, match="changes the axes in `spatial_dims` only"):
        ops.image.scale_and_translate(IMAGES, (2, 4, 4, 3), [1.0], [0.0], (1,), "cubic")
