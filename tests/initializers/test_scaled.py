"""Fans, and the variance that follows from them."""

import math

import numpy as np
import pytest

from kerasish import initializers
from kerasish.initializers.scaled import compute_fans

SHAPE = (3, 3, 40, 80)
FAN_IN, FAN_OUT = 9 * 40, 9 * 80


@pytest.mark.parametrize(
    ("shape", "fans"),
    [
        ((), (1, 1)),
        ((5,), (5, 5)),
        ((4, 6), (4, 6)),
        ((3, 4, 6), (12, 18)),
        ((3, 3, 4, 6), (36, 54)),
        ((2, 3, 3, 4, 6), (72, 108)),
        ((0, 3), (0, 3)),
    ],
)
def test_fans(shape, fans):
    assert compute_fans(shape) == fans


@pytest.mark.parametrize(
    ("inputs", "outputs", "fans"),
    [
        ([0], [1, 2], (4, 30)),
        ([0, 1], [2], (20, 6)),
        ((-2,), (-1,), (5, 6)),
        ([0], None, (20, 24)),
        (None, [1, 2], (20, 24)),
    ],
)
def test_fans_of_named_axes(inputs, outputs, fans):
    assert compute_fans((4, 5, 6), inputs, outputs) == fans


AVERAGE = (FAN_IN + FAN_OUT) / 2
FAMILIES = [
    (initializers.GlorotUniform, 1 / AVERAGE, math.sqrt(3)),
    (initializers.GlorotNormal, 1 / AVERAGE, 2 / 0.87962566103423978),
    (initializers.HeUniform, 2 / FAN_IN, math.sqrt(3)),
    (initializers.HeNormal, 2 / FAN_IN, 2 / 0.87962566103423978),
    (initializers.LecunUniform, 1 / FAN_IN, math.sqrt(3)),
    (initializers.LecunNormal, 1 / FAN_IN, 2 / 0.87962566103423978),
]


@pytest.mark.parametrize(("cls", "variance", "reach"), FAMILIES)
def test_variance_and_reach(cls, variance, reach):
    values = cls(seed=1)(SHAPE, "float64")
    stddev = math.sqrt(variance)
    assert abs(values.mean()) < 5 * stddev / math.sqrt(values.size)
    assert values.var() == pytest.approx(variance, rel=5 * math.sqrt(2 / values.size))
    assert np.abs(values).max() <= reach * stddev
    assert np.abs(values).max() > 0.99 * reach * stddev


@pytest.mark.parametrize("distribution", ["untruncated_normal", "uniform", "normal"])
@pytest.mark.parametrize(
    ("mode", "count"),
    [("fan_in", FAN_IN), ("fan_out", FAN_OUT), ("fan_avg", AVERAGE)],
)
def test_variance_scaling(distribution, mode, count):
    initializer = initializers.VarianceScaling(3.0, mode, distribution, seed=1)
    values = initializer(SHAPE)
    # a normal distribution's sample variance strays furthest: sqrt(2 / n)
    assert values.var() == pytest.approx(3 / count, rel=5 * math.sqrt(2 / values.size))


def test_untruncated_reaches_beyond_two_deviations():
    values = initializers.VarianceScaling(distribution="untruncated_normal", seed=1)(
        (100, 1000)
    )
    assert np.abs(values).max() > 0.1 * 3


def test_named_axes_are_used_and_written():
    initializer = initializers.GlorotUniform(1, input_axes=(0,), output_axes=(1, 2))
    assert np.abs(initializer((40, 50, 60))).max() <= math.sqrt(6 / (40 + 3000))
    assert initializer.get_config() == {
        "seed": 1,
        "input_axes": [0],
        "output_axes": [1, 2],
    }


def test_config_is_that_of_keras():
    assert initializers.VarianceScaling(distribution="Normal").get_config() == {
        "scale": 1.0,
        "mode": "fan_in",
        "distribution": "truncated_normal",
        "seed": None,
        "input_axes": None,
        "output_axes": None,
    }
    assert initializers.HeNormal().get_config() == {
        "seed": None,
        "input_axes": None,
        "output_axes": None,
    }


def test_weights_without_inputs_do_not_divide_by_zero():
    assert initializers.GlorotUniform()((0, 0)).shape == (0, 0)


@pytest.mark.parametrize("scale", [0, -1.0, float("nan")])
def test_scale_is_positive(scale):
    with pytest.raises(ValueError, match=r"`scale`.\n.*\n.*positive"):
        initializers.VarianceScaling(scale)


def test_a_wrong_mode_is_told_the_nearest():
    with pytest.raises(ValueError, match=r"mode 'fan_inn'.\n.*'fan_in'"):
        initializers.VarianceScaling(mode="fan_inn")


def test_a_wrong_distribution_is_told_the_nearest():
    with pytest.raises(ValueError, match=r"distribution 'uniformly'.\n.*'uniform'"):
        initializers.VarianceScaling(distribution="uniformly")
