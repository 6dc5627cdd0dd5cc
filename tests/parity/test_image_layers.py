"""Layers that prepare images equal real Keras's, given what Keras drew.

A transformation of Keras's `get_random_transformation` is handed to the transforms of
both: images, masks, labels and boxes have to come out equal.
"""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from kerasish.graph import tree

pytestmark = pytest.mark.parity

HEIGHT, WIDTH = 6, 8
FIXED = {
    "Resizing": [
        {"height": 3, "width": 5},
        {"height": 9, "width": 4, "interpolation": "bicubic"},
        {"height": 4, "width": 3, "interpolation": "lanczos3", "antialias": True},
        {"height": 7, "width": 4, "crop_to_aspect_ratio": True},
        {"height": 4, "width": 9, "crop_to_aspect_ratio": True},
        {"height": 7, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 3.0},
        {"height": 4, "width": 9, "pad_to_aspect_ratio": True},
    ],
    "CenterCrop": [
        {"height": 3, "width": 5},
        {"height": 9, "width": 5},
        {"height": 7, "width": 9},
    ],
    "MaxNumBoundingBoxes": [{"max_number": 2}, {"max_number": 9, "fill_value": -3}],
}
RANDOM = {
    "RandomCrop": [
        {"height": 3, "width": 4},
        {"height": 9, "width": 5},
        {"height": 3, "width": 12},
    ],
    "RandomFlip": [{"mode": "horizontal"}, {"mode": "vertical"}, {}],
    "RandomRotation": [
        {"factor": 0.4},
        {"factor": (0.1, 0.2), "fill_mode": "constant", "fill_value": 2.0},
        {"factor": 0.5, "fill_mode": "wrap", "interpolation": "nearest"},
    ],
    "RandomTranslation": [
        {"height_factor": 0.4, "width_factor": 0.3},
        {"height_factor": (-0.2, 0.5), "width_factor": 0.0, "fill_mode": "wrap"},
        {"height_factor": 0.5, "width_factor": 0.9, "interpolation": "nearest"},
    ],
    "RandomZoom": [
        {"height_factor": 0.4, "width_factor": (-0.5, -0.1), "fill_mode": "nearest"},
        {"height_factor": (0.2, 0.9), "fill_mode": "constant", "fill_value": 5.0},
    ],
    "RandomShear": [
        {"y_factor": (0.2, 0.3), "fill_mode": "constant"},
        {"x_factor": 0.3, "y_factor": 0.5, "fill_mode": "wrap"},
    ],
    "RandomPerspective": [
        {"factor": (0.9, 1.0), "scale": 0.4, "fill_value": 7.0},
    ],
    "RandomErasing": [
        {"factor": (0.7, 1.0), "scale": 0.5, "fill_value": 300.0},
    ],
}
CASES = [
    (name, arguments)
    for name, all_ in {**FIXED, **RANDOM}.items()
    for arguments in all_
]
IDS = [f"{name}-{number}" for number, (name, _) in enumerate(CASES)]
FIRST = [(name, all_[0]) for name, all_ in {**FIXED, **RANDOM}.items()]
# Keras takes, or gives, boxes of any format for corners in pixels here.
CORNERS_ONLY = {"RandomRotation", "RandomPerspective"}


def images_like(rng, data_format="channels_last", batch=3):
    images = rng.uniform(0, 255, (batch, HEIGHT, WIDTH, 3)).astype("float32")
    return images if data_format == "channels_last" else np.moveaxis(images, -1, 1)


def boxes_like(rng, batch=3):
    """Return boxes within, across and outside the images, as corners in pixels."""
    corner = rng.uniform(-2, (WIDTH, HEIGHT), (batch, 7, 2))
    sizes = rng.uniform(0, (WIDTH, HEIGHT), (batch, 7, 2))
    return {
        "boxes": np.concatenate([corner, corner + sizes], -1).astype("float32"),
        "labels": rng.integers(0, 9, (batch, 7)).astype("int32"),
    }


def twins(name, arguments, /, **more):
    return [getattr(m.layers, name)(**arguments, **more) for m in (keras, kerasish)]


def as_host(structure):
    return tree.map_structure(
        lambda x: np.array(x) if hasattr(x, "shape") else x, structure
    )


def copied(structure):
    """Return a copy: Keras's transforms of boxes change what they are given."""
    return tree.map_structure(np.copy, structure)


def assert_same(ours, theirs):
    ours, theirs = (tree.leaves(as_host(x)) for x in (ours, theirs))
    for one, other in zip(ours, theirs, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        # of values to 255, in float32; halves may be rounded either way
        atol = 1 if one.dtype == np.uint8 else 2e-4
        np.testing.assert_allclose(one.astype("float64"), other, rtol=1e-5, atol=atol)


def both(layers, method, value, transformation, **more):
    theirs, ours = layers
    given = as_host(transformation)
    assert_same(
        getattr(ours, method)(copied(value), given, **more),
        getattr(theirs, method)(copied(value), transformation, **more),
    )


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=IDS)
def test_images_and_masks(name, arguments, rng):
    compare(name, arguments, "channels_last", rng)


@pytest.mark.parametrize(("name", "arguments"), FIRST)
def test_channels_first(name, arguments, rng):
    compare(name, arguments, "channels_first", rng)


def compare(name, arguments, data_format, rng):
    layers = twins(name, arguments, data_format=data_format)
    images = images_like(rng, data_format)
    drawn = layers[0].get_random_transformation(images, training=True)
    both(layers, "transform_images", images, drawn)
    masks = np.round(images / 60)
    both(layers, "transform_segmentation_masks", masks, drawn)
    both(layers, "transform_labels", np.arange(3, dtype="float32"), drawn)


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=IDS)
def test_boxes(name, arguments, rng):
    compare_boxes(name, arguments, "xyxy", rng)


