"""`RandAugment` applies what it drew, in that order, to images, masks and boxes."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.layers import RandAugment


def host(x):
    return ops.convert_to_numpy(x)


@pytest.fixture
def data(rng):
    corners = np.array([[1, 1, 3, 4], [0, 2, 5, 3]], "float32")
    return {
        "images": rng.uniform(0, 255, (4, 5, 6, 3)).astype("float32"),
        "labels": np.arange(4),
        "segmentation_masks": rng.integers(0, 3, (4, 5, 6, 1)),
        "bounding_boxes": {
            "boxes": np.stack([corners] * 4),
            "labels": np.ones((4, 2), "int32"),
        },
    }


def test_changes_one_after_another(data):
    layer = RandAugment(num_ops=3, seed=2)
    x = data["images"]
    drawn = layer.get_random_transformation(x)
    assert drawn["layer_idxes"].shape == (3,)
    expected = x
    names = list(drawn["transforms"])
    for i in host(drawn["layer_idxes"]):
        step, its = layer._steps[names[i]], drawn["transforms"][names[i]]
        expected = step.transform_images(expected, its)
    np.testing.assert_allclose(host(layer.transform_images(x, drawn)), host(expected))


def test_all_are_chosen_and_some_twice():
    layer = RandAugment(num_ops=5, seed=2)
    x = np.zeros((1, 3, 3, 3), "float32")
    chosen = [
        host(layer.get_random_transformation(x)["layer_idxes"]) for _ in range(40)
    ]
    assert set(np.concatenate(chosen)) == set(range(11))
    assert any(len(set(one)) < 5 for one in chosen)


def test_masks_and_boxes_move_with_the_images(data):
    layer = RandAugment(num_ops=1, seed=2, bounding_box_format="xyxy")
    drawn = layer.get_random_transformation(data)
    for index, moves in ((0, True), (1, True), (2, True), (3, False), (10, False)):
        drawn["layer_idxes"] = np.array([index])
        masks = layer.transform_segmentation_masks(data["segmentation_masks"], drawn)
        is_same = np.array_equal(host(masks), data["segmentation_masks"])
        assert is_same is not moves
        boxes = layer.transform_bounding_boxes(data["bounding_boxes"], drawn)
        given = data["bounding_boxes"]["boxes"]
        assert np.array_equal(host(boxes["boxes"]), given) is not moves


def test_a_dict_at_once(data):
    layer = RandAugment(seed=2, bounding_box_format="xyxy")
    found = layer(data, training=True)
    assert found["images"].shape == data["images"].shape
    assert found["segmentation_masks"].shape == data["segmentation_masks"].shape
    np.testing.assert_array_equal(host(found["labels"]), data["labels"])
    same = layer(data, training=False)
    np.testing.assert_array_equal(host(same["images"]), data["images"])


@pytest.mark.parametrize(("factor", "bits"), [(0.05, 1), (0.5, 4), (1.0, 8)])
def test_strength_is_handed_to_all(factor, bits):
    layer = RandAugment(factor=factor, value_range=(0, 1), interpolation="nearest")
    assert layer._steps["random_posterization"].factor == (1, bits)
    assert layer._steps["random_brightness"].factor == (0, factor)
    assert layer._steps["random_brightness"].value_range == (0, 1)
    assert layer._steps["random_shear"].interpolation == "nearest"


def test_a_factor_out_of_bounds():
    with pytest.raises(ValueError, match="factor=2"):
        RandAugment(factor=2)
