import numpy as np
import pytest

from kerasish import layers, ops

IMAGE = np.arange(6.0, dtype="float32").reshape(2, 3, 1)
TURNED = {
    "horizontal": IMAGE[:, ::-1],
    "vertical": IMAGE[::-1],
    "horizontal_and_vertical": IMAGE[::-1, ::-1],
}


@pytest.mark.parametrize("mode", TURNED)
def test_about_half_are_mirrored_each_by_its_own_draw(mode):
    images = np.broadcast_to(IMAGE, (400, 2, 3, 1))
    found = ops.convert_to_numpy(layers.RandomFlip(mode, seed=1)(images))
    is_turned = (found == TURNED[mode]).all((1, 2, 3))
    is_same = (found == IMAGE).all((1, 2, 3))
    assert (is_turned ^ is_same).all()
    assert 0.4 < is_turned.mean() < 0.6


def test_boxes_are_mirrored_with_their_image():
    layer = layers.RandomFlip("horizontal", bounding_box_format="xyxy", seed=1)
    boxes = np.broadcast_to(np.array([[0.0, 0.0, 1.0, 1.0]]), (40, 1, 4))
    data = {
        "images": np.broadcast_to(IMAGE, (40, 2, 3, 1)),
        "bounding_boxes": {"boxes": boxes, "labels": np.ones((40, 1))},
    }
    found = layer(data)
    is_turned = (ops.convert_to_numpy(found["images"]) != IMAGE).any((1, 2, 3))
    assert is_turned.any()
    expected = np.where(is_turned[:, None, None], [2, 0, 3, 1], boxes)
    np.testing.assert_array_equal(found["bounding_boxes"]["boxes"], expected)


def test_unknown_modes():
    with pytest.raises(ValueError, match="did you mean 'vertical'"):
        layers.RandomFlip("verticl")
