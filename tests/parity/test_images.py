"""Images are converted, read, resized and drawn on as in real Keras."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")
image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

from kerasish import utils, visualization
from kerasish.preprocessing.image import smart_resize


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_array_to_img(rng, scale, channels):
    values = rng.uniform(0, 256, (5, 7, channels))
    ours = utils.array_to_img(values, scale=scale)
    theirs = keras.utils.array_to_img(values, scale=scale)
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_img_to_array(rng, data_format, mode):
    shape = (5, 7, 3) if mode == "RGB" else (5, 7)
    img = image_module.fromarray(rng.integers(0, 256, shape, dtype="uint8"))
    ours = utils.img_to_array(img, data_format)
    theirs = keras.utils.img_to_array(img, data_format)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("keep_aspect_ratio", [True, False])
@pytest.mark.parametrize("target_size", [(7, 5), (30, 12), (20, 31)])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "lanczos"])
def test_load_img(rng, tmp_path, interpolation, target_size, keep_aspect_ratio):
    path = tmp_path / "a.png"
    values = rng.integers(0, 256, (20, 31, 3), dtype="uint8")
    image_module.fromarray(values).save(path)
    options = {
        "target_size": target_size,
        "interpolation": interpolation,
        "keep_aspect_ratio": keep_aspect_ratio,
    }
    for color_mode in ("rgb", "rgba", "grayscale"):
        ours = utils.load_img(path, color_mode, **options)
        theirs = keras.utils.load_img(path, color_mode, **options)
        assert ours.mode == theirs.mode
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize("size", [(7, 5), (9, 20), (23, 31)])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
def test_smart_resize(rng, interpolation, size):
    values = rng.uniform(0, 255, (2, 20, 31, 3)).astype("float32")
    theirs = keras.preprocessing.image.smart_resize(values, size, interpolation)
    ours = smart_resize(values, size, interpolation)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.8, 1.0])
def test_masks(rng, alpha):
    images = rng.integers(0, 256, (2, 9, 8, 3), dtype="uint8")
    masks = rng.integers(-1, 5, (2, 9, 8, 1))
    options = {"num_classes": 5, "alpha": alpha}
    ours = visualization.draw_segmentation_masks(images, masks, **options)
    theirs = keras.visualization.draw_segmentation_masks(images, masks, **options)
    np.testing.assert_array_equal(ours, theirs)


def test_formats_of_boxes(rng):
    boxes = rng.uniform(0, 50, (3, 4)).astype("float32")
    ours, theirs = utils.bounding_boxes, keras.utils.bounding_boxes
    for source in ours.FORMATS:
        for target in ours.FORMATS:
            np.testing.assert_allclose(
                ours.convert_format(boxes, source, target, 60, 80),
                np.asarray(theirs.convert_format(boxes, source, target, 60, 80)),
                rtol=1e-5,
                atol=1e-4,
            )
