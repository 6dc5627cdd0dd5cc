"""Reading between pixels: gradients into pixels and places, rounding, messages."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(22)
X = RNG.normal(size=(4, 5))
PLACES = RNG.uniform(-7, 10, (2, 30))
MODES = ["constant", "nearest", "wrap", "mirror", "reflect"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [0, 1])
def test_gradients(mode, order):
    def function(x, places):
        read = ops.image.map_coordinates(x, places, order, mode, 0.5)
        return ops.sum(ops.sin(read))

    assert_slope(function, X, PLACES)


@pytest.mark.parametrize("mode", MODES)
def test_a_single_pixel_can_be_continued(backend, mode):
    x = np.array([[2.0]], "float32")
    read = ops.image.map_coordinates(x, PLACES.astype("float32"), 1, mode, 2.0)
    np.testing.assert_allclose(ops.convert_to_numpy(read), 2.0, rtol=1e-5)


def test_whole_numbers_are_rounded_half_away_from_zero(backend):
    x = np.array([0, 1, 2, -1, -2], np.int32)
    places = np.array([[0.5, 1.5, 3.5, 1.2]], "float32")
    read = ops.convert_to_numpy(ops.image.map_coordinates(x, places, 1))
    assert read.dtype == "int32"
    assert read.tolist() == [1, 2, -2, 1]


def test_halves_are_nearest_to_what_comes_after(backend):
    places = np.array([[0.5, 1.5, -0.5]], "float32")
    x = np.arange(3, dtype="float32")
    read = ops.image.map_coordinates(x, places, 0, fill_value=9)
    assert ops.convert_to_numpy(read).tolist() == [1, 2, 0]


def test_places_may_come_one_tensor_an_axis():
    both = ops.image.map_coordinates(X, [PLACES[0], PLACES[1]], 1)
    np.testing.assert_array_equal(both, ops.image.map_coordinates(X, PLACES, 1))


def test_messages():
    read = ops.image.map_coordinates
    with pytest.raises(ShapeError, match="needs a coordinate for each axis"):
        read(X, PLACES[:1], 1)
    with pytest.raises(ValueError, match="order=2"):
        read(X, PLACES, 2)
    with pytest.raises(ValueError, match="Unknown fill mode 'mirorr'"):
        read(X, PLACES, 1, "mirorr")
