import numpy as np

from kerasish.utils import box_geometry


def test_boxes_are_cut_and_those_left_of_nothing_marked():
    boxes = {
        "boxes": np.array([[-3.0, 2.0, 4.0, 9.0], [9.0, 9.0, 10.0, 10.0]]),
        "labels": np.array([4, 5]),
        "extra": 1,
    }
    found = box_geometry.clip_to_image_size(boxes, 6, 8)
    assert found["boxes"].tolist() == [[0, 2, 4, 6], [8, 6, 8, 6]]
    assert found["labels"].tolist() == [4, -1]
    assert found["extra"] == 1
    assert boxes["boxes"][0, 0] == -3


def test_relative_boxes_are_cut_at_1():
    given = {"boxes": np.array([[0.5, 0.5, 1.5, 0.75]])}
    found = box_geometry.clip_to_image_size(given, 6, 8, "rel_xyxy")
    assert found["boxes"].tolist() == [[0.5, 0.5, 1.0, 0.75]]


def test_moved_scaled_and_back_from_corners():
    boxes = np.array([[[1.0, 2.0, 3.0, 5.0]]])
    assert box_geometry.moved(boxes, 10, -1).tolist() == [[[11, 1, 13, 4]]]
    assert box_geometry.scaled(boxes, 2, 3).tolist() == [[[2, 6, 6, 15]]]
    points = box_geometry.corners(boxes)
    assert points.shape == (1, 1, 4, 2)
    assert points[0, 0].tolist() == [[1, 2], [3, 2], [3, 5], [1, 5]]
    assert box_geometry.around(points).tolist() == boxes.tolist()
