"""Networks have the published number of weights; wrong arguments are explained."""

import re

import numpy as np
import pytest

import kerasish
from kerasish import applications, layers
from kerasish.applications import building
from kerasish.errors import ShapeError

# What Keras's documentation says of the networks with their tops.
COUNTS = {
    "VGG16": 138_357_544,
    "VGG19": 143_667_240,
    "ResNet50": 25_636_712,
    "ResNet101": 44_707_176,
    "ResNet152": 60_419_944,
    "ResNet50V2": 25_613_800,
    "ResNet101V2": 44_675_560,
    "ResNet152V2": 60_380_648,
    "InceptionV3": 23_851_784,
    "MobileNet": 4_253_864,
    "MobileNetV2": 3_538_984,
    "MobileNetV3Small": 2_554_968,
    "MobileNetV3Large": 5_507_432,
    "DenseNet121": 8_062_504,
    "DenseNet169": 14_307_880,
    "DenseNet201": 20_242_984,
    "EfficientNetB0": 5_330_571,
    "EfficientNetB1": 7_856_239,
    "EfficientNetB2": 9_177_569,
    "EfficientNetB3": 12_320_535,
    "EfficientNetB4": 19_466_823,
    "EfficientNetB5": 30_562_527,
    "EfficientNetB6": 43_265_143,
    "EfficientNetB7": 66_658_687,
    "Xception": 22_910_480,
}


@pytest.fixture
def no_draws(monkeypatch):
    """Let weights begin as zeros, which take no time and no memory."""
    for kind in ("GlorotUniform", "VarianceScaling"):
        owner = getattr(kerasish.initializers, kind)
        monkeypatch.setattr(
            owner, "__call__", lambda self, shape, *_, **__: shaped(shape)
        )


def shaped(shape):
    """Return zeros."""
    return np.zeros(shape, "float32")


@pytest.mark.parametrize("name", COUNTS)
def test_number_of_weights(no_draws, name):
    network = getattr(applications, name)
    if not name.startswith("VGG"):
        assert network(weights=None).count_params() == COUNTS[name]
        return
    # the top's first layer would take half a gigabyte: see it on smaller images
    dense = 512 * 4096
    count = network(weights=None, input_shape=(32, 32, 3)).count_params()
    assert count + (7 * 7 - 1) * dense == COUNTS[name]


def test_all_networks_are_counted():
    names = {name for name in applications.__all__ if name[0].isupper()}
    assert names == set(COUNTS)


@pytest.mark.parametrize("name", ["MobileNetV2", "EfficientNetB0", "ResNet50"])
def test_names_and_documentation(name):
    network = getattr(applications, name)
    assert network.__name__ == name
    assert network.__module__.startswith("kerasish.applications.")
    assert "include_top:" in network.__doc__


def test_a_network_learns_on_top_of_another(rng):
    base = applications.MobileNetV2(
        weights=None, include_top=False, alpha=0.35, input_shape=(32, 32, 3)
    )
    base.trainable = False
    inputs = layers.Input((32, 32, 3))
    pooled = layers.GlobalAveragePooling2D()(base(inputs, training=False))
    model = kerasish.Model(inputs, layers.Dense(1)(pooled))
    model.compile("adam", "mse")
    assert len(model.trainable_weights) == 2
    before = base.get_weights()
    model.fit(rng.normal(size=(4, 32, 32, 3)), rng.normal(size=(4, 1)), verbose=0)
    for value, expected in zip(base.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"weights": "imagnet"}, ValueError, r"got: +weights='imagnet'"),
        (
            {"classes": 10},
            ValueError,
            r"expected: 1000\n +fix: +pass include_top=False",
        ),
        (
            {"classifier_activation": "relu"},
            ValueError,
            r"expected: 'softmax', or None",
        ),
        ({"input_shape": (32, 32)}, ShapeError, "three integers"),
        ({"weights": None, "input_shape": (16, 64, 3)}, ShapeError, "at least 32 x 32"),
        (
            {"weights": None, "input_shape": (None, None, 3)},
            ShapeError,
            "known sizes, because of include_top=True",
        ),
        ({"input_shape": (64, 64, 3)}, ShapeError, "images of 224 x 224"),
        ({"input_shape": (224, 224, 1)}, ShapeError, "3 channels, as the weights"),
    ],
)
def test_wrong_arguments(options, error, text):
    with pytest.raises(error, match=text):
        applications.ResNet50(**options)


def test_unusual_channels_warn():
    with pytest.warns(UserWarning, match="usually takes 1 or 3 channels"):
        building.image_shape(
            building.Request(False, None, None, (64, 64, 5), None, 1000, None)
        )


@pytest.mark.parametrize(
    ("network", "options", "text"),
    [
        ("MobileNet", {"alpha": 0.3}, r"got: +alpha=0.3\n +expected: one of 0.25"),
        ("MobileNetV2", {"alpha": 3}, r"got: +alpha=3\n"),
        (
            "MobileNetV3Small",
            {"alpha": 0.75, "minimalistic": True},
            "minimalistic=True",
        ),
    ],
)
def test_widths_without_weights(network, options, text):
    with pytest.raises(ValueError, match=text):
        getattr(applications, network)(**options)


def test_weights_that_cannot_be_fetched(monkeypatch):
    def refuse(*given, **_):
        raise OSError("no network")

    monkeypatch.setattr(building, "get_file", refuse)
    address = "https://storage.googleapis.com/keras-applications/efficientnetb0.h5"
    with pytest.raises(OSError, match=re.escape(address)) as caught:
        applications.EfficientNetB0()
    assert "weights='path/to/efficientnetb0.h5'" in str(caught.value)


def test_what_is_not_there_says_what_is():
    with pytest.raises(AttributeError, match="use EfficientNetB0 to EfficientNetB7"):
        applications.EfficientNetV2S  # noqa: B018
    with pytest.raises(AttributeError, match="has no attribute 'Resnet'"):
        applications.Resnet  # noqa: B018
