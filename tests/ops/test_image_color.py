"""Colours: there and back, whole numbers, gradients, messages."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import DTypeError, ShapeError
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(18)
IMAGES = RNG.uniform(0.05, 0.95, (2, 3, 4, 3))


def test_there_and_back(backend):
    hsv = ops.image.rgb_to_hsv(IMAGES.astype("float32"))
    again = ops.convert_to_numpy(ops.image.hsv_to_rgb(hsv))
    np.testing.assert_allclose(again, IMAGES, atol=1e-6)


def test_grays_have_no_hue(backend):
    gray = np.full((1, 2, 3), 0.5, "float32")
    hsv = ops.convert_to_numpy(ops.image.rgb_to_hsv(gray))
    assert hsv.tolist() == [[[0, 0, 0.5]] * 2]
    black = ops.convert_to_numpy(ops.image.rgb_to_hsv(0 * gray))
    assert not black.any()


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16"])
def test_gray_keeps_the_dtype(backend, dtype):
    x = (IMAGES * 255).astype(dtype)
    gray = ops.convert_to_numpy(ops.image.rgb_to_grayscale(x))
    assert gray.dtype == dtype
    np.testing.assert_allclose(
        gray[..., 0], x.astype("float64") @ [0.2989, 0.587, 0.114], atol=1
    )


@pytest.mark.parametrize("name", ["rgb_to_hsv", "hsv_to_rgb", "rgb_to_grayscale"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_gradients(name, data_format):
    operation = getattr(ops.image, name)
    x = IMAGES if data_format == "channels_last" else np.moveaxis(IMAGES, -1, 1)
    assert_slope(lambda x: ops.sum(ops.sin(operation(x, data_format))), x)


@pytest.mark.parametrize("name", ["rgb_to_hsv", "hsv_to_rgb"])
def test_whole_numbers_have_no_hue(name):
    with pytest.raises(DTypeError, match=f"{name} works on floats.*\n.*uint8"):
        getattr(ops.image, name)(IMAGES.astype("uint8"))


@pytest.mark.parametrize("name", ["rgb_to_hsv", "hsv_to_rgb", "rgb_to_grayscale"])
def test_messages(name):
    operation = getattr(ops.image, name)
    with pytest.raises(ShapeError, match=f"{name} cannot use these channels"):
        operation(IMAGES[..., :2])
    with pytest.raises(ShapeError, match=f"{name} works on one image"):
        operation(IMAGES[0, 0])
    with pytest.raises(ValueError, match=f"data_format of {name}"):
        operation(IMAGES, data_format="channels_middle")
