import numpy as np
import pytest

from kerasish import layers

IMAGES = np.full((300, 20, 30, 3), -1.0, "float32")


def test_rectangles_of_the_wanted_area_and_colour():
    layer = layers.RandomErasing((1.0, 1.0), (0.25, 0.25), fill_value=7.0, seed=1)
    found = np.asarray(layer(IMAGES))
    erased = found == 7
    assert ((found == -1) | erased).all()
    np.testing.assert_allclose(erased.mean((1, 2, 3)), 0.25, atol=0.03)
    rows, columns = erased[..., 0].any(2).sum(1), erased[..., 0].any(1).sum(1)
    assert set(rows) == {10}
    assert set(columns) == {15}
    # anywhere, the edges included
    assert erased[..., 0].any((0, 1)).all()
    assert erased[..., 0].any((0, 2)).all()


def test_noise_lies_in_the_range_of_values_and_differs_by_pixel():
    layer = layers.RandomErasing((1.0, 1.0), (0.5, 0.5), value_range=(0, 1), seed=1)
    found = np.asarray(layer(IMAGES))
    noise = found[found != -1]
    assert 0 <= noise.min() < 0.01 < 0.99 < noise.max() <= 1
    # a normal distribution cut to [0, 1]
    assert abs(noise.mean() - 0.3156) < 0.02


def test_colours_by_channel():
    arguments = {"factor": (1.0, 1.0), "fill_value": (1.0, 2.0, 300.0)}
    found = np.asarray(layers.RandomErasing(**arguments)(IMAGES))
    assert [set(np.unique(found[..., i])) for i in range(3)] == [
        {-1, 1},
        {-1, 2},
        {-1, 255},
    ]
    first = layers.RandomErasing(**arguments, data_format="channels_first")
    found = np.asarray(first(np.moveaxis(IMAGES, -1, 1)))
    assert set(np.unique(found[:, 1])) == {-1, 2}


def test_chosen_images_only_and_only_in_training():
    layer = layers.RandomErasing((0.2, 0.4), seed=1)
    share = (np.asarray(layer(IMAGES)) != -1).any((1, 2, 3)).mean()
    assert 0.2 < share < 0.4
    np.testing.assert_array_equal(layer(IMAGES, training=False), IMAGES)


def test_boxes_and_masks_stay():
    data = {
        "images": IMAGES[:2],
        "segmentation_masks": IMAGES[:2],
        "bounding_boxes": {"boxes": np.ones((2, 1, 4)), "labels": np.ones((2, 1))},
    }
    found = layers.RandomErasing((1.0, 1.0), bounding_box_format="xyxy")(data)
    np.testing.assert_array_equal(found["segmentation_masks"], IMAGES[:2])
    np.testing.assert_array_equal(found["bounding_boxes"]["boxes"], 1)


def test_what_is_refused():
    for value in ([1.0, 2.0], "black"):
        with pytest.raises(ValueError, match="three numbers, or None for noise"):
            layers.RandomErasing(fill_value=value)
    with pytest.raises(ValueError, match="scale=2"):
        layers.RandomErasing(scale=2)
