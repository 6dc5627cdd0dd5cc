"""Layers that change colours equal Keras's, given the transformation Keras drew."""

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from kerasish.graph import tree

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64"),  # JAX's
]

RANGES = [(0, 255), (-1, 1)]
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
# where it matters which axis the channels are on
BY_CHANNEL = (
    *("RandomContrast", "RandomHue", "RandomSaturation", "RandomSharpness"),
    *("RandomColorDegeneration", "RandomGaussianBlur", "RandomGrayscale"),
)


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


@pytest.mark.parametrize("name", BY_CHANNEL)
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
        for statistic in (np.min, np.max, np.mean, np.std):
            one, two = float(statistic(mine)), float(statistic(other))
            # a saturation's mean is drawn out by a few large ones
            assert one == pytest.approx(two, abs=0.06 * span), (key, statistic)


@pytest.mark.parametrize("name", ["RandomContrast", "RandomInvert", "Solarization"])
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
    ("AutoContrast", {}, (4, 5, 6, 3)),
    ("AutoContrast", {"value_range": (-1, 1)}, (4, 5, 6, 3)),
    ("Equalization", {}, (4, 5, 6, 3)),
    ("Equalization", {"bins": 10, "value_range": (-1, 1)}, (4, 5, 6, 3)),
    (CLAHE, {"tile_grid_size": (2, 4), "clip_limit": 20.0}, (4, 5, 6, 3)),
]


@pytest.mark.parametrize(("name", "settings", "shape"), FIXED, ids=str)
def test_what_draws_nothing(name, settings, shape, rng):
    theirs, ours = both(name, settings)
    low, high = value_range = settings.get("value_range", (0, 255))
    levels = np.floor(rng.uniform(size=shape) * 255) + 0.5  # not between two bins
    x = (levels / 255 * (high - low) + low).astype("float32")
    close(ours(x, training=True), theirs(x, training=True), value_range)
    if name != "Equalization":  # at inference too
        assert_same = np.testing.assert_array_equal
        assert_same(ours(x, training=False), ours(x, training=True))


@pytest.mark.parametrize("name", ["AutoContrast", "Equalization", CLAHE])
@pytest.mark.parametrize("level", [0.0, 7.0])
def test_images_of_one_level(name, level):
    theirs, ours = both(name, {"tile_grid_size": (2, 4)} if name == CLAHE else {})
    x = np.full((4, 5, 6, 3), level, "float32")
    close(ours(x, training=True), theirs(x, training=True))


# mixing -------------------------------------------------------------------------------


ORDER = np.array([2, 0, 1, 3], "int32")


def test_mixing_images_and_labels(rng):
    theirs, ours = both("MixUp", {})
    x, labels = pictures(rng), np.eye(4, dtype="float32")
    drawn = {
        "mix_weight": np.array([0.2, 0.5, 0.9, 1.0], "float32"),
        "permutation_order": ORDER,
    }
    close(ours.transform_images(x, hosted(drawn)), theirs.transform_images(x, drawn))
    close(
        ours.transform_labels(labels, hosted(drawn)),
        theirs.transform_labels(labels, drawn),
    )
    boxes = rng.uniform(size=(4, 2, 4)).astype("float32")
    given = {"boxes": boxes, "labels": np.ones((4, 2), "float32")}
    expected = theirs.transform_bounding_boxes(given, drawn)
    close(
        ours.transform_bounding_boxes(given, hosted(drawn))["boxes"], expected["boxes"]
    )


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_cutting(data_format, rng):
    theirs, ours = both("CutMix", {"seed": 3, "data_format": data_format})
    is_last = data_format == "channels_last"
    x = pictures(rng, shape=(4, 5, 6, 3) if is_last else (4, 3, 5, 6))
    drawn = {
        "batch_masks": rng.uniform(size=x.shape) < 0.4,
        "mix_weight": rng.uniform(size=(4, 1, 1, 1)).astype("float32"),
        "permutation_order": ORDER,
    }
    if is_last:
        drawn["batch_masks"] = np.repeat(drawn["batch_masks"][..., :1], 3, -1)
    close(ours.transform_images(x, hosted(drawn)), theirs.transform_images(x, drawn))
    labels = np.eye(4, dtype="float32")
    close(
        ours.transform_labels(labels, hosted(drawn)),
        theirs.transform_labels(labels, drawn),
    )
    if is_last:
        masks = rng.integers(0, 3, (4, 5, 6, 1)).astype("float32")
        expected = np.asarray(theirs.transform_segmentation_masks(masks, drawn))
        found = ours.transform_segmentation_masks(masks, hosted(drawn))
        close(found, expected[..., :1])  # Keras's repeats masks for each channel


STEPS = (
    *("random_shear", "random_translation", "random_rotation", "random_brightness"),
    *("random_color_degeneration", "random_contrast", "random_sharpness"),
    *("random_posterization", "solarization", "auto_contrast", "equalization"),
)


def test_the_same_changes_in_the_same_order(rng):
    """Each change by itself; Keras's layers are given our draws."""
    more = {"num_ops": 1, "seed": 3, "bounding_box_format": "xyxy"}
    theirs, ours = both("RandAugment", more)
    x = np.floor(pictures(rng)) + 0.25
    drawn = ours.get_random_transformation(x)
    assert tuple(drawn["transforms"]) == STEPS
    masks = rng.integers(0, 3, (4, 5, 6, 1)).astype("float32")
    corners = np.array([[1, 1, 3, 4], [0, 2, 5, 3]], "float32")
    boxes = {
        "boxes": np.stack([corners] * 4),
        "labels": np.ones((4, 2), "float32"),
    }
    for i, name in enumerate(STEPS):  # Keras's own choice compiles all, each time
        step, drawn_for_it = getattr(theirs, name), drawn["transforms"][name]
        mine = {**hosted(drawn), "layer_idxes": np.array([i])}
        np.testing.assert_allclose(
            ours.transform_images(x, mine),
            step.transform_images(x, drawn_for_it),
            rtol=1e-4,
            atol=2e-3,
        )
        if i > 2:  # colours: masks and boxes stay
            continue
        close(
            ours.transform_segmentation_masks(masks, mine),
            step.transform_segmentation_masks(masks, drawn_for_it),
        )
        found = ours.transform_bounding_boxes(boxes, mine)["boxes"]
        other = step.transform_bounding_boxes(dict(boxes), drawn_for_it)["boxes"]
        np.testing.assert_allclose(found, other, rtol=1e-4, atol=1e-3)


def test_chains_as_keras_has_them(rng):
    theirs, ours = both("AugMix", {"seed": 3})
    x = np.floor(pictures(rng)) + 0.25
    drawn = ours.get_random_transformation(x)
    names = ["random_contrast", "solarization"], ["random_brightness"], []
    drawn["chain_transforms"] = [
        [
            {"layer_name": name, "transformation": chain["transforms"][name]}
            for name in chosen
        ]
        for chosen, chain in zip(names, drawn["chain_transforms"], strict=True)
    ]
    expected = theirs.transform_images(x, drawn)
    found = ours.transform_images(x, hosted(drawn))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-3)


def test_changes_that_are_left_out():
    for all_ops in (True, False):
        _, ours = both("AugMix", {"all_ops": all_ops})
        names = set(ours._steps)
        dropped = set(STEPS) - names
        expected = {"random_brightness", "random_color_degeneration"}
        expected |= {"random_contrast", "random_sharpness"}
        assert dropped == (set() if all_ops else expected)
