"""Subnormal numbers, 25 to 170 times as slow as others, do not settle in a model.

The moments of dead units decay by a tenth a step, below the smallest normal float32
after some 830 steps.
"""

import contextlib

import numpy as np
import pytest

import kerasish
from kerasish import layers
from kerasish.backend import get_backend, load_backend
from kerasish.training import loop
from kerasish_numpy import denormals

STEPS = 1500
TINY = np.finfo("float32").tiny


def network():
    """Return a model half of whose units die after a first, lively step."""
    model = kerasish.Sequential(
        [layers.Input((3,)), layers.Dense(8, activation="relu"), layers.Dense(1)]
    )
    model.compile(kerasish.optimizers.Adam(1e-4), "mse")
    return model


def num_subnormal(model):
    """Return how many weights and moments are subnormal after `STEPS` steps."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 3)).astype("float32")
    y = np.ones((4, 1), "float32")
    model.train_on_batch(x, y)
    bias = model.layers[0].bias
    bias.assign(np.where(np.arange(8) % 2, -1000.0, bias.numpy()))
    many = np.tile(x, (STEPS, 1)), np.tile(y, (STEPS, 1))
    model.fit(*many, batch_size=4, shuffle=False, verbose=0)
    held = [v.numpy() for v in (*model.weights, *model.optimizer.variables)]
    floats = np.concatenate([a.ravel() for a in held if a.dtype == np.float32])
    return int(((np.abs(floats) < TINY) & (floats != 0)).sum())


@pytest.fixture
def no_hardware(monkeypatch):
    """Take the hardware's mode away, as on other machines than x86-64 with Linux."""
    monkeypatch.setattr(denormals, "FlushToZero", contextlib.nullcontext)
    monkeypatch.setattr(type(load_backend("numpy")), "flushes_denormals", False)


@pytest.fixture(autouse=True)
def on_numpy():
    kerasish.config.set_backend("numpy")


@pytest.mark.slow
@pytest.mark.skipif(not denormals.AVAILABLE, reason="x86-64 with Linux only")
def test_the_hardware_flushes_them():
    assert get_backend().flushes_denormals
    assert num_subnormal(network()) == 0


@pytest.mark.slow
def test_elsewhere_the_loop_does(no_hardware):
    assert num_subnormal(network()) == 0


@pytest.mark.slow
def test_without_either_they_would_be_there(no_hardware, monkeypatch):
    monkeypatch.setattr(loop, "flush_state", lambda trainer: None)
    assert num_subnormal(network()) > 10


def test_the_mode_ends_with_the_call():
    model = network()
    model.train_on_batch(np.ones((4, 3)), np.ones((4, 1)))
    model.predict(np.ones((4, 3)), verbose=0)
    half = np.float32(TINY) / np.float32(2)
    assert half != 0


def test_subnormal_inputs_change_no_result_beyond_rounding():
    model = network()
    x = np.full((4, 3), TINY / 4, "float32")
    expected = model.predict(np.zeros((4, 3)), verbose=0)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-30)
