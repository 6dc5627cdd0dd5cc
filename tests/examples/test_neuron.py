"""Tests of `examples/neuron.py`: its numbers, to the last digits of float64."""

import math

import neuron
import pytest

# float64 throughout: the rounding of a few operations may change the last digits
ROUNDING = 1e-14


@pytest.fixture(scope="module")
def found():
    return neuron.main()


def test_one_neuron_and_a_network_of_three(found):
    assert found["neuron"] == pytest.approx(0.9990889488055994, rel=ROUNDING)
    assert found["neuron"] == pytest.approx(1 / (1 + math.exp(-7)), rel=ROUNDING)
    assert found["network"] == pytest.approx(0.7216325609518421, rel=ROUNDING)


def test_mean_squared_error(found):
    assert found["loss"] == 0.5


def test_derivatives_by_hand_and_by_machine(found):
    by_hand, by_machine = found["by hand"], found["by machine"]
    assert list(by_hand) == list(by_machine) == neuron.PARAMETERS
    # 0.0214 is what comes out with four digits kept at each step
    assert by_machine["w1"] == pytest.approx(0.0214, abs=1e-4)
    for name in neuron.PARAMETERS:
        assert by_machine[name] == pytest.approx(by_hand[name], rel=1e-12)


def test_derivatives_are_what_the_loss_does():
    parameters = [0.3, -0.2, 0.5, 0.1, -0.7, 0.9, 0.2, -0.4, 0.6]
    x, true, step = [-2.0, -1.0], 1.0, 1e-6
    found = neuron.derivatives_by_machine(parameters, x, true)
    for i, name in enumerate(neuron.PARAMETERS):
        above = [p + step * (i == j) for j, p in enumerate(parameters)]
        below = [p - step * (i == j) for j, p in enumerate(parameters)]
        rise = loss_in_float64(above, x, true) - loss_in_float64(below, x, true)
        # central difference: wrong by step^2, and by rounding, 1e-16 / step
        assert found[name] == pytest.approx(rise / (2 * step), abs=1e-9)


def loss_in_float64(parameters, x, true):
    w1, w2, w3, w4, w5, w6, b1, b2, b3 = parameters
    h1 = neuron.sigmoid(w1 * x[0] + w2 * x[1] + b1)
    h2 = neuron.sigmoid(w3 * x[0] + w4 * x[1] + b2)
    return (true - neuron.sigmoid(w5 * h1 + w6 * h2 + b3)) ** 2


def test_draws(picture):
    neuron.main(output=picture)
