"""Networks have the layers, names, weights and numbers of real Keras."""

import inspect
import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from kerasish import applications

NAMES = [name for name in applications.__all__ if name[0].isupper()]
SMALL = [
    ("MobileNetV2", {"alpha": 0.35}),
    ("MobileNet", {"alpha": 0.25}),
    ("ResNet50", {}),
    ("ResNet50V2", {}),
    ("VGG16", {}),
]


def both(name, **options):
    """Return our network and Keras's."""
    options = {"weights": None} | options
    kerasish.utils.clear_session()
    keras.utils.clear_session()
    return (
        getattr(applications, name)(**options),
        getattr(keras.applications, name)(**options),
    )


def described(model):
    """Return what a network consists of: its config, and its weights."""
    config = json.loads(json.dumps(model.get_config()))
    for layer in config["layers"]:
        for node in layer["inbound_nodes"]:
            # Keras notes masks that are None with some layers
            node["kwargs"].pop("mask", None)
    weights = [(weight.path, list(weight.shape)) for weight in model.weights]
    return [*config.pop("layers"), config, weights]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "options",
    [
        {"include_top": False},
        {"include_top": False, "input_shape": (64, 49, 3), "pooling": "avg"},
        {"input_shape": (33, 47, 1), "classes": 3},
    ],
    ids=["any size", "pooled", "top"],
)
def test_layers(name, options):
    if name.startswith("VGG") and "classes" in options:
        options = options | {"input_shape": (32, 32, 1)}
    ours, theirs = both(name, **options)
    assert described(ours) == described(theirs)
    assert ours.name == theirs.name
    assert ours.output_shape == theirs.output_shape
    assert ours.count_params() == theirs.count_params()


def test_layers_of_the_usual_size():
    for name in ("ResNet50", "MobileNetV2"):
        ours, theirs = both(name)
        assert described(ours) == described(theirs)
        assert ours.count_params() == theirs.count_params()


@pytest.mark.parametrize("alpha", [0.35, 0.5, 0.75, 1.3, 1.4, 0.6])
@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2"])
def test_widths(name, alpha):
    ours, theirs = both(name, alpha=alpha, include_top=False, pooling="max")
    assert described(ours) == described(theirs)
    assert ours.name == theirs.name


@pytest.mark.parametrize("name", ["VGG16", "ResNet50", "MobileNetV2"])
def test_on_a_tensor(name):
    ours = getattr(applications, name)(
        include_top=False,
        weights=None,
        input_tensor=kerasish.layers.Rescaling(2.0, name="scale")(
            kerasish.Input((64, 64, 3), name="entry")
        ),
    )
    theirs = getattr(keras.applications, name)(
        include_top=False,
        weights=None,
        input_tensor=keras.layers.Rescaling(2.0, name="scale")(
            keras.Input((64, 64, 3), name="entry")
        ),
    )
    assert [layer.name for layer in ours.layers] == [x.name for x in theirs.layers]


@pytest.mark.parametrize(("name", "options"), SMALL, ids=lambda value: str(value))
def test_numbers(rng, name, options):
    options = options | {"input_shape": (40, 40, 3), "include_top": False}
    ours, theirs = both(name, **options)
    values = [
        np.abs(value) + 0.5 if "variance" in weight.path else value
        for weight, value in zip(theirs.weights, theirs.get_weights(), strict=True)
    ]
    theirs.set_weights(values)
    ours.set_weights(values)
    x = rng.uniform(-1, 1, (2, 40, 40, 3)).astype("float32")
    expected = theirs.predict(x, verbose=0)
    scale = np.abs(expected).max()
    # float32, fifty layers deep
    np.testing.assert_allclose(
        ours.predict(x, verbose=0) / scale, expected / scale, atol=2e-5
    )


@pytest.mark.parametrize("ending", ["weights.h5", "h5", "keras"])
def test_files_of_keras_load(tmp_path, rng, ending):
    options = {"alpha": 0.35, "input_shape": (32, 32, 3), "classes": 4}
    theirs = keras.applications.MobileNetV2(weights=None, **options)
    path = str(tmp_path / f"net.{ending}")
    if ending == "weights.h5":
        theirs.save_weights(path)
    else:
        theirs.save(path)
    ours = applications.MobileNetV2(weights=path, **options)
    for value, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("name", NAMES)
def test_signatures(name):
    ours = inspect.signature(getattr(applications, name)).parameters.values()
    theirs = inspect.signature(getattr(keras.applications, name)).parameters.values()
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


class Asked(Exception):
    """What `get_file` was asked for."""


@pytest.mark.parametrize("include_top", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_weights_are_those_that_keras_publishes(monkeypatch, name, include_top):
    def ask(fname, origin, cache_subdir, file_hash=None):
        raise Asked(fname, origin, cache_subdir, file_hash)

    module = inspect.getmodule(keras.applications.VGG16).file_utils
    monkeypatch.setattr(module, "get_file", ask)
    monkeypatch.setattr(applications.building, "get_file", ask)
    asked = []
    for library in (applications, keras.applications):
        with pytest.raises(Asked) as caught:
            getattr(library, name)(include_top=include_top)
        asked.append(caught.value.args)
    assert asked[0] == asked[1]


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_preprocessing(rng, mode, dtype):
    x = rng.uniform(0, 255, (2, 3, 4, 3)).astype(dtype)
    for data_format in ("channels_last", "channels_first"):
        images = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
        ours, theirs = (
            library.imagenet_utils.preprocess_input(images.copy(), data_format, mode)
            for library in (applications, keras.applications)
        )
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    "name", ["vgg16", "vgg19", "resnet", "resnet50", "resnet_v2", "mobilenet"]
)
def test_preprocessing_of_a_family(rng, name):
    x = rng.uniform(0, 255, (1, 2, 2, 3)).astype("float32")
    ours, theirs = (
        getattr(library, name).preprocess_input(x.copy())
        for library in (applications, keras.applications)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)
