"""Activations agree with Keras on a grid, in values, gradient-free kinks and dtypes."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import inspect

import numpy as np
import pytest

from kerasish import activations

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

NOT_ACTIVATIONS = {"get", "serialize", "deserialize"}
NAMES = sorted(set(activations.__all__) - NOT_ACTIVATIONS)
# Keras 3.15's sparsemax does not sum to one; ours is tested against the projection.
COMPARED = [name for name in NAMES if name != "sparsemax"]
REQUIRED = {"threshold": {"threshold": 0.3, "default_value": -1.0}}


def grid(dtype):
    near = np.linspace(-6.5, 6.5, 132)
    kinks = [-3.0, -1.0, -0.5, -0.3, 0.0, 0.3, 0.5, 1.0, 3.0, 6.0, 30.0, -30.0]
    return np.concatenate([near, kinks]).reshape(-1, 4).astype(dtype)


def both(name, x, **settings):
    ours = getattr(activations, name)(x, **settings)
    theirs = getattr(keras.activations, name)(x, **settings)
    return np.asarray(ours), np.asarray(theirs)


def test_no_activation_is_missing():
    theirs = {n for n in dir(keras.activations) if not n.startswith("_")}
    assert set(activations.__all__) == theirs


@pytest.mark.parametrize("name", NAMES)
def test_signature(name):
    def arguments(function):
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, p.default) for p in parameters]

    ours, theirs = getattr(activations, name), getattr(keras.activations, name)
    assert arguments(ours) == arguments(theirs)


@pytest.mark.parametrize("name", COMPARED)
def test_values(name):
    ours, theirs = both(name, grid("float32"), **REQUIRED.get(name, {}))
    assert ours.dtype == theirs.dtype
    # a few roundings of float32 (6e-8) of the value or, near zero, of its summands
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", COMPARED)
def test_float16(name):
    x = np.clip(grid("float16"), -8, 8)
    ours, theirs = both(name, x, **REQUIRED.get(name, {}))
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(
        ours.astype("float32"), theirs.astype("float32"), rtol=5e-3, atol=5e-3
    )


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("relu", {"negative_slope": 0.1}),
        ("relu", {"negative_slope": -0.5}),
        ("relu", {"max_value": 3.0}),
        ("relu", {"max_value": 6.0}),
        ("relu", {"max_value": -1.0}),
        ("relu", {"threshold": 1.0}),
        ("relu", {"threshold": -1.0}),
        ("relu", {"negative_slope": 0.1, "max_value": 2.0}),
        ("relu", {"negative_slope": 0.1, "max_value": 2.0, "threshold": 1.0}),
        ("relu", {"negative_slope": 0.1, "max_value": 0.5, "threshold": -1.0}),
        ("leaky_relu", {"negative_slope": 0.3}),
        ("elu", {"alpha": 0.5}),
        ("celu", {"alpha": 0.5}),
        ("gelu", {"approximate": True}),
        ("gelu", {"approximate": False}),
        ("hard_shrink", {"threshold": 1.0}),
        ("soft_shrink", {"threshold": 1.0}),
        ("squareplus", {"b": 1}),
        ("softmax", {"axis": 0}),
        ("softmax", {"axis": (0, 1)}),
        ("log_softmax", {"axis": 0}),
        ("glu", {"axis": 0}),
    ],
)
def test_settings(name, settings):
    ours, theirs = both(name, grid("float32"), **settings)
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["relu", "linear", "softmax"])
def test_whole_numbers(name):
    x = np.array([[-2, 0, 3], [4, 5, -6]], dtype="int32")
    ours, theirs = both(name, x)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_written_name(name):
    ours = activations.serialize(activations.get(name))
    assert ours == keras.activations.serialize(keras.activations.get(name))
