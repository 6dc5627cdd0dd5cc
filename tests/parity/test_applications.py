"""Networks have the layers, names, weights and numbers of real Keras."""

import inspect
import json
import os
import warnings

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from kerasish import applications

NAMES = [name for name in applications.__all__ if name[0].isupper()]
WIDE = [name for name in NAMES if name.startswith("VGG")]


def small(name):
    """Return the arguments of a network's narrowest form."""
    widths = {"MobileNet": 0.25, "MobileNetV2": 0.35}
    return {"alpha": widths[name]} if name in widths else {}


@pytest.fixture(autouse=True)
def no_draws(monkeypatch):
    """Let weights begin as zeros: JAX compiles a draw for every shape."""
    for library in (keras, kerasish):
        for kind in ("GlorotUniform", "Zeros", "Ones"):
            owner = getattr(library.initializers, kind)
            monkeypatch.setattr(owner, "__call__", lambda *given, **_: zeros(given[1]))


def zeros(shape):
    """Return zeros for any shape of Keras's."""
    return np.zeros(tuple(shape), "float32")


def made(library, name, **options):
    """Return a network with no weights to load."""
    library.utils.clear_session()
    return getattr(library.applications, name)(**{"weights": None} | options)


def both(name, **options):
    """Return our network and Keras's."""
    return made(kerasish, name, **options), made(keras, name, **options)


def described(model):
    """Return what a network consists of: its config, and its weights."""
    config = json.loads(json.dumps(model.get_config()))
    for layer in config["layers"]:
        layer["config"].pop("quantization_config", None)
        for node in layer["inbound_nodes"]:
            # Keras notes masks that are None, and modes, with some layers
            node["kwargs"].pop("mask", None)
            node["kwargs"].pop("training", None)
    weights = [(weight.path, list(weight.shape)) for weight in model.weights]
    return [*config.pop("layers"), config, weights]


def check_same(ours, theirs):
    """Compare all that two networks consist of."""
    for mine, other in zip(described(ours), described(theirs), strict=True):
        assert mine == other
    assert ours.name == theirs.name
    assert ours.output_shape == theirs.output_shape
    assert ours.count_params() == theirs.count_params()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "options",
    [
        {"include_top": False},
        {"include_top": False, "input_shape": (97, 82, 3), "pooling": "avg"},
        {"input_shape": (75, 79, 1), "classes": 3, "classifier_activation": None},
    ],
    ids=["any size", "pooled", "top"],
)
def test_layers(name, options):
    if name in WIDE and "classes" in options:
        options = options | {"input_shape": (32, 32, 1)}
    check_same(*both(name, **options))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WIDE])
def test_layers_of_the_usual_size(name):
    ours, theirs = both(name, **small(name))
    assert ours.input_shape == theirs.input_shape
    assert [layer.name for layer in ours.layers] == [x.name for x in theirs.layers]
    assert ours.count_params() == theirs.count_params()


@pytest.mark.parametrize("alpha", [0.35, 0.5, 0.75, 1.3, 1.4, 0.6])
@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2"])
def test_widths(name, alpha):
    check_same(*both(name, alpha=alpha, include_top=False, pooling="max"))


@pytest.mark.parametrize("name", ["VGG16", "ResNet50", "MobileNetV2"])
def test_on_a_tensor(name):
    ours, theirs = (
        made(
            library,
            name,
            include_top=False,
            input_tensor=library.layers.UpSampling2D(name="twice")(
                library.Input((32, 32, 3), name="entry")
            ),
        )
        for library in (kerasish, keras)
    )
    assert [layer.name for layer in ours.layers] == [x.name for x in theirs.layers]
    assert ours.output_shape == theirs.output_shape


def drawn(rng, model):
    """Return values for all weights of a network, none of them like another."""
    values = []
    for weight in model.weights:
        spread = np.sqrt(2 / max(1, np.prod(weight.shape[:-1])))
        value = rng.normal(0, min(spread, 0.1) if len(weight.shape) < 2 else spread, weight.shape)
        if weight.path.endswith(("gamma", "moving_variance")):
            value = 1 + np.abs(value)
        values.append(value.astype("float32"))
    return values


NUMBERS = {
    "VGG16": {"include_top": False, "pooling": "max"},
    "ResNet50": {"classes": 5},
    "ResNet50V2": {"include_top": False, "pooling": "avg"},
    "MobileNet": {"alpha": 0.25, "classes": 5},
    "MobileNetV2": {"alpha": 0.35, "classes": 5, "classifier_activation": None},
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(rng, name):
    ours, theirs = both(name, input_shape=(40, 40, 3), **NUMBERS[name])
    values = drawn(rng, theirs)
    theirs.set_weights(values)
    ours.set_weights(values)
    x = rng.uniform(-1, 1, (2, 40, 40, 3)).astype("float32")
    expected = theirs.predict(x, verbose=0)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(
        ours.predict(x, verbose=0) / scale, expected / scale, atol=1e-5
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


def asked(library, files, monkeypatch, name, include_top):
    """Return which file of weights a network asks for."""

    def ask(fname, origin, cache_subdir, file_hash=None):
        raise Asked(fname, origin, cache_subdir, file_hash)

    monkeypatch.setattr(files, "get_file", ask)
    with warnings.catch_warnings():
        # Keras says that there are several sizes
        warnings.simplefilter("ignore")
        with pytest.raises(Asked) as caught:
            made(library, name, weights="imagenet", include_top=include_top)
    return caught.value.args


# VGG's tops take half a gigabyte.
@pytest.mark.parametrize(
    ("name", "include_top"),
    [(name, top) for name in NAMES for top in (True, False) if name not in WIDE or not top],
)
def test_weights_are_those_that_keras_publishes(monkeypatch, name, include_top):
    files = inspect.getmodule(keras.applications.VGG16).file_utils
    theirs = asked(keras, files, monkeypatch, name, include_top)
    ours = asked(kerasish, applications.building, monkeypatch, name, include_top)
    assert ours == theirs


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
