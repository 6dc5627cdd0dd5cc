import numpy as np
import pytest

from kerasish.visualization import draw_segmentation_masks

IMAGES = np.full((1, 1, 4, 3), 200, "uint8")
MASKS = np.array([0, 1, 2, -1]).reshape(1, 1, 4, 1)
# as real Keras draws them, with alpha 0.8
COLORS = [[40, 40, 40], [40, 141, 64], [41, 243, 89], [200, 200, 200]]


def drawn(**options):
    options = {"images": IMAGES, "segmentation_masks": MASKS} | options
    return draw_segmentation_masks(**options)


def test_default_colours():
    found = drawn()
    assert found.dtype == np.uint8
    assert found[0, 0].tolist() == COLORS


@pytest.mark.parametrize("masks", [MASKS[..., 0], MASKS.astype("int8")])
def test_forms_of_masks(masks):
    assert drawn(segmentation_masks=masks)[0, 0].tolist() == COLORS


def test_channels_first():
    found = drawn(
        images=IMAGES.transpose(0, 3, 1, 2),
        segmentation_masks=MASKS.transpose(0, 3, 1, 2),
        data_format="channels_first",
    )
    assert found[0, 0].tolist() == COLORS


def test_without_blending():
    for options in ({"blend": False}, {"alpha": 1.0}):
        found = drawn(**options)[0, 0].tolist()
        assert found == [[0, 0, 0], [1, 127, 31], [2, 254, 62], [200, 200, 200]]


def test_own_colours():
    colors = {0: (0, 0, 9), 1: (255, 0, 0), 2: (0, 255, 0)}
    found = drawn(color_mapping=colors, alpha=1.0)[0, 0].tolist()
    assert found == [[0, 0, 9], [255, 0, 0], [0, 255, 0], [200, 200, 200]]


@pytest.mark.parametrize(
    ("options", "untouched"),
    [
        ({"num_classes": 2}, [2, 3]),
        ({"ignore_index": 1}, [1, 3]),
        ({"num_classes": 0}, [0, 1, 2, 3]),
    ],
)
def test_classes_that_are_not_drawn(options, untouched):
    found = drawn(**options)[0, 0]
    assert np.flatnonzero((found == 200).all(axis=-1)).tolist() == untouched


def test_masks_are_integers():
    with pytest.raises(TypeError, match="must be in integer dtype") as error:
        drawn(segmentation_masks=MASKS.astype("float32"))
    assert "got:      dtype float32" in str(error.value)


def test_masks_of_another_size():
    with pytest.raises(ValueError, match="do not fit the images") as error:
        drawn(segmentation_masks=MASKS[:, :, :2])
    assert "expected: (1, 1, 4)" in str(error.value)


def test_a_colour_for_every_class():
    with pytest.raises(ValueError, match="lacks a class") as error:
        drawn(color_mapping={1: (1, 1, 1)})
    assert "expected: a colour for [0, 2] too" in str(error.value)
