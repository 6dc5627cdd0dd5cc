import numpy as np
import pytest

from kerasish import layers

BOXES = np.arange(24.0, dtype="float32").reshape(2, 3, 4)
DATA = {
    "images": np.zeros((2, 4, 4, 1), "float32"),
    "bounding_boxes": {"boxes": BOXES, "labels": np.ones((2, 3), "int32")},
}


@pytest.mark.parametrize("number", [2, 3])
def test_too_many_are_left_out(number):
    layer = layers.MaxNumBoundingBoxes(number, bounding_box_format="xyxy")
    found = layer(DATA)["bounding_boxes"]
    np.testing.assert_array_equal(found["boxes"], BOXES[:, :number])
    assert found["labels"].shape == (2, number)


def test_too_few_are_filled_up():
    layer = layers.MaxNumBoundingBoxes(5, fill_value=-2, bounding_box_format="xyxy")
    found = layer(DATA)["bounding_boxes"]
    assert found["boxes"].shape == (2, 5, 4)
    np.testing.assert_array_equal(found["boxes"][:, 3:], -2)
    assert found["labels"].tolist() == [[1, 1, 1, -2, -2]] * 2
    assert layer.from_config(layer.get_config()).fill_value == -2
