"""Constraints agree with Keras in what they leave, in names and configs."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

from kerasish import constraints

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

CASES = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 1, "axis": [0, 1]}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.0, "max_value": 2.0, "rate": 0.5, "axis": 1}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": [0, 1]}),
]


@pytest.mark.parametrize(("name", "settings"), CASES)
@pytest.mark.parametrize("scale", [1.0, 1e-7, 0.0])
def test_values(rng, name, settings, scale):
    # at 1e-7 the epsilon beside the norm decides the result
    w = (rng.normal(size=(5, 3)) * scale).astype("float32")
    ours = getattr(constraints, name)(**settings)(w)
    theirs = getattr(keras.constraints, name)(**settings)(w)
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-20)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_config(name, settings):
    ours = constraints.serialize(getattr(constraints, name)(**settings))
    theirs = keras.constraints.serialize(getattr(keras.constraints, name)(**settings))
    assert ours == theirs


@pytest.mark.parametrize("name", ["max_norm", "min_max_norm", "non_neg", "unit_norm"])
def test_names(name):
    ours, theirs = constraints.get(name), keras.constraints.get(name)
    assert type(ours).__name__ == type(theirs).__name__


def test_no_name_is_missing():
    theirs = {n for n in dir(keras.constraints) if not n.startswith("_")}
    assert set(constraints.__all__) == theirs
