import numpy as np
import pytest

from kerasish import layers, ops
from kerasish.errors import ShapeError
from kerasish.layers.preprocessing.image_layer import (
    BaseImagePreprocessingLayer,
    RandomImageLayer,
)


class Brighter(RandomImageLayer):
    """Adds a number of its own to each image, and 1 to everything else."""

    calls = 0

    def get_random_transformation(self, data, training=True, seed=None):
        self.calls += 1
        if not training:
            return None
        return {"step": self._draw(seed, (self._size_of(data).batch,), 1.0, 2.0)}

    def transform_images(self, images, transformation, training=True):
        images = self._as_images(images)
        if transformation is None:
            return images
        return images + ops.reshape(transformation["step"], (-1, 1, 1, 1))

    def transform_labels(self, labels, transformation, training=True):
        return labels + 1

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        return {**bounding_boxes, "boxes": bounding_boxes["boxes"] + 1}

    def transform_segmentation_masks(
        self, segmentation_masks, transformation, training=True
    ):
        return segmentation_masks + 1


def data_of(batch=()):
    boxes = {"boxes": np.zeros((*batch, 3, 4)), "labels": np.zeros((*batch, 3))}
    return {
        "images": np.zeros((*batch, 4, 5, 3)),
        "labels": np.zeros((*batch, 2)),
        "bounding_boxes": boxes,
        "segmentation_masks": np.zeros((*batch, 4, 5, 1)),
        "extra": np.zeros(7),
    }


@pytest.mark.parametrize("batch", [(), (2,)])
def test_a_dict_is_transformed_in_all_its_parts_by_one_draw(batch):
    layer = Brighter(seed=1, bounding_box_format="xyxy")
    data = data_of(batch)
    changed = layer(data)
    assert layer.calls == 1
    assert sorted(changed) == sorted(data)
    assert (changed["images"] >= 1).all()
    for key in ("labels", "segmentation_masks"):
        np.testing.assert_array_equal(changed[key], 1)
        assert changed[key].shape == data[key].shape
    np.testing.assert_array_equal(changed["bounding_boxes"]["boxes"], 1)
    np.testing.assert_array_equal(changed["bounding_boxes"]["labels"], 0)
    np.testing.assert_array_equal(changed["extra"], 0)
    np.testing.assert_array_equal(data["labels"], 0)  # what was given stays


def test_one_image_or_a_batch_comes_back_as_it_came():
    layer = Brighter(seed=1)
    assert layer(np.zeros((4, 5, 3))).shape == (4, 5, 3)
    changed = layer(np.zeros((6, 4, 5, 3), "uint8"))
    assert changed.shape == (6, 4, 5, 3)
    assert changed.dtype == np.float32
    assert len(np.unique(changed)) == 6  # an image is changed as one
    np.testing.assert_array_equal(layer(np.ones((4, 5, 3)), training=False), 1)


def test_a_seed_makes_draws_repeatable_and_each_call_another_one():
    images = np.zeros((3, 4, 5, 1), "float32")
    one, other = Brighter(seed=1), Brighter(seed=1)
    first = one(images)
    np.testing.assert_array_equal(other(images), first)
    assert (one(images) != first).any()
    drawn = [one.get_random_transformation(images, seed=7)["step"] for _ in range(2)]
    np.testing.assert_array_equal(*drawn)


def test_factors_are_ranges_within_bounds():
    class Positive(BaseImagePreprocessingLayer):
        _FACTOR_BOUNDS = (0, 1)

    assert BaseImagePreprocessingLayer().factor == (0.0, 0.0)
    assert BaseImagePreprocessingLayer(factor=-0.3).factor == (-0.3, 0.3)
    assert BaseImagePreprocessingLayer(factor=(0.3, -0.2)).factor == (-0.2, 0.3)
    assert Positive(factor=0.5).factor == (0, 0.5)
    for factor in (2, "much", (1, 2, 3), (0, 3), [None, 1]):
        with pytest.raises(ValueError, match=r"two of them, in \[-1, 1\]"):
            BaseImagePreprocessingLayer(factor=factor)


def test_values_go_from_range_to_range():
    layer = BaseImagePreprocessingLayer()
    found = layer._transform_value_range(np.array([0, 127.5, 255]), (0, 255), (-1, 1))
    np.testing.assert_allclose(found, [-1, 0, 1])
    same = np.array([0.25], "float32")
    np.testing.assert_array_equal(
        layer._transform_value_range(same, (0, 1), (0, 1)), same
    )


def test_what_it_cannot_take_is_said():
    layer = Brighter()
    with pytest.raises(ShapeError, match="one image, or on a batch"):
        layer(np.zeros((3, 3)))
    data = data_of((2,))
    with pytest.raises(ValueError, match="must know the format of the boxes"):
        layer(data)
    layer = Brighter(bounding_box_format="xyxy")
    for boxes in (np.zeros((2, 3, 4)), {"boxes": np.zeros((2, 3, 4))}):
        with pytest.raises(ValueError, match="a dict with 'boxes' and 'labels'"):
            layer({**data, "bounding_boxes": boxes})
    with pytest.raises(NotImplementedError, match="define it in the class"):
        BaseImagePreprocessingLayer()(np.zeros((3, 3, 1)))
    with pytest.raises(ValueError, match="data_format"):
        BaseImagePreprocessingLayer(data_format="channels_middle")


def test_axes_follow_the_data_format():
    layer = BaseImagePreprocessingLayer(data_format="channels_first")
    assert (layer.height_axis, layer.width_axis, layer.channel_axis) == (-2, -1, -3)
    size = layer._size_of({"images": np.zeros((2, 3, 4, 5))})
    assert size == (2, 4, 5, 3)
    assert layer._size_of(np.zeros((3, 4, 5))) == (1, 4, 5, 3)


def test_configs_hold_boxes_formats_only_where_there_is_one():
    config = layers.RandomFlip(seed=1).get_config()
    assert "bounding_box_format" not in config
    assert config["data_format"] == "channels_last"
    config = layers.RandomFlip(bounding_box_format="xyxy").get_config()
    assert config["bounding_box_format"] == "xyxy"
    assert layers.RandomFlip.from_config(config).bounding_box_format == "xyxy"
    assert "factor" not in config
