"""Learning rate schedules agree with Keras in float32 at every step."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import inspect

import numpy as np
import pytest

from kerasish.optimizers import schedules

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

STEPS = [0, 1, 3, 5, 6, 7, 9, 10, 11, 17, 20, 21, 30, 31, 40, 41, 70, 150, 1000, 10**6]
CASES = [
    ("ExponentialDecay", (0.1, 10, 0.9)),
    ("ExponentialDecay", (0.1, 10, 0.9, True)),
    ("InverseTimeDecay", (0.1, 10, 0.9)),
    ("InverseTimeDecay", (0.1, 10, 0.9, True)),
    ("PiecewiseConstantDecay", ([5, 20], [0.1, 0.01, 0.001])),
    ("PiecewiseConstantDecay", ([5.5, 20.0], [0.1, 0.01, 0.001])),
    ("PolynomialDecay", (0.1, 30)),
    ("PolynomialDecay", (0.1, 30, 0.01, 2.0)),
    ("PolynomialDecay", (0.1, 30, 0.01, 0.5)),
    ("PolynomialDecay", (0.1, 30, 0.01, 1.0, True)),
    ("CosineDecay", (0.1, 30)),
    ("CosineDecay", (0.01, 30, 0.1, "cosine", 0.2, 10)),
    ("CosineDecay", (0.01, 30, 0.1, "cosine", 0.2, 0)),
    ("CosineDecayRestarts", (0.1, 10)),
    ("CosineDecayRestarts", (0.1, 7, 1.5, 0.9, 0.05)),
    ("CosineDecayRestarts", (0.1, 7, 1.0, 0.9, 0.05)),
]


def both(name, arguments):
    ours = getattr(schedules, name)(*arguments)
    return ours, getattr(keras.optimizers.schedules, name)(*arguments)


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_rates(name, arguments):
    ours, theirs = both(name, arguments)
    x = [float(ours(step)) for step in STEPS]
    y = [float(theirs(step)) for step in STEPS]
    np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-8)
    assert str(ours(3).dtype) == str(theirs(3).dtype)


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_config(name, arguments):
    ours, theirs = both(name, arguments)
    config = schedules.serialize(ours)
    assert config == keras.optimizers.schedules.serialize(theirs)
    assert type(schedules.deserialize(config)).__name__ == name


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_signature(name):
    def arguments(cls):
        parameters = inspect.signature(cls).parameters.values()
        return [(p.name, p.default) for p in parameters]

    theirs = getattr(keras.optimizers.schedules, name)
    assert arguments(getattr(schedules, name)) == arguments(theirs)


def test_no_name_is_missing():
    theirs = {n for n in dir(keras.optimizers.schedules) if not n.startswith("_")}
    assert set(schedules.__all__) == theirs
