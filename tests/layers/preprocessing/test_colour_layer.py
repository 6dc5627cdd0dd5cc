"""What colour layers share: everything else stays, and a draw for each image."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.layers.preprocessing.colour_layer import ColourLayer, blended

# those that change the images below for sure
CHANGING = {
    "AugMix": {},
    "AutoContrast": {},
    "ContrastLimitedAdaptiveHistogramEqualization": {"tile_grid_size": (2, 2)},
    "Equalization": {},
    "RandAugment": {"num_ops": 3},
    "RandomBrightness": {"factor": 0.5},
    "RandomColorDegeneration": {"factor": 0.9},
    "RandomColorJitter": {"brightness_factor": 0.3, "hue_factor": 0.3},
    "RandomContrast": {"factor": 0.8},
    "RandomGaussianBlur": {"factor": (0.9, 1.0)},
    "RandomGrayscale": {"factor": 0.7},
    "RandomHue": {"factor": 0.9},
    "RandomInvert": {"factor": (0.5, 1.0)},
    "RandomPosterization": {"factor": 4},
    "RandomSaturation": {"factor": (0.1, 0.6)},
    "RandomSharpness": {"factor": 1.0},
    "Solarization": {"addition_factor": 0.4, "threshold_factor": 0.8},
}
FIXED = {
    "AutoContrast",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "Equalization",
}
# those that change images at inference too
ALWAYS = FIXED - {"Equalization"}
RANDOM = sorted(set(CHANGING) - FIXED)


def made(name, **more):
    return getattr(layers, name)(**CHANGING[name], **more)


def host(x):
    return ops.convert_to_numpy(x)


@pytest.fixture
def images(rng):
    return rng.integers(20, 230, (6, 6, 8, 3)).astype("float32")


@pytest.mark.parametrize("name", CHANGING)
def test_images_change_in_training_only(name, images, backend):
    layer = made(name) if name in FIXED else made(name, seed=5)
    found = host(layer(images, training=True))
    assert (found.shape, found.dtype) == (images.shape, np.float32)
    assert not np.allclose(found, images)
    again = host(layer(images, training=False))
    assert np.array_equal(again, images) is (name not in ALWAYS)


@pytest.mark.parametrize("name", RANDOM)
def test_seeds_repeat_draws_and_calls_differ(name, images):
    one, other = (made(name, seed=5) for _ in range(2))
    first, second = (host(one(images, training=True)) for _ in range(2))
    np.testing.assert_array_equal(host(other(images, training=True)), first)
    assert not np.array_equal(second, first)


@pytest.mark.parametrize("name", CHANGING)
def test_single_images_and_whole_numbers(name, images):
    layer = made(name) if name in FIXED else made(name, seed=5)
    for x in (images[0], images[0].astype("uint8"), images.astype("uint8")):
        found = host(layer(x, training=True))
        assert (found.shape, found.dtype) == (x.shape, np.float32)
        assert np.isfinite(found).all()


@pytest.mark.parametrize("name", sorted(set(CHANGING) - {"RandAugment"}))
def test_labels_boxes_and_masks_stay(name, images, rng):
    more = {} if name in FIXED else {"seed": 5}
    layer = made(name, bounding_box_format="xyxy", **more)
    data = {
        "images": images,
        "labels": np.arange(6.0),
        "segmentation_masks": rng.integers(0, 3, (6, 6, 8, 1)).astype("float32"),
        "bounding_boxes": {
            "boxes": rng.uniform(size=(6, 2, 4)).astype("float32"),
            "labels": np.ones((6, 2), "float32"),
        },
    }
    found = layer(data, training=True)
    np.testing.assert_array_equal(host(found["labels"]), data["labels"])
    masks = host(found["segmentation_masks"])
    np.testing.assert_array_equal(masks, data["segmentation_masks"])
    for key, values in data["bounding_boxes"].items():
        np.testing.assert_array_equal(host(found["bounding_boxes"][key]), values)


class Always(kerasish.Model):
    """One layer, as in training."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, inputs):
        return self.layer(inputs, training=True)


@pytest.mark.parametrize("name", CHANGING)
def test_compiled_steps_draw_what_eager_calls_draw(name, images):
    more = {} if name in FIXED else {"seed": 5}
    model, outside = Always(made(name, **more)), made(name, **more)
    for _ in range(2):
        found = model.predict(images, batch_size=3, verbose=0)
        expected = np.concatenate(
            [host(outside(part, training=True)) for part in (images[:3], images[3:])]
        )
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-3)


def test_a_model_trains_with_them():
    model = kerasish.Sequential(
        [
            layers.Input((6, 8, 3)),
            layers.RandomBrightness(0.2, value_range=(0, 1), seed=1),
            layers.RandomContrast(0.2, value_range=(0, 1), seed=2),
            layers.RandomHue(0.1, value_range=(0, 1), seed=3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).uniform(size=(8, 6, 8, 3)).astype("float32")
    history = model.fit(x, x.mean(axis=(1, 2, 3)), epochs=3, verbose=0)
    losses = history.history["loss"]
    assert losses[-1] < losses[0]


def test_blended():
    x, y = np.zeros((3, 1, 1, 1)), np.full((3, 1, 1, 1), 2.0)
    share = np.array([0.0, 0.5, 2.0]).reshape(3, 1, 1, 1)
    assert host(blended(x, y, share)).ravel().tolist() == [0, 1, 4]


def test_a_class_without_colours_is_explained():
    class Nothing(ColourLayer):
        def get_random_transformation(self, data, training=True, seed=None):
            return {}

    with pytest.raises(NotImplementedError, match="has no `_coloured`"):
        Nothing()(np.zeros((1, 2, 2, 3)), training=True)
