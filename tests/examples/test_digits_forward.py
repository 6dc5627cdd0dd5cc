"""Tests of `examples/digits_forward.py`: by hand, by Keras, and against NumPy."""

import digits_forward
import numpy as np
import pytest


# Over 10 seeds: an untrained network costs 0.64 to 0.79 (log 2 = 0.69); trained, 0.177
# with a standard deviation of 0.009, and 0.915 with one of 0.009 are right.
@pytest.mark.parametrize("seed", range(3))
def test_by_hand_and_by_keras(seed):
    found = digits_forward.main(seed=seed)
    # the same float32 arithmetic in another order: a few units of 6e-8
    assert found["difference"] < 1e-6
    assert found["loss"] == pytest.approx(found["keras loss"], rel=1e-5)
    assert 0.5 < found["loss"] < 0.95
    assert found["trained loss"] == pytest.approx(0.177, abs=4 * 0.009)
    assert found["trained accuracy"] > 0.915 - 4 * 0.009


def test_forward_against_numpy(rng):
    shapes = [(64, 16), (16,), (16, 1), (1,)]
    weights = [rng.normal(size=shape).astype("float32") for shape in shapes]
    x = rng.uniform(size=(5, 64)).astype("float32")
    values = digits_forward.forward(x, weights, digits_forward.ACTIVATIONS["relu"])
    W1, b1, W2, b2 = (w.astype("float64") for w in weights)
    z1 = x @ W1 + b1
    z2 = np.maximum(z1, 0) @ W2 + b2
    expected = {"z1": z1, "a1": np.maximum(z1, 0), "z2": z2, "p": 1 / (1 + np.exp(-z2))}
    assert list(values) == list(expected)
    for name, value in expected.items():
        # sums of 64 products of size 1 in float32
        np.testing.assert_allclose(values[name], value, rtol=1e-4, atol=1e-4)


def test_odd_digits_are_ones():
    assert digits_forward.odd(np.arange(4)).tolist() == [[0], [1], [0], [1]]


def test_the_loss_of_saying_one_half_is_log_2():
    y = np.array([[0.0], [1.0], [1.0]], "float32")
    loss = digits_forward.odd_even_loss(y, np.full((3, 1), 0.5, "float32"))
    assert float(loss) == pytest.approx(np.log(2), rel=1e-6)


def test_slopes_of_the_activation_functions():
    z = np.array([-2.0, -0.5, 0.7, 3.0], "float32")
    slopes = {
        name: digits_forward.slope_of(function, z)
        for name, function in digits_forward.ACTIVATIONS.items()
    }
    p = 1 / (1 + np.exp(-z))
    np.testing.assert_allclose(slopes["sigmoid"], p * (1 - p), rtol=1e-5)
    np.testing.assert_allclose(slopes["tanh"], 1 - np.tanh(z) ** 2, rtol=1e-4)
    assert slopes["step"].tolist() == [0, 0, 0, 0]
    assert slopes["relu"].tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(slopes["leaky_relu"], [0.2, 0.2, 1, 1], rtol=1e-6)


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "leaky_relu", "gelu"])
def test_every_activation_learns(activation):
    found = digits_forward.main(activation=activation)
    assert found["difference"] < 1e-6
    assert found["trained loss"] < 0.35 < found["loss"]


def test_draws(picture):
    digits_forward.main(epochs=1, output=picture)
