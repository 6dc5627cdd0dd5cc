"""Files of weights, of published models and split ones, go both ways with Keras."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import json

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from kerasish import applications
from kerasish.saving.api import load_weights, save_weights

pytestmark = [
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5"),
    pytest.mark.filterwarnings("ignore:Weights split over several files"),
]

SHARD = 2e-4  # GiB
# The second holds what a Normalization knows of the data.
PUBLISHED = {
    "MobileNetV2": {"input_shape": (32, 32, 3), "alpha": 0.35, "classes": 7},
    "EfficientNetB0": {"input_shape": (32, 32, 3), "include_top": False},
}


def made(library, name):
    return getattr(library, name)(weights=None, **PUBLISHED[name])


SLOW = pytest.param("EfficientNetB0", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=["MobileNetV2", SLOW])
def theirs(request):
    """A published architecture, made by Keras, with weights that are all different."""
    model = made(keras.applications, request.param)
    rng = np.random.default_rng(1)
    model.set_weights([rng.random(w.shape, "float32") for w in model.get_weights()])
    return request.param, model


def assert_same(ours, theirs):
    got, expected = ours.get_weights(), theirs.get_weights()
    assert len(got) == len(expected)
    assert all(map(np.array_equal, got, expected))


@pytest.mark.parametrize("ending", ["weights.h5", "h5", "keras"])
def test_weights_that_keras_saved_fit_our_architecture(theirs, ending, tmp_path):
    name, model = theirs
    path = tmp_path / f"m.{ending}"
    (model.save_weights if ending == "weights.h5" else model.save)(path)
    ours = made(applications, name)
    load_weights(ours, path)
    assert_same(ours, model)


def test_weights_are_paired_by_name_too(theirs, tmp_path):
    name, model = theirs
    model.save(tmp_path / "m.h5")
    ours = made(applications, name)
    for layer, other in zip(ours.layers, model.layers, strict=True):
        layer.name = other.name  # Keras has numbered the unnamed ones
    load_weights(ours, tmp_path / "m.h5", by_name=True)
    assert_same(ours, model)


def test_a_path_is_taken_for_weights(theirs, tmp_path):
    name, model = theirs
    model.save_weights(tmp_path / "m.weights.h5")
    arguments = {**PUBLISHED[name], "weights": str(tmp_path / "m.weights.h5")}
    assert_same(getattr(applications, name)(**arguments), model)


def test_weights_saved_here_fit_keras(theirs, tmp_path):
    name, _ = theirs
    ours = made(applications, name)
    save_weights(ours, tmp_path / "m.weights.h5")
    other = made(keras.applications, name)
    other.load_weights(tmp_path / "m.weights.h5")
    assert_same(ours, other)


def test_we_read_weights_that_keras_split(theirs, tmp_path):
    name, model = theirs
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=40 * SHARD)
    ours = made(applications, name)
    load_weights(ours, tmp_path / "m.weights.json")
    assert_same(ours, model)


def mlp(library):
    dense = library.layers.Dense
    return library.Sequential([library.Input((64,)), dense(512), dense(64), dense(3)])


def test_keras_reads_weights_that_we_split(tmp_path):
    ours, theirs = mlp(kerasish), mlp(keras)
    ours.compile("adam", "mse")
    ours.fit(np.ones((2, 64)), np.ones((2, 3)), verbose=0)
    ours.optimizer.build(ours.trainable_variables)
    save_weights(ours, tmp_path / "m.weights.json", max_shard_size=SHARD)
    assert len(list(tmp_path.glob("*.h5"))) > 2
    theirs.load_weights(tmp_path / "m.weights.json")
    assert_same(ours, theirs)


def test_we_split_as_keras_does(tmp_path):
    maps = []
    for library, folder in ((kerasish, "ours"), (keras, "theirs")):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "m.weights.json"
        mlp(library).save_weights(path, max_shard_size=SHARD)
        maps.append(json.loads(path.read_text()))
        files = sorted(p.name for p in path.parent.iterdir())
        maps[-1]["files"] = files
    assert maps[0] == maps[1]
