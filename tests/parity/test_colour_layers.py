"""Layers that change colours equal Keras's, given the transformation Keras drew."""

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from kerasish.graph import tree

pytestmark = pytest.mark.parity

RANGES = [(0, 255), (0, 1), (-1, 1)]
DRAWING = {
    "RandomBrightness": {"factor": 0.5},
    "RandomContrast": {"factor": 0.8},
    "RandomHue": {"factor": 0.9},
    "RandomSaturation": {"factor": (0.1, 0.6)},
    "RandomColorDegeneration": {"factor": 0.9},
    "RandomSharpness": {"factor": 1.0},
    "RandomGaussianBlur": {"factor": 1.0, "kernel_size": (3, 5)},
    "RandomInvert": {"factor": 1.0},
    "RandomPosterization": {"factor": 8},
    "Solarization": {"addition_factor": 0.4, "threshold_factor": 1.0},
}


def both(name, settings):
    return [getattr(m.layers, name)(**settings) for m in (keras, kerasish)]


def pictures(rng, value_range=(0, 255), shape=(4, 5, 6, 3)):
    low, high = value_range
    return (rng.uniform(size=shape) * (high - low) + low).astype("float32")


def close(found, expected, value_range=(0, 255)):
    found, expected = np.asarray(found), np.asarray(expected)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    size = max(abs(float(bound)) for bound in value_range)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6 * size)


def hosted(transformation):
    """Return a transformation with NumPy arrays in place of Keras's."""
    return tree.map_structure(
        lambda x: np.asarray(x) if hasattr(x, "shape") else x, transformation
    )


@pytest.mark.parametrize("value_range", RANGES, ids=str)
@pytest.mark.parametrize("name", DRAWING)
def test_images_changed_as_keras_drew(name, value_range, rng):
    theirs, ours = both(name, {**DRAWING[name], "value_range": value_range, "seed": 3})
    x = pictures(rng, value_range)
    drawn = theirs.get_random_transformation(x, training=True)
    expected = theirs.transform_images(x, drawn, training=True)
    close(ours.transform_images(x, hosted(drawn), training=True), expected, value_range)
    assert not np.allclose(expected, x)


@pytest.mark.parametrize("name", sorted({*DRAWING, "RandomGrayscale"}))
def test_channels_first(name, rng):
    settings = {**DRAWING.get(name, {}), "seed": 3, "data_format": "channels_first"}
    theirs, ours = both(name, settings)
    x = pictures(rng, shape=(4, 3, 5, 6))
    drawn = theirs.get_random_transformation(x, training=True)
    expected = theirs.transform_images(x, drawn, training=True)
    close(ours.transform_images(x, hosted(drawn), training=True), expected)


@pytest.mark.parametrize("name", sorted({*DRAWING, "RandomGrayscale"}))
def test_our_draws_have_keras_s_keys_and_ranges(name, rng):
    """Ranges of many draws agree, so that their meaning is the same."""
    theirs, ours = both(name, {**DRAWING.get(name, {}), "seed": 3})
    x = np.zeros((3000, 2, 2, 3), "float32")
    expected, found = (
        layer.get_random_transformation(x, training=True) for layer in (theirs, ours)
    )
    if not isinstance(expected, dict):
        expected, found = {"": expected}, {"": found}
    assert set(found) == set(expected)
    for key in expected:
        mine, other = np.asarray(found[key]), np.asarray(expected[key])
        assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
        if mine.size < 3000:
            continue
        span = float(other.max()) - float(other.min())
        for statistic in (np.min, np.max, np.mean, np.median, np.std):
            one, two = float(statistic(mine)), float(statistic(other))
            # a saturation's mean is drawn out by a few large ones
            assert one == pytest.approx(two, abs=0.06 * span), (key, statistic)


