"""Initializers agree with Keras: fixed values, bounds and spread of drawn ones, names.

Drawn values differ, as the generators do; their distributions may not.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import inspect

import numpy as np
import pytest

from kerasish import initializers
from kerasish.random import SeedGenerator

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

NAMES = sorted(name for name in dir(keras.initializers) if not name.startswith("_"))
CLASSES = [
    name for name in NAMES if name[0].isupper() and not name.endswith("Initializer")
]
SHAPE = (3, 20, 400)
FAMILIES = [
    ("RandomNormal", {"mean": 0.2, "stddev": 0.5}),
    ("RandomUniform", {"minval": -0.2, "maxval": 0.5}),
    ("TruncatedNormal", {"mean": 0.2, "stddev": 0.5}),
    ("GlorotNormal", {}),
    ("GlorotUniform", {}),
    ("GlorotUniform", {"input_axes": [0], "output_axes": [1, 2]}),
    ("HeNormal", {}),
    ("HeUniform", {}),
    ("LecunNormal", {}),
    ("LecunUniform", {}),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out"}),
    ("VarianceScaling", {"mode": "fan_avg", "distribution": "uniform"}),
    ("VarianceScaling", {"distribution": "untruncated_normal"}),
    ("Orthogonal", {"gain": 2.0}),
]
BOUNDED = [
    case
    for case in FAMILIES
    if case[0] not in ("RandomNormal", "Orthogonal")
    and case[1].get("distribution") != "untruncated_normal"
]


def both(name, settings):
    ours = getattr(initializers, name)(**settings)
    return ours, getattr(keras.initializers, name)(**settings)


def test_no_name_is_missing():
    assert set(initializers.__all__) == set(NAMES)


@pytest.mark.parametrize("name", CLASSES)
def test_signature(name):
    def arguments(cls):
        parameters = inspect.signature(cls).parameters.values()
        return [(p.name, p.default) for p in parameters]

    ours, theirs = getattr(initializers, name), getattr(keras.initializers, name)
    assert arguments(ours) == arguments(theirs)


@pytest.mark.parametrize(
    "name", [n for n in NAMES if n not in ("get", "serialize", "deserialize")]
)
def test_the_name_means_the_same_class(name):
    ours, theirs = getattr(initializers, name), getattr(keras.initializers, name)
    assert ours.__name__ == theirs.__name__


@pytest.mark.parametrize(
    "name",
    ["zero", "one", "normal", "uniform", "zeros", "he_normal", "orthogonal", "Ones"],
)
def test_the_string_means_the_same_class(name):
    ours, theirs = initializers.get(name), keras.initializers.get(name)
    assert type(ours).__name__ == type(theirs).__name__


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Zeros", {}),
        ("Ones", {}),
        ("Constant", {"value": 2.5}),
        ("Constant", {"value": [1.0, 2.0, 3.0]}),
        ("Identity", {"gain": 2.0}),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int32"])
def test_fixed_values(name, settings, dtype):
    ours, theirs = both(name, settings)
    x, y = ours((4, 3), dtype=dtype), np.asarray(theirs((4, 3), dtype=dtype))
    np.testing.assert_array_equal(x, y)
    assert x.dtype.name == dtype


@pytest.mark.parametrize(("name", "settings"), FAMILIES)
def test_mean_and_spread(name, settings):
    ours, theirs = both(name, {**settings, "seed": 1})
    x, y = ours(SHAPE), np.asarray(theirs(SHAPE))
    deviation = y.std() / np.sqrt(y.size)
    # both samples stray: five deviations of their difference
    assert abs(x.mean() - y.mean()) < 5 * np.sqrt(2) * deviation
    assert x.std() == pytest.approx(y.std(), rel=5 * np.sqrt(1 / y.size))


@pytest.mark.parametrize(("name", "settings"), BOUNDED)
def test_bounds(name, settings):
    ours, theirs = both(name, {**settings, "seed": 1})
    x, y = ours(SHAPE), np.asarray(theirs(SHAPE))
    # of 24000 values the outermost lies within 0.2% of the bound
    span = float(y.max() - y.min())
    assert x.max() == pytest.approx(float(y.max()), abs=3e-3 * span)
    assert x.min() == pytest.approx(float(y.min()), abs=3e-3 * span)


@pytest.mark.parametrize(
    ("name", "settings"),
    [*FAMILIES, ("Zeros", {}), ("Ones", {}), ("Constant", {"value": 2.0})],
)
@pytest.mark.parametrize("seed", [None, 3])
def test_config(name, settings, seed):
    if name not in ("Zeros", "Ones", "Constant"):
        settings = {**settings, "seed": seed}
    ours, theirs = both(name, settings)
    assert initializers.serialize(ours) == keras.initializers.serialize(theirs)


def test_config_of_arrays_and_seed_generators():
    array = np.array([1.0, 2.0])
    ours, theirs = both("Constant", {"value": array})
    assert initializers.serialize(ours) == keras.initializers.serialize(theirs)
    ours = initializers.RandomNormal(seed=SeedGenerator(5, name="s"))
    theirs = keras.initializers.RandomNormal(
        seed=keras.random.SeedGenerator(5, name="s")
    )
    assert initializers.serialize(ours) == keras.initializers.serialize(theirs)


@pytest.mark.parametrize("name", ["Identity", "HeNormal", "Orthogonal"])
def test_keras_reads_our_config(name):
    config = initializers.serialize(getattr(initializers, name)())
    assert type(keras.initializers.deserialize(config)).__name__ == name


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "flattop", None])
@pytest.mark.parametrize("scaling", ["density", "spectrum", None])
@pytest.mark.parametrize("shape", [(8, 1, 5), (7, 1, 4), (1, 1, 2), (5, 1, 9)])
def test_short_time_fourier_kernels(side, window, scaling, shape):
    if window == "hann" and shape[0] == 1:
        shape = (2, *shape[1:])
    settings = {"side": side, "window": window, "scaling": scaling, "periodic": True}
    ours, theirs = both("STFT", settings)
    expected = np.asarray(theirs(shape))
    np.testing.assert_allclose(ours(shape), expected, rtol=1e-5, atol=2e-6)
