"""Files go both ways between kerasish and real Keras."""

import os
import warnings

os.environ.setdefault("KERAS_BACKEND", "jax")

import json

import h5py
import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

from kerasish import layers, losses, metrics, models, optimizers
from kerasish.saving import load_model, serialize_keras_object

# Real Keras, on JAX and NumPy 2, warns of its own conversions.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

LOSS = "sparse_categorical_crossentropy"
TOLERANCE = 1e-5  # float32, sums of a few products in another order


def make(library, layer):
    """Return the same small model in either library."""
    return library.Sequential(
        [
            layer.Input((2, 3), name="entry"),
            layer.Flatten(name="flat"),
            layer.Dense(5, activation="relu", kernel_regularizer="l2", name="hidden"),
            layer.Dropout(0.25, name="drop"),
            layer.Reshape((5, 1), name="column"),
            layer.Flatten(name="flat_again"),
            layer.Dense(3, bias_initializer="ones", name="scores"),
            layer.Activation("softmax", name="shares"),
        ],
        name="both",
    )


def make_plain(library, layer):
    """Return a model without randomness in training."""
    return library.Sequential(
        [
            layer.Input((3,)),
            layer.Dense(4, activation="tanh", name="a"),
            layer.Dense(2, name="b"),
        ],
        name="plain",
    )


@pytest.fixture
def ours():
    return make(models, layers)


@pytest.fixture
def theirs():
    return make(keras, keras.layers)


@pytest.fixture
def data(rng):
    return rng.random((8, 2, 3), dtype="float32"), np.arange(8) % 3


def predict(model, x):
    return np.asarray(model.predict(x, verbose=0))


def assert_alike(one, other, x):
    np.testing.assert_allclose(predict(one, x), predict(other, x), atol=TOLERANCE)


def opened_by_keras(path, caplog):
    """Return a file opened by Keras, and what it warned of."""
    caplog.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "__array__ implementation")
        return keras.saving.load_model(path), [r.message for r in caplog.records]


@pytest.mark.parametrize("name", ["m.h5", "m.keras"])
def test_keras_opens_our_models(ours, theirs, data, tmp_path, name, caplog):
    ours.compile(optimizers.Adam(0.01), LOSS, metrics=["accuracy"])
    ours.fit(*data, verbose=0)
    ours.save(tmp_path / name)
    back, warned = opened_by_keras(tmp_path / name, caplog)
    assert_alike(ours, back, data[0])
    got, expected = back.evaluate(*data, verbose=0), ours.evaluate(*data, verbose=0)
    np.testing.assert_allclose(got, expected, rtol=TOLERANCE)
    assert back.optimizer.get_config() == ours.optimizer.get_config()
    # Keras logs nothing that it does not log for a file of its own.
    theirs.compile(keras.optimizers.Adam(0.01), LOSS, metrics=["accuracy"])
    theirs.fit(*data, verbose=0)
    theirs.save(tmp_path / name)
    assert warned == opened_by_keras(tmp_path / name, caplog)[1]


@pytest.mark.parametrize("name", ["m.h5", "m.keras"])
def test_we_open_models_of_keras(theirs, data, tmp_path, name):
    theirs.compile(keras.optimizers.Adam(0.01), LOSS, metrics=["accuracy"])
    theirs.fit(*data, verbose=0)
    path = tmp_path / name
    theirs.save(path)
    back = load_model(path)
    assert_alike(theirs, back, data[0])
    np.testing.assert_allclose(
        back.evaluate(*data, verbose=0),
        theirs.evaluate(*data, verbose=0),
        rtol=TOLERANCE,
    )


def test_weights_go_both_ways(ours, theirs, data, tmp_path):
    ours.save_weights(tmp_path / "o.weights.h5")
    theirs.load_weights(tmp_path / "o.weights.h5")
    assert_alike(ours, theirs, data[0])
    theirs.layers[1].set_weights([w + 1 for w in theirs.layers[1].get_weights()])
    theirs.save_weights(tmp_path / "t.weights.h5")
    ours.load_weights(tmp_path / "t.weights.h5")
    assert_alike(ours, theirs, data[0])


def test_keras_reads_weights_out_of_our_h5(ours, theirs, data, tmp_path):
    ours.save(tmp_path / "m.h5")
    theirs.load_weights(tmp_path / "m.h5")
    assert_alike(ours, theirs, data[0])


OPTIMIZERS = {
    "sgd": lambda o: o.SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda o: o.Adam(0.05),
    "rmsprop": lambda o: o.RMSprop(0.05, momentum=0.5),
    "schedule": lambda o: o.Adam(o.schedules.ExponentialDecay(0.1, 3, 0.5)),
}


