"""Low-rank adapters against real Keras: outputs, training, files both ways."""

import numpy as np
import pytest

import kerasish
from kerasish import layers

keras = pytest.importorskip("keras", reason="needs the parity extra")

RNG = np.random.default_rng(3)
FLOATS = RNG.normal(size=(8, 4)).astype("float32")
IMAGES = RNG.normal(size=(8, 5, 5, 3)).astype("float32")
NUMBERS = RNG.integers(0, 5, (8, 3)).astype("int32")
CASES = {
    "Dense": (lambda kit: kit.Dense(3), FLOATS),
    "EinsumDense": (lambda kit: kit.EinsumDense("ab,bc->ac", 3), FLOATS),
    "Embedding": (lambda kit: kit.Embedding(5, 3), NUMBERS),
    "Conv2D": (lambda kit: kit.Conv2D(3, 2), IMAGES),
}


def model_of(package, name):
    make, x = CASES[name]
    inner = make(package.layers)
    model = package.Sequential([package.Input(x.shape[1:], dtype=x.dtype.name), inner])
    inner.enable_lora(2, lora_alpha=3)
    model.compile(package.optimizers.Adam(0.1), "mse")
    return model


def pair(name):
    """Return Keras's model and ours with equal weights, and their data."""
    theirs, ours = model_of(keras, name), model_of(kerasish, name)
    values = [RNG.normal(size=w.shape).astype("float32") for w in theirs.weights]
    theirs.set_weights(values)
    ours.set_weights(values)
    x = CASES[name][1]
    y = RNG.normal(size=theirs.output_shape[1:]).astype("float32")
    return theirs, ours, x, np.broadcast_to(y, (len(x), *y.shape)).copy()


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_training(name):
    theirs, ours, x, y = pair(name)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    np.testing.assert_allclose(
        ours.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=1e-5, atol=1e-5
    )
    for model in (theirs, ours):
        for _ in range(3):
            model.train_on_batch(x, y)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_files_both_ways(name, tmp_path):
    theirs, ours, x, _ = pair(name)
    expected = theirs.predict(x, verbose=0)
    theirs.save_weights(tmp_path / "k.weights.h5")
    ours.layers[0]._lora_b.assign(np.zeros(ours.layers[0]._lora_b.shape))
    ours.load_weights(tmp_path / "k.weights.h5")
    np.testing.assert_allclose(
        ours.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5
    )
    ours.save_weights(tmp_path / "o.weights.h5")
    theirs.load_weights(tmp_path / "o.weights.h5")
    np.testing.assert_allclose(
        theirs.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5
    )


def test_a_config_of_keras_has_its_adapters_here():
    config = keras.layers.Dense(3, lora_rank=2, lora_alpha=4).get_config()
    layer = layers.Dense.from_config(config)
    layer.build((None, 4))
    assert layer.lora_enabled
    assert layer.lora_alpha == 4
