"""`affine.py` and what is made of it: `movement.py` and `stretching.py`."""

import numpy as np
import pytest

from kerasish import layers, ops
from kerasish.utils.bounding_boxes import convert_format

MADE = {
    "RandomRotation": {"factor": 0.2},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomZoom": {"height_factor": 0.4},
    "RandomShear": {"x_factor": 0.4, "y_factor": 0.2},
}
IMAGE = np.arange(30.0, dtype="float32").reshape(5, 6, 1)


def drawn(layer, count=3000):
    return layer.get_random_transformation(np.zeros((count, 10, 20, 1), "float32"))


def assert_uniform(draws, low, high):
    assert low <= draws.min() < low + 0.02 * (high - low)
    assert high - 0.02 * (high - low) < draws.max() <= high
    np.testing.assert_allclose(draws.mean(), (low + high) / 2, atol=0.03 * (high - low))


def test_ranges_of_draws():
    assert_uniform(drawn(layers.RandomRotation((-0.1, 0.2)))["angle"], -36, 72)
    moves = drawn(layers.RandomTranslation((0.1, 0.2), 0.5))["translations"]
    assert_uniform(moves[:, 0], -10, 10)
    assert_uniform(moves[:, 1], 1, 2)
    zooms = drawn(layers.RandomZoom((-0.5, 0.1), 0.2))
    assert_uniform(zooms["height_zoom"], 0.5, 1.1)
    assert_uniform(zooms["width_zoom"], 0.8, 1.2)
    zooms = drawn(layers.RandomZoom(0.3))
    np.testing.assert_array_equal(zooms["height_zoom"], zooms["width_zoom"])
    shears = drawn(layers.RandomShear(0.4, (0.2, 0.3)))["shear_factor"]
    assert_uniform(shears[:, 0], -0.4, 0.4)
    assert_uniform(np.abs(shears[:, 1]), 0.2, 0.3)
    assert 0.4 < (shears[:, 1] < 0).mean() < 0.6


@pytest.mark.parametrize("name", MADE)
def test_each_image_has_its_own_draw_and_a_seed_repeats_them(name):
    images = np.broadcast_to(IMAGE, (4, *IMAGE.shape))
    one, other = (getattr(layers, name)(**MADE[name], seed=3) for _ in range(2))
    found = one(images)
    np.testing.assert_array_equal(found, other(images))
    assert len({image.tobytes() for image in np.asarray(found)}) == 4
    assert (one(images) != found).any()
    np.testing.assert_array_equal(one(images, training=False), images)


def test_a_quarter_turn_is_counter_clockwise():
    square = np.arange(9.0).reshape(3, 3, 1)
    layer = layers.RandomRotation((0.25, 0.25), interpolation="nearest")
    found = np.asarray(layer(square))[..., 0]
    np.testing.assert_array_equal(found, np.rot90(square[..., 0]))


def test_positive_moves_are_down_and_to_the_right():
    layer = layers.RandomTranslation(
        (0.2, 0.2), (0.5, 0.5), fill_mode="constant", fill_value=-1.0
    )
    found = np.asarray(layer(IMAGE))
    np.testing.assert_allclose(found[1:, 3:], IMAGE[:-1, :-3], atol=1e-4)
    np.testing.assert_array_equal(found[0], -1)
    np.testing.assert_array_equal(found[:, :3], -1)


def test_positive_zooms_make_things_smaller():
    layer = layers.RandomZoom((1.0, 1.0), fill_mode="constant", fill_value=-1.0)
    found = np.asarray(layer(np.ones((8, 8, 1))))[..., 0]
    np.testing.assert_array_equal(found[2:6, 2:6], 1)
    np.testing.assert_array_equal(found[[0, 7]], -1)


@pytest.mark.parametrize("box_format", ["xyxy", "rel_xyxy", "center_xywh"])
def test_boxes_follow_rotations_in_every_format(box_format):
    given = convert_format([[2.0, 1.0, 4.0, 2.0]], "xyxy", box_format, 6, 6)
    layer = layers.RandomRotation((0.25, 0.25), bounding_box_format=box_format)
    boxes = {"boxes": given, "labels": np.array([1])}
    found = layer({"images": np.zeros((6, 6, 1)), "bounding_boxes": boxes})
    found = found["bounding_boxes"]["boxes"]
    corners = convert_format(found, box_format, "xyxy", 6, 6)
    # as pixels' middles turn: (x, y) to (y, 5 - x)
    np.testing.assert_allclose(corners, [[1, 1, 2, 3]], atol=1e-5)


def test_masks_are_read_without_mixing():
    masks = np.random.default_rng(0).integers(0, 5, (4, 8, 8, 1)).astype("float32")
    for name, arguments in MADE.items():
        layer = getattr(layers, name)(**arguments, seed=1)
        data = layer({"images": masks, "segmentation_masks": masks})
        found = ops.convert_to_numpy(data["segmentation_masks"])
        assert set(np.unique(found)) <= set(range(5))
        assert (found != masks).any()


def test_what_is_refused():
    with pytest.raises(ValueError, match="did you mean 'reflect'"):
        layers.RandomRotation(0.1, fill_mode="reflct")
    with pytest.raises(ValueError, match="did you mean 'bilinear'"):
        layers.RandomZoom(0.1, interpolation="bilinar")
    with pytest.raises(ValueError, match="height_factor"):
        layers.RandomTranslation(2.0, 0.1)
    with pytest.raises(ValueError, match="height_factor=-1"):
        layers.RandomZoom((-1, 0.2))
    with pytest.raises(ValueError, match=r"x_factor=-0\.2"):
        layers.RandomShear(-0.2)


def test_shears_keep_their_range_in_configs():
    layer = layers.RandomShear(0.2, (0.1, 0.3))
    assert (layer.x_factor, layer.y_factor) == ((-0.2, 0.2), (0.1, 0.3))
    again = layers.RandomShear.from_config(layer.get_config())
    assert (again.x_factor, again.y_factor) == ((-0.2, 0.2), (0.1, 0.3))
