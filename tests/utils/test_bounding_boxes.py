"""Boxes in their many formats; the expected numbers follow from the formats' names."""

import itertools

import numpy as np
import pytest

from kerasish import ops
from kerasish.utils.bounding_boxes import FORMATS, convert_format

# one box in an image of 100 x 200 (height x width)
BOX = {
    "xyxy": [10, 20, 40, 80],
    "yxyx": [20, 10, 80, 40],
    "xywh": [10, 20, 30, 60],
    "center_xywh": [25, 50, 30, 60],
    "center_yxhw": [50, 25, 60, 30],
    "rel_xyxy": [0.05, 0.2, 0.2, 0.8],
    "rel_yxyx": [0.2, 0.05, 0.8, 0.2],
    "rel_xywh": [0.05, 0.2, 0.15, 0.6],
    "rel_center_xywh": [0.125, 0.5, 0.15, 0.6],
}


def test_every_format_is_tried():
    assert set(BOX) == set(FORMATS)


@pytest.mark.parametrize(("source", "target"), [*itertools.product(BOX, BOX)])
def test_conversions(backend, source, target):
    boxes = ops.convert_to_tensor(np.array([BOX[source]] * 2, "float32"))
    found = convert_format(boxes, source, target, height=100, width=200)
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), [BOX[target]] * 2, rtol=1e-6
    )


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_shapes_and_dtypes(shape):
    found = convert_format(np.ones(shape, int), "xyxy", "XYWH", dtype="float16")
    assert (found.shape, found.dtype) == (shape, "float16")


def test_dicts_keep_what_else_they_hold():
    given = {"boxes": [BOX["xyxy"]], "labels": [3]}
    found = convert_format(given, "xyxy", "yxyx")
    assert found["boxes"].tolist() == [BOX["yxyx"]]
    assert found["labels"] == [3]
    assert given["boxes"] == [BOX["xyxy"]]


def test_the_size_is_needed_for_fractions():
    with pytest.raises(ValueError, match="size of the image is needed") as error:
        convert_format([BOX["xyxy"]], "xyxy", "rel_xyxy", height=3)
    assert "got:      height=3, width=None" in str(error.value)
    found = convert_format([BOX["rel_xyxy"]], "rel_xyxy", "rel_yxyx")
    np.testing.assert_allclose(found, [BOX["rel_yxyx"]], rtol=1e-6)


def test_unknown_format():
    with pytest.raises(ValueError, match="Unknown format of boxes 'xyx'"):
        convert_format([BOX["xyxy"]], "xyx", "xyxy")


def test_four_numbers():
    with pytest.raises(ValueError, match=r"four numbers each") as error:
        convert_format(np.ones((2, 5)), "xyxy", "xywh")
    assert "got:      a tensor of shape (2, 5)" in str(error.value)
