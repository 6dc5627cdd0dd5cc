"""Margins of images: gradients and messages."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from tests.ops.slope import assert_slope

IMAGES = np.arange(2 * 4 * 5 * 1.0).reshape(2, 4, 5, 1)


def test_padding_undoes_cropping(backend):
    x = IMAGES.astype("float32")
    padded = ops.image.pad_images(x, 1, 2, 3, 4)
    again = ops.image.crop_images(padded, 1, 2, 3, 4)
    np.testing.assert_array_equal(ops.convert_to_numpy(again), x)


def test_gradients():
    assert_slope(lambda x: ops.sum(ops.image.pad_images(x, 1, 2, 3, 4) ** 2), IMAGES)
    assert_slope(lambda x: ops.sum(ops.image.crop_images(x, 1, 2, 0, 1) ** 2), IMAGES)


@pytest.mark.parametrize(
    ("name", "what"), [("crop_images", "cropping"), ("pad_images", "padding")]
)
def test_messages(name, what):
    operation = getattr(ops.image, name)
    with pytest.raises(ValueError, match=f"Two numbers say what {what} is wanted"):
        operation(IMAGES, 1)
    with pytest.raises(ValueError, match="exactly two of them"):
        operation(IMAGES, 1, 1, 1, 1, 2, 3)
    with pytest.raises(ShapeError, match=f"There is no such {what}"):
        operation(IMAGES, -1, 1, 1, 1)
    with pytest.raises(ShapeError, match=f"{name} works on one image"):
        operation(IMAGES[0, 0], 1, 1, 1, 1)


def test_no_more_can_be_cut_off_than_there_is():
    with pytest.raises(ShapeError, match=r"margins \(3, 2\) of length 4"):
        ops.image.crop_images(IMAGES, 3, 0, 2, 0)


def test_a_target_smaller_than_the_image_needs_cropping():
    with pytest.raises(ShapeError, match=r"margins \(1, -2\)"):
        ops.image.pad_images(IMAGES, 1, 0, target_height=3, right_padding=0)
