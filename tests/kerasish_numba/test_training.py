"""Training on the Numba backend ends where training on NumPy ends."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

import kerasish as keras
from kerasish.backend import backend_scope

RNG = np.random.default_rng(7)
L = keras.layers


def mlp():
    return [L.Dense(16, "relu"), L.BatchNormalization(), L.Dense(3, "softmax")], (8,)


def cnn():
    return [
        L.Conv2D(4, 3, activation="relu"),
        L.MaxPooling2D(),
        L.Flatten(),
        L.Dense(3, "softmax"),
    ], (8, 8, 2)


def recurrent():
    return [L.LSTM(6), L.Dense(3, "softmax")], (5, 4)


def attention():
    return [
        L.LayerNormalization(),
        L.Dense(8, "gelu"),
        L.GlobalAveragePooling1D(),
        L.Dense(3, "softmax"),
    ], (6, 4)


def trained(backend, make, optimizer):
    keras.utils.set_random_seed(5)
    with backend_scope(backend):
        layers, shape = make()
        model = keras.Sequential([keras.Input(shape), *layers])
        model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
        rng = np.random.default_rng(1)
        x = rng.normal(size=(36, *shape)).astype("float32")
        y = np.eye(3, dtype="float32")[rng.integers(0, 3, 36)]
        history = model.fit(x, y, batch_size=8, epochs=2, verbose=0).history
        return history, model.get_weights(), model.predict(x, verbose=0)


@pytest.mark.parametrize("make", [mlp, cnn, recurrent, attention])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_weights_and_outputs_are_numpys(make, optimizer):
    history, weights, outputs = trained("numba", make, optimizer)
    expected_history, expected_weights, expected = trained("numpy", make, optimizer)
    for one, other in zip(weights, expected_weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(history["loss"], expected_history["loss"], rtol=1e-5)


def test_equal_seeds_give_equal_bits():
    first, second = (trained("numba", mlp, "adam")[1] for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