@pytest.mark.parametrize("name", sorted(DRAWING))
def test_nothing_else_changes(name, rng):
    theirs, ours = both(name, {**DRAWING[name], "bounding_box_format": "xyxy"})
    x = pictures(rng)
    boxes = rng.uniform(size=(4, 2, 4)).astype("float32")
    data = {
        "images": x,
        "labels": np.arange(4.0, dtype="float32"),
        "segmentation_masks": rng.integers(0, 3, (4, 5, 6, 1)).astype("float32"),
        "bounding_boxes": {"boxes": boxes, "labels": np.ones((4, 2), "float32")},
    }
    expected, found = theirs(data, training=True), ours(data, training=True)
    del data["images"]
    for one, other in zip(
        tree.flatten([found[key] for key in data]),
        tree.flatten([expected[key] for key in data]),
        strict=True,
    ):
        close(one, other)
    close(ours(x, training=False), theirs(x, training=False))


JITTER = [
    {"brightness_factor": (0.2, 0.2), "saturation_factor": (0.4, 0.4)},
    {"brightness_factor": (0.3, 0.3)},
    {},
]


@pytest.mark.parametrize("settings", JITTER, ids=str)
def test_jitter_without_chance(settings, rng):
    theirs, ours = both("RandomColorJitter", settings)
    x = pictures(rng)
    close(ours(x, training=True), theirs(x, training=True))


REFUSED = {
    "brightness": ("RandomBrightness", {"factor": 1.5}),
    "contrast": ("RandomContrast", {"factor": -0.5}),
    "grayscale": ("RandomGrayscale", {"factor": 2}),
    "blur": ("RandomGaussianBlur", {"factor": 2}),
    "sigma": ("RandomGaussianBlur", {"sigma": 2}),
    "even": ("RandomGaussianBlur", {"kernel_size": 4}),
    "bits": ("RandomPosterization", {"factor": 9}),
    "addition": ("Solarization", {"addition_factor": -0.2}),
    "threshold": ("Solarization", {"threshold_factor": 1.5}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_both_refuse(case):
    name, settings = REFUSED[case]
    for module in (keras, kerasish):
        with pytest.raises(ValueError, match=r"."):
            getattr(module.layers, name)(**settings)


CLAHE = "ContrastLimitedAdaptiveHistogramEqualization"
FIXED = [
    ("AutoContrast", {}, (2, 5, 6, 3)),
    ("Equalization", {}, (3, 6, 8, 3)),
    ("Equalization", {"bins": 10}, (2, 6, 8, 3)),
    ("Equalization", {"bins": 300}, (2, 6, 8, 1)),
    (CLAHE, {"tile_grid_size": (2, 3)}, (2, 8, 12, 3)),
    (CLAHE, {"tile_grid_size": (4, 3), "clip_limit": 20.0}, (2, 13, 17, 1)),
    (CLAHE, {"clip_limit": 0.0}, (1, 5, 6, 3)),
    (CLAHE, {"clip_limit": 1.0}, (1, 30, 20, 3)),
]


@pytest.mark.parametrize("value_range", RANGES, ids=str)
@pytest.mark.parametrize(("name", "settings", "shape"), FIXED, ids=str)
def test_what_draws_nothing(name, settings, shape, value_range, rng):
    theirs, ours = both(name, {**settings, "value_range": value_range})
    low, high = value_range
    levels = np.floor(rng.uniform(size=shape) * 255) + 0.5  # not between two bins
    x = (levels / 255 * (high - low) + low).astype("float32")
    close(ours(x, training=True), theirs(x, training=True), value_range)
    close(ours(x[0], training=True), theirs(x[0], training=True), value_range)
    close(ours(x, training=False), theirs(x, training=False), value_range)


@pytest.mark.parametrize("name", ["AutoContrast", "Equalization", CLAHE])
@pytest.mark.parametrize("level", [0.0, 7.0, 255.0])
def test_images_of_one_level(name, level):
    theirs, ours = both(name, {})
    x = np.full((2, 8, 8, 3), level, "float32")
    close(ours(x, training=True), theirs(x, training=True))


@pytest.mark.parametrize("name", ["Equalization", CLAHE])
def test_channels_first_of_what_draws_nothing(name, rng):
    theirs, ours = both(name, {"data_format": "channels_first"})
    x = np.floor(pictures(rng, shape=(2, 3, 8, 9)))
    close(ours(x, training=True), theirs(x, training=True))