@pytest.mark.parametrize("kind", sorted(OPTIMIZERS))
@pytest.mark.parametrize("name", ["m.h5", "m.keras"])
def test_training_that_keras_began_goes_on_here(kind, name, rng, tmp_path):
    x, y = rng.random((8, 3), dtype="float32"), rng.random((8, 2), dtype="float32")
    options = {"batch_size": 4, "shuffle": False, "verbose": 0}
    theirs = make_plain(keras, keras.layers)
    theirs.compile(OPTIMIZERS[kind](keras.optimizers), "mean_squared_error")
    theirs.fit(x, y, epochs=2, **options)
    theirs.save(tmp_path / name)
    back = load_model(tmp_path / name)
    theirs.fit(x, y, epochs=3, **options)
    back.fit(x, y, epochs=3, **options)
    for one, other in zip(back.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(
            one.numpy(), other.numpy(), rtol=1e-4, atol=TOLERANCE
        )


@pytest.mark.parametrize("kind", sorted(OPTIMIZERS))
def test_training_that_we_began_goes_on_in_keras(kind, rng, tmp_path):
    x, y = rng.random((8, 3), dtype="float32"), rng.random((8, 2), dtype="float32")
    options = {"batch_size": 4, "shuffle": False, "verbose": 0}
    ours = make_plain(models, layers)
    ours.compile(OPTIMIZERS[kind](optimizers), "mean_squared_error")
    ours.fit(x, y, epochs=2, **options)
    ours.save(tmp_path / "m.keras")
    back = keras.saving.load_model(tmp_path / "m.keras")
    ours.fit(x, y, epochs=3, **options)
    back.fit(x, y, epochs=3, **options)
    for one, other in zip(ours.weights, back.weights, strict=True):
        np.testing.assert_allclose(
            one.numpy(), other.numpy(), rtol=1e-4, atol=TOLERANCE
        )


@pytest.mark.parametrize("loss", "mse mae mape msle kld bce MSE logcosh".split())
def test_short_names_of_losses_survive_an_h5(loss, rng, tmp_path):
    # Keras cannot read its own .h5 of such a model.
    ours = make_plain(models, layers)
    ours.compile("sgd", loss, metrics=["mae"])
    ours.save(tmp_path / "m.h5")
    back = keras.saving.load_model(tmp_path / "m.h5")
    assert back.compiled
    assert load_model(tmp_path / "m.h5").compiled


def layout(path):
    """Return every group, dataset and attribute name of an HDF5 file."""
    found = {}

    def add(name, thing):
        shape = getattr(thing, "shape", None)
        attributes = {
            key: list(value) if isinstance(value, np.ndarray) else None
            for key, value in thing.attrs.items()
        }
        found[name] = (shape, str(getattr(thing, "dtype", "")), attributes)

    with h5py.File(path) as root:
        add("/", root)
        root.visititems(add)
    # what Keras has no place for, such as the seed of a Dropout
    return {k: v for k, v in found.items() if not k.startswith("_kerasish")}


@pytest.mark.parametrize("name", ["m.h5", "m.weights.h5"])
def test_our_files_have_the_layout_of_theirs(ours, theirs, data, tmp_path, name):
    layouts = []
    for model, library in ((ours, optimizers), (theirs, keras.optimizers)):
        model.compile(library.Adam(0.01, name="adam"), LOSS)
        model.fit(*data, verbose=0)
        path = tmp_path / name
        (model.save_weights if "weights" in name else model.save)(path)
        layouts.append(layout(path))
    assert layouts[0] == layouts[1]


def without_defaults(config):
    """Return a config without keys that hold None: libraries differ in listing them."""
    if isinstance(config, dict):
        return {k: without_defaults(v) for k, v in config.items() if v is not None}
    if isinstance(config, list):
        return [without_defaults(v) for v in config]
    return config


def test_our_h5_config_is_theirs(ours, theirs, tmp_path):
    configs = []
    for model, library in ((ours, optimizers), (theirs, keras.optimizers)):
        sgd = library.SGD(0.01, name="sgd")
        model.compile(sgd, LOSS, metrics=["accuracy"], jit_compile=True)
        model.save(tmp_path / "m.h5")
        with h5py.File(tmp_path / "m.h5") as root:
            configs.append(
                [
                    without_defaults(json.loads(root.attrs[key]))
                    for key in ("model_config", "training_config")
                ]
            )
    assert configs[0] == configs[1]


SAME_OBJECTS = [
    lambda k: k.layers.Dense(
        3, activation="relu", kernel_constraint="max_norm", name="a"
    ),
    lambda k: k.layers.Dropout(0.5, seed=3, name="a"),
    lambda k: k.layers.Reshape((2, -1), name="a"),
    lambda k: k.layers.Activation("softmax", name="a"),
    lambda k: k.losses.SparseCategoricalCrossentropy(from_logits=True),
    lambda k: k.metrics.SparseCategoricalAccuracy(name="acc"),
    lambda k: k.optimizers.Adam(0.1, amsgrad=True, name="a"),
    lambda k: k.optimizers.schedules.CosineDecay(0.1, 5),
]


class Ours:
    layers, losses, metrics, optimizers = layers, losses, metrics, optimizers


@pytest.mark.parametrize("build", SAME_OBJECTS)
def test_objects_are_written_as_keras_writes_them(build):
    ours = json.loads(json.dumps(serialize_keras_object(build(Ours))))
    theirs = json.loads(json.dumps(keras.saving.serialize_keras_object(build(keras))))
    assert without_defaults(ours) == without_defaults(theirs)
    assert keras.saving.deserialize_keras_object(ours).get_config()
