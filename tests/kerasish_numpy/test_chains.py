"""Long chains of elementwise steps, block by block, against each step by itself."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, models
from kerasish.backend import load_backend
from kerasish.backend.contract import Step
from kerasish_numpy import chains
from kerasish_numpy.workers import WORKERS

NUMPY = load_backend("numpy")
SIZE = chains.LEAST + 77


def floats(rng, *shape):
    return rng.normal(size=shape or SIZE).astype("float32")


def bind(*steps):
    return chains.bind_chain(NUMPY, WORKERS, [Step(*s, {}) for s in steps])


@pytest.mark.parametrize("threads", [1, 2])
def test_a_chain_computes_what_its_steps_do(threads, rng, monkeypatch):
    monkeypatch.setattr(WORKERS, "number", lambda work, most: threads)
    x, y, out, rate = floats(rng), floats(rng), np.empty(SIZE, "float32"), np.ones(())
    rate = rate.astype("float32") * 3
    expected = np.sqrt(np.square(x)) + (y - x) * rate
    call = bind(
        ("square", out, (x,)),
        ("sqrt", out, (out,)),
        ("subtract", y, (y, x)),
        ("multiply", y, (y, rate.reshape(1, 1))),
        ("add", out, (out, y)),
    )
    call()
    np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_arrays_of_several_axes(rng):
    x, out = floats(rng, 1000, 600), np.empty((1000, 600), "float32")
    bind(("negative", out, (x,)), ("add", out, (out, x.reshape(1, 1000, 600))))()
    assert not out.any()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("form", [(7,), (1, 7), (5, 7), (1, 1, 5, 7)])
def test_a_bias_along_the_last_axes(threads, form, rng, monkeypatch):
    monkeypatch.setattr(WORKERS, "number", lambda work, most: threads)
    shape = (chains.LEAST // 35 + 3, 5, 7)
    x, bias, out = floats(rng, *shape), floats(rng, *form), np.empty(shape, "float32")
    expected = np.maximum(x + bias.reshape(-1, 7), 0) * bias.reshape(-1, 7)
    zero = np.zeros((), "float32")
    call = bind(
        ("add", out, (x, bias)),
        ("maximum", out, (out, zero)),
        ("multiply", out, (out, bias)),
    )
    call()
    np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_biases_of_two_lengths_and_columns_are_left_alone(rng):
    shape = (chains.LEAST // 35 + 3, 5, 7)
    x, out = floats(rng, *shape), np.empty(shape, "float32")
    two = [floats(rng, 7), floats(rng, 5, 7)]
    assert bind(("add", out, (x, two[0])), ("add", out, (out, two[1]))) is None
    assert (
        bind(
            ("add", out, (x, floats(rng, 5, 1))),
        )
        is None
    )
    assert (
        bind(
            ("add", out, (x, floats(rng, shape[0], 1, 1))),
        )
        is None
    )


def test_short_chains_are_left_alone(rng):
    x = floats(rng, 100)
    assert bind(("negative", x, (x,)), ("square", x, (x,))) is None


def test_what_reads_elsewhere_than_it_is_written_is_left_alone(rng):
    whole, out = floats(rng, SIZE + 1), np.empty(SIZE, "float32")
    x, shifted = whole[:-1], whole[1:]
    assert bind(("negative", x, (out,)), ("add", out, (out, shifted))) is None
    table = floats(rng, 1000, 600)
    first = table[0]  # a row that the first block changes
    assert bind(("add", table, (table, first)), ("square", table, (table,))) is None
    turned = floats(rng, 600, 1000).T
    assert bind(("add", table, (table, turned)), ("square", table, (table,))) is None


def test_training_a_large_layer_is_the_same(rng, monkeypatch):
    x = floats(rng, 8, 750)
    weights = []
    for least in (chains.LEAST, 1 << 40):
        monkeypatch.setattr(chains, "LEAST", least)
        kerasish.utils.set_random_seed(1)
        model = models.Sequential([layers.Input((750,)), layers.Dense(750)])
        model.compile("adam", "mse")
        model.fit(x, x, batch_size=4, epochs=2, verbose=0)
        weights.append(model.get_weights()[0])
    np.testing.assert_allclose(*weights, rtol=1e-6, atol=1e-7)
