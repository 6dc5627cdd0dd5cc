"""Regularizers agree with Keras in penalties, names and configs."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

from kerasish import regularizers

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

CASES = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.3}),
]


@pytest.mark.parametrize(("name", "settings"), CASES)
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_penalty(rng, name, settings, shape):
    x = rng.normal(size=shape).astype("float32")
    ours = getattr(regularizers, name)(**settings)(x)
    theirs = getattr(keras.regularizers, name)(**settings)(x)
    assert str(ours.dtype) == str(theirs.dtype)
    assert float(ours) == pytest.approx(float(theirs), rel=2e-6)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_config(name, settings):
    ours = regularizers.serialize(getattr(regularizers, name)(**settings))
    theirs = keras.regularizers.serialize(getattr(keras.regularizers, name)(**settings))
    # Keras rounds some factors to float32 first
    for config in (ours["config"], theirs["config"]):
        config.update({k: np.float32(v) for k, v in config.items() if k != "mode"})
    assert ours == theirs


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_keras_reads_our_config(rng, name, settings):
    x = rng.normal(size=(4, 3)).astype("float32")
    ours = getattr(regularizers, name)(**settings)
    theirs = keras.regularizers.deserialize(regularizers.serialize(ours))
    assert float(theirs(x)) == pytest.approx(float(ours(x)), rel=2e-6)


@pytest.mark.parametrize(
    "name", ["l1", "l2", "L1", "L2", "l1l2", "L1L2", "orthogonal_regularizer"]
)
def test_names(name):
    ours, theirs = regularizers.get(name), keras.regularizers.get(name)
    assert type(ours).__name__ == type(theirs).__name__


def test_no_name_is_missing():
    theirs = {n for n in dir(keras.regularizers) if not n.startswith("_")}
    assert set(regularizers.__all__) == theirs
