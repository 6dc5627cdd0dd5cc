import numpy as np
import pytest

pytest.importorskip("PIL", reason="Pillow is not installed")

from kerasish.visualization import draw_bounding_boxes

COLOR = (255, 0, 9)


def drawn(boxes, labels=None, size=(12, 16), box_format="xyxy", **options):
    """Return which pixels of one black image were drawn on; letters fade at edges."""
    labels = np.zeros(len(boxes), int) if labels is None else labels
    given = {"boxes": np.array([boxes], float), "labels": np.array([labels])}
    confidences = options.pop("confidences", None)
    if confidences is not None:
        given["confidences"] = np.array([confidences])
    options = {"color": COLOR, "line_thickness": 1} | options
    images = np.zeros((1, *size, 3), "uint8")
    (found,) = draw_bounding_boxes(images, given, box_format, **options)
    assert (found.shape, found.dtype) == ((*size, 3), np.uint8)
    return found.any(axis=-1)


def frame(x1, y1, x2, y2, width=1):
    """Return the pixels of a box's frame in an image of 12 x 16."""
    pixels = np.zeros((12, 16), bool)
    pixels[y1 : y2 + 1, x1 : x2 + 1] = True
    pixels[y1 + width : y2 + 1 - width, x1 + width : x2 + 1 - width] = False
    return pixels


@pytest.mark.parametrize("thickness", [1, 2])
def test_frames(thickness):
    found = drawn([[2, 3, 9, 8]], line_thickness=thickness)
    np.testing.assert_array_equal(found, frame(2, 3, 9, 8, thickness))


@pytest.mark.parametrize(
    ("box_format", "box"),
    [
        ("yxyx", [3, 2, 8, 9]),
        ("xywh", [2, 3, 7, 5]),
        ("rel_xyxy", [2 / 16, 3 / 12, 9 / 16, 8 / 12]),
    ],
)
def test_formats(box_format, box):
    found = drawn([box], box_format=box_format)
    np.testing.assert_array_equal(found, frame(2, 3, 9, 8))


def test_colour():
    boxes = {"boxes": [[[1, 1, 5, 5]]], "labels": [[0]]}
    images = np.full((1, 8, 8, 3), 50)
    (found,) = draw_bounding_boxes(images, boxes, "xyxy", color=COLOR)
    assert {tuple(color) for color in found.reshape(-1, 3)} == {COLOR, (50, 50, 50)}


def test_several_boxes_and_no_boxes():
    found = drawn([[1, 1, 4, 4], [0, 0, 0, 0], [6, 2, 9, 9]], labels=[0, -1, 1])
    np.testing.assert_array_equal(found, frame(1, 1, 4, 4) | frame(6, 2, 9, 9))


def test_corners_in_any_order_and_outside():
    np.testing.assert_array_equal(drawn([[9, 8, 2, 3]]), frame(2, 3, 9, 8))
    assert drawn([[-5, -5, 3, 30]])[:, 3].all()


def test_names_stand_above_or_inside():
    options = {"size": (60, 60), "class_mapping": {7: "cat"}, "labels": [7]}
    plain = drawn([[5, 30, 50, 50]], size=(60, 60))
    found = drawn([[5, 30, 50, 50]], **options) & ~plain
    assert found[:30].any()
    assert not found[31:].any()
    inside = drawn([[5, 0, 50, 50]], **options)
    assert inside[2:25, 7:40].any()


def test_what_is_written():
    options = {"size": (40, 200), "labels": [7], "class_mapping": {7: "cat"}}
    box = [[5, 30, 150, 39]]
    name = drawn(box, **options)
    assert drawn(box, **options, confidences=[0.5]).sum() > name.sum()
    assert drawn(box, **options, text_thickness=3).sum() > name.sum()
    assert drawn(box, **options, font_scale=2.0).sum() > name.sum()
    nameless = {"size": (40, 200), "labels": [7]}
    assert drawn(box, **nameless).sum() < name.sum()
    number = drawn(box, **nameless, class_mapping={})
    assert drawn(box, **nameless).sum() < number.sum() < name.sum()


def test_images_stay_as_they_are():
    images = np.zeros((1, 8, 8, 3), "uint8")
    boxes = {"boxes": [[[1, 1, 5, 5]]], "labels": [[0]]}
    found = draw_bounding_boxes(
        images.transpose(0, 3, 1, 2), boxes, "xyxy", data_format="channels_first"
    )
    assert found.shape == (1, 8, 8, 3)
    assert found.any()
    assert not images.any()


def test_wrong_boxes():
    images = np.zeros((1, 8, 8, 3))
    with pytest.raises(TypeError, match="should be a dict") as error:
        draw_bounding_boxes(images, [[1, 2, 3, 4]], "xyxy")
    assert "got:      list" in str(error.value)
    with pytest.raises(ValueError, match="keys 'boxes' and 'labels'") as error:
        draw_bounding_boxes(images, {"boxes": []}, "xyxy")
    assert "got:      ['boxes']" in str(error.value)
