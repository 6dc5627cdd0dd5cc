import numpy as np
import pytest

from kerasish import layers, ops

IMAGES = np.random.default_rng(0).uniform(size=(200, 7, 9, 2)).astype("float32")


def test_the_chosen_ones_only_are_changed():
    layer = layers.RandomPerspective((0.3, 0.3), 0.5, seed=1)
    found = ops.convert_to_numpy(layer(IMAGES))
    share = (found != IMAGES).any((1, 2, 3)).mean()
    assert 0.2 < share < 0.4
    np.testing.assert_array_equal(layer(IMAGES, training=False), IMAGES)


def test_corners_move_within_reach():
    drawn = layers.RandomPerspective(scale=0.5).get_random_transformation(IMAGES)
    assert drawn["start_points"][0].tolist() == [[0, 0], [8, 0], [0, 6], [8, 6]]
    moves = np.asarray(drawn["end_points"] - drawn["start_points"])
    np.testing.assert_array_equal(moves[:, 0], 0)
    np.testing.assert_allclose(np.abs(moves).max(0)[3], [2, 1.5], atol=0.05)


def test_boxes_go_where_their_corners_go():
    layer = layers.RandomPerspective(bounding_box_format="rel_xyxy")
    start = np.array([[[0, 0], [8, 0], [0, 6], [8, 6]]], "float32")
    drawn = {
        "apply_perspective": np.array([True, False]),
        "start_points": np.repeat(start, 2, 0),
        "end_points": np.repeat(start / 2, 2, 0),
        "input_shape": (2, 7, 9, 1),
    }
    boxes = {"boxes": np.full((2, 1, 4), [0.2, 0.4, 0.6, 0.8]), "labels": [[1], [1]]}
    found = layer.transform_bounding_boxes(boxes, drawn)["boxes"]
    np.testing.assert_allclose(found[0], [[0.1, 0.2, 0.3, 0.4]], atol=1e-5)
    np.testing.assert_allclose(found[1], boxes["boxes"][1], atol=1e-5)


def test_what_is_refused():
    with pytest.raises(ValueError, match="cannot pull corners that far"):
        layers.RandomPerspective(scale=2.0)
    with pytest.raises(ValueError, match="interpolation of RandomPerspective"):
        layers.RandomPerspective(interpolation="linear")
