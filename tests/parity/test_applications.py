"""Networks have the layers, names, weights and numbers of real Keras."""

import inspect
import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import h5py
import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from kerasish import applications

NAMES = [name for name in applications.__all__ if name[0].isupper()]
# One of each kind stands for what does not depend on the number of blocks.
KINDS = [
    *("VGG16", "ResNet50", "ResNet50V2", "MobileNet", "MobileNetV2", "DenseNet121"),
    *("MobileNetV3Small", "MobileNetV3Large", "InceptionV3", "Xception"),
    "EfficientNetB0",
]


@pytest.fixture(autouse=True)
def no_draws(monkeypatch):
    """Let weights begin as numbers: JAX compiles a draw for every shape."""
    first = {"GlorotUniform": 0, "VarianceScaling": 0, "Zeros": 0, "Ones": 1}
    for library in (keras, kerasish):
        for kind, number in first.items():
            owner = getattr(library.initializers, kind)
            monkeypatch.setattr(owner, "__call__", constant(number))


def constant(number):
    """Return what an initializer's call is replaced by."""
    return lambda self, shape, *given, **_: np.full(tuple(shape), number, "float32")


def made(library, name, /, **options):
    """Return a network with no weights to load."""
    library.utils.clear_session()
    return getattr(library.applications, name)(**({"weights": None} | options))


def both(name, /, **options):
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
        if layer["class_name"] == "Reshape":
            layer.pop("build_config", None)
    weights = [(weight.path, list(weight.shape)) for weight in model.weights]
    return [*config.pop("layers"), config, weights]


def check_same(ours, theirs):
    """Compare all that two networks consist of."""
    for mine, other in zip(described(ours), described(theirs), strict=True):
        assert mine == other
    assert ours.name == theirs.name
    assert ours.output_shape == theirs.output_shape
    assert ours.count_params() == theirs.count_params()


@pytest.fixture
def asked(monkeypatch):
    """Note which files of weights are asked for, and load none."""
    notes = []

    def ask(fname, origin, cache_subdir, file_hash=None):
        notes.append((fname, origin, cache_subdir, file_hash))
        return fname

    theirs = inspect.getmodule(keras.applications.VGG16).file_utils
    for files in (theirs, applications.building):
        monkeypatch.setattr(files, "get_file", ask)
    for library in (keras, kerasish):
        monkeypatch.setattr(library.Model, "load_weights", lambda *given, **_: None)
    return notes


# The tops of VGG take half a gigabyte. tests/applications counts all weights of all.
PUBLISHED = [(name, False) for name in (*KINDS, "VGG19", "ResNet101V2")]
PUBLISHED += [(name, True) for name in KINDS if name != "VGG16"]
PUBLISHED += [("EfficientNetB1", True)]


@pytest.mark.parametrize(("name", "include_top"), PUBLISHED)
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined or non-square")
def test_layers_and_published_weights(asked, name, include_top):
    check_same(*both(name, weights="imagenet", include_top=include_top))
    ours, theirs = asked
    assert ours == theirs


@pytest.mark.parametrize(
    ("name", "pooling"),
    [
        ("VGG16", "max"),
        ("ResNet50", "avg"),
        ("MobileNetV2", "max"),
        ("MobileNetV3Small", "avg"),
        ("InceptionV3", "max"),
        ("EfficientNetB0", "avg"),
    ],
)
def test_layers_when_pooled(name, pooling):
    options = {"input_shape": (97, 82, 3), "pooling": pooling}
    check_same(*both(name, include_top=False, **options))


@pytest.mark.parametrize(
    ("name", "size"), [("VGG16", 32), ("MobileNet", 33), ("ResNet50", 34)]
)
def test_layers_with_top(name, size):
    options = {"classes": 3, "classifier_activation": None}
    check_same(*both(name, input_shape=(size, 32, 1), **options))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("MobileNet", {"alpha": 0.75, "dropout": 0.5, "depth_multiplier": 2}),
        ("MobileNet", {"alpha": 1.3}),
        ("MobileNetV2", {"alpha": 0.35}),
        ("MobileNetV2", {"alpha": 0.6, "classifier_activation": None}),
        ("MobileNetV2", {"alpha": 1.4}),
        ("MobileNetV3Small", {"alpha": 1.25, "dropout_rate": 0}),
        ("MobileNetV3Small", {"include_preprocessing": False, "name": "mine"}),
        ("MobileNetV3Large", {"alpha": 0.5, "minimalistic": True}),
    ],
    ids=str,
)
def test_options(name, options):
    check_same(*both(name, **options))


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
        inputs = np.prod(weight.shape[:-1]) if len(weight.shape) > 1 else 200
        spread = np.sqrt(2 / inputs)
        value = rng.normal(0, spread, weight.shape)
        if weight.path.startswith("normalization"):
            # Keras takes these from files alone
            value = np.full(weight.shape, weight.path.endswith("variance"))
        elif weight.path.endswith(("gamma", "variance")):
            value = 1 + np.abs(value)
        values.append(value.astype(weight.dtype))
    return values


NUMBERS = {
    "VGG16": {"include_top": False, "pooling": "max"},
    "ResNet50": {"classes": 5},
    "MobileNetV2": {"alpha": 0.35, "classes": 5, "classifier_activation": None},
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(rng, name):
    options = {"input_shape": (40, 40, 3)} | NUMBERS[name]
    ours, theirs = both(name, **options)
    values = drawn(rng, theirs)
    theirs.set_weights(values)
    ours.set_weights(values)
    x = rng.uniform(0, 255, (2, *options["input_shape"])).astype("float32")
    if not ours.layers[1].name.startswith("rescaling"):
        x = x / 127.5 - 1
    expected = theirs.predict(x, verbose=0)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(
        ours.predict(x, verbose=0) / scale, expected / scale, atol=1e-5
    )


@pytest.mark.parametrize("ending", ["weights.h5", "h5", "keras", "published.h5"])
def test_files_of_keras_load(tmp_path, rng, ending):
    options = {"alpha": 0.35, "input_shape": (32, 32, 3), "classes": 4}
    theirs = keras.applications.MobileNetV2(weights=None, **options)
    theirs.set_weights(drawn(rng, theirs))
    path = str(tmp_path / f"net.{ending}")
    if ending == "weights.h5":
        theirs.save_weights(path)
    elif ending == "published.h5":
        save_as_published(theirs, path)
    else:
        theirs.save(path)
    ours = applications.MobileNetV2(weights=path, **options)
    for value, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


def save_as_published(model, path):
    """Save weights as Keras 2 did: what a whole model's file has inside, alone."""
    model.save(f"{path}.h5")
    with h5py.File(f"{path}.h5") as whole, h5py.File(path, "w") as root:
        weights = whole["model_weights"]
        for name in weights:
            weights.copy(name, root)
        root.attrs.update(weights.attrs)


@pytest.mark.parametrize("name", NAMES)
def test_signatures(name):
    ours = inspect.signature(getattr(applications, name)).parameters.values()
    theirs = inspect.signature(getattr(keras.applications, name)).parameters.values()
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


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
    "name", [name for name in applications.__all__ if name[0].islower()]
)
def test_preprocessing_of_a_family(rng, name):
    x = rng.uniform(0, 255, (1, 2, 2, 3)).astype("float32")
    ours, theirs = (
        getattr(library, name).preprocess_input(x.copy())
        for library in (applications, keras.applications)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)
