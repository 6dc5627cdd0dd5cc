import numpy as np
import pytest

from kerasish import layers


def test_pixels_are_averaged_and_masks_are_not_mixed():
    image = np.arange(16.0).reshape(4, 4, 1)
    layer = layers.Resizing(2, 2)
    data = layer({"images": image, "segmentation_masks": image})
    assert data["images"][..., 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert data["segmentation_masks"][..., 0].tolist() == [[5, 7], [13, 15]]


def test_whole_numbers_stay_whole():
    images = np.full((2, 4, 4, 1), 200, "uint8")
    assert layers.Resizing(3, 3)(images).dtype == np.uint8


def test_boxes_follow():
    boxes = {"boxes": np.array([[2.0, 1.0, 4.0, 2.0]]), "labels": np.array([5])}
    data = {"images": np.zeros((4, 8, 3)), "bounding_boxes": boxes}
    found = layers.Resizing(2, 2, bounding_box_format="xyxy")(data)["bounding_boxes"]
    assert found["boxes"].tolist() == [[0.5, 0.5, 1.0, 1.0]]
    layer = layers.Resizing(8, 8, pad_to_aspect_ratio=True, bounding_box_format="xyxy")
    assert layer(data)["bounding_boxes"]["boxes"].tolist() == [[2.0, 3.0, 4.0, 4.0]]


def test_one_way_to_keep_the_aspect_ratio():
    with pytest.raises(ValueError, match="in one way only"):
        layers.Resizing(2, 2, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)


def test_shapes():
    layer = layers.Resizing(2, 3, data_format="channels_first")
    assert layer.compute_output_shape((None, 1, None, 9)) == (None, 1, 2, 3)
    assert layer.compute_output_shape((1, 5, 9)) == (1, 2, 3)