@pytest.mark.parametrize("box_format", ["rel_yxyx", "center_xywh"])
@pytest.mark.parametrize("name", sorted({*FIXED, *RANDOM} - CORNERS_ONLY))
def test_boxes_in_other_formats(name, box_format, rng):
    compare_boxes(name, dict(FIRST)[name], box_format, rng)


def compare_boxes(name, arguments, box_format, rng):
    layers = twins(name, arguments, bounding_box_format=box_format)
    boxes = boxes_like(rng)
    if name == "RandomFlip":  # what is outside, Keras cuts at two of four edges
        limits = [WIDTH, HEIGHT] * 2
        boxes["boxes"] = np.clip(boxes["boxes"], 0, limits).astype("float32")
    convert = kerasish.utils.bounding_boxes.convert_format
    boxes["boxes"] = convert(boxes["boxes"], "xyxy", box_format, HEIGHT, WIDTH)
    drawn = layers[0].get_random_transformation(images_like(rng), training=True)
    both(layers, "transform_bounding_boxes", boxes, drawn)


@pytest.mark.parametrize(("name", "arguments"), FIRST)
def test_inference(name, arguments, rng):
    layers = twins(name, arguments)
    for data in (
        images_like(rng),
        images_like(rng)[0],
        images_like(rng).astype("uint8"),
    ):
        theirs, ours = (layer(data, training=False) for layer in layers)
        assert_same(ours, theirs)


@pytest.mark.parametrize("name", FIXED)
def test_whole_dicts(name, rng):
    images = images_like(rng)
    data = {
        "images": images,
        "labels": np.arange(3, dtype="float32"),
        "segmentation_masks": np.round(images / 60),
        "bounding_boxes": boxes_like(rng),
        "extra": np.ones(2, "float32"),
    }
    for arguments in FIXED[name][-1:]:
        layers = twins(name, arguments, bounding_box_format="xyxy")
        one = tree.map_structure(lambda x: x[0], data)
        for given in (data, one):
            theirs, ours = (layer(copied(given)) for layer in layers)
            assert sorted(ours) == sorted(theirs)
            assert_same(ours, theirs)


@pytest.mark.parametrize(("name", "arguments"), FIRST)
def test_transformations_have_one_form(name, arguments, rng):
    theirs, ours = twins(name, arguments)
    for images in (images_like(rng), images_like(rng)[0]):
        for training in (True, False):
            drawn = [
                layer.get_random_transformation(images, training=training)
                for layer in (theirs, ours)
            ]
            forms = [
                tree.map_structure(lambda x: getattr(x, "shape", x), d) for d in drawn
            ]
            if name != "RandomCrop" or not training:  # drawn
                assert forms[1] == forms[0]
            if isinstance(drawn[0], dict):
                assert list(drawn[1]) == list(drawn[0])


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=IDS)
def test_configs(name, arguments):
    more = {"seed": 4} if name in RANDOM else {}
    theirs, ours = twins(
        name, arguments, name="mine", bounding_box_format="xyxy", **more
    )
    expected = theirs.get_config()
    if name == "MaxNumBoundingBoxes" and "fill_value" in arguments:
        expected["fill_value"] = arguments["fill_value"]  # Keras forgets it
    assert as_json(ours.get_config()) == as_json(expected)
    again = type(ours).from_config(as_json(ours.get_config()))
    assert again.get_config() == ours.get_config()


def as_json(value):
    return json.loads(json.dumps(value))


DRAWN = {
    "RandomZoom": (
        {"height_factor": 0.4, "width_factor": (0.1, 0.2)},
        ["height_zoom", "width_zoom"],
    ),
    "RandomShear": ({"x_factor": 0.4, "y_factor": (0.2, 0.3)}, ["shear_factor"]),
    "RandomPerspective": ({"factor": 0.6, "scale": 0.5}, ["end_points"]),
}


@pytest.mark.parametrize("name", DRAWN)
def test_draws_have_one_distribution(name):
    arguments, keys = DRAWN[name]
    images = np.zeros((2000, HEIGHT, WIDTH, 1), "float32")
    theirs, ours = (
        as_host(layer.get_random_transformation(images))
        for layer in twins(name, arguments, seed=5)
    )
    for key in keys:
        one, other = (drawn[key].astype("float64") for drawn in (ours, theirs))
        scale = np.abs(other).max()
        for statistic in (np.mean, np.std, np.min, np.max):
            difference = statistic(one, axis=0) - statistic(other, axis=0)
            assert np.abs(difference).max() < 0.06 * scale, (key, statistic)


def test_elastic_fields_are_as_strong_and_as_smooth(rng):
    row = np.arange(60, dtype="float32")
    ramp = np.broadcast_to(row[None, None, :, None] / 100, (8, 50, 60, 1)).copy()
    drawn = {"apply_transform": np.arange(8) > 0, "distortion_factor": 0.8, "seed": 4}
    found = []
    for layer in twins("RandomElasticTransform", {"value_range": (0, 1)}):
        images = np.array(layer.transform_images(ramp, drawn))
        np.testing.assert_allclose(images[0], ramp[0], atol=1e-6)
        moved = 100 * (images - ramp)[1:, 8:-8, 8:-8, 0]
        steps = np.diff(moved, axis=-1)
        found.append([moved.std(), steps.std()])
    np.testing.assert_allclose(found[1], found[0], rtol=0.1)
