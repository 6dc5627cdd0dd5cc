"""Schedules against their formulas in float64, eagerly and inside a compiled step."""

import math

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace
from kerasish.graph.variable import Variable
from kerasish.optimizers import schedules


def exponential(step):
    return 0.1 * 0.9 ** (step / 10)


def inverse_time(step):
    return 0.1 / (1 + 0.5 * step / 10)


def piecewise(step):
    return 1.0 if step <= 10 else 0.5 if step <= 20 else 0.1


def polynomial(step):
    return (0.1 - 0.01) * (1 - min(step, 20) / 20) ** 2 + 0.01


def cycling(step):
    length = 20 * max(1, math.ceil(step / 20))
    return (0.1 - 0.01) * (1 - step / length) + 0.01


def cosine(step, start=0.1, steps=20, alpha=0.1):
    share = min(step, steps) / steps
    return start * ((1 - alpha) * 0.5 * (1 + math.cos(math.pi * share)) + alpha)


def warmed_up(step):
    if step < 5:
        return 0.02 + (0.1 - 0.02) * step / 5
    return cosine(step - 5)


def restarting(step, growth=2.0):
    period, height = 10.0, 0.1
    while step >= period:
        step, period, height = step - period, period * growth, height * 0.8
    return cosine(step, height, period, 0.0)


CASES = [
    (schedules.ExponentialDecay(0.1, 10, 0.9), exponential),
    (
        schedules.ExponentialDecay(0.1, 10, 0.9, staircase=True),
        lambda step: exponential(step // 10 * 10),
    ),
    (schedules.InverseTimeDecay(0.1, 10, 0.5), inverse_time),
    (
        schedules.InverseTimeDecay(0.1, 10, 0.5, staircase=True),
        lambda step: inverse_time(step // 10 * 10),
    ),
    (schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1]), piecewise),
    (schedules.PolynomialDecay(0.1, 20, 0.01, power=2.0), polynomial),
    (schedules.PolynomialDecay(0.1, 20, 0.01, cycle=True), cycling),
    (schedules.CosineDecay(0.1, 20, alpha=0.1), cosine),
    (
        schedules.CosineDecay(0.02, 20, 0.1, warmup_target=0.1, warmup_steps=5),
        warmed_up,
    ),
    (schedules.CosineDecay(0.02, 20, 0.1, warmup_target=0.1), cosine),
    (schedules.CosineDecayRestarts(0.1, 10, m_mul=0.8), restarting),
    (
        schedules.CosineDecayRestarts(0.1, 10, t_mul=1.0, m_mul=0.8),
        lambda step: restarting(step, growth=1.0),
    ),
]
IDS = [f"{type(schedule).__name__}-{i}" for i, (schedule, _) in enumerate(CASES)]


@pytest.mark.parametrize(("schedule", "formula"), CASES, ids=IDS)
def test_formula(schedule, formula):
    rates = [float(schedule(step)) for step in range(80)]
    exact = [formula(step) for step in range(80)]
    # one part in a million of the largest rate: float32 rounds at 6e-8
    np.testing.assert_allclose(rates, exact, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize(("schedule", "formula"), CASES, ids=IDS)
def test_runs_inside_a_compiled_step(schedule, formula):
    iteration = Variable(0, dtype="int32", trainable=False)

    def step():
        rate = schedule(iteration)
        iteration.assign_add(1)
        return rate

    backend = get_backend()
    run = compile_graph(trace(step, []), backend)
    rates = [float(backend.to_host(run())) for _ in range(45)]
    exact = [formula(step) for step in range(45)]
    np.testing.assert_allclose(rates, exact, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize(("schedule", "formula"), CASES, ids=IDS)
def test_rates_are_float32_scalars(schedule, formula):
    for step in (3, 3.0, np.int64(3), ops.convert_to_tensor(3)):
        rate = schedule(step)
        assert rate.shape == ()
        assert str(rate.dtype) == "float32"


@pytest.mark.parametrize(("schedule", "formula"), CASES, ids=IDS)
def test_config_round_trip(schedule, formula):
    config = schedules.serialize(schedule)
    assert config["module"] == "keras.optimizers.schedules"
    again = schedules.deserialize(config)
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()


def test_whole_numbers_give_fractions():
    assert float(schedules.ExponentialDecay(1, 10, 2)(5)) == pytest.approx(math.sqrt(2))
    assert float(schedules.PiecewiseConstantDecay([5], [2, 1])(3)) == 2.0


def test_boundaries_need_not_be_whole():
    schedule = schedules.PiecewiseConstantDecay([1.5], [1.0, 0.5])
    assert [float(schedule(step)) for step in (1, 2)] == [1.0, 0.5]


def test_boundaries_compare_exactly_beyond_float32():
    schedule = schedules.PiecewiseConstantDecay([2**24], [1.0, 0.5])
    assert [float(schedule(2**24 + i)) for i in (0, 1)] == [1.0, 0.5]


@pytest.mark.parametrize(
    "make",
    [
        lambda steps: schedules.ExponentialDecay(0.1, steps, 0.9),
        lambda steps: schedules.InverseTimeDecay(0.1, steps, 0.9),
        lambda steps: schedules.PolynomialDecay(0.1, steps),
        lambda steps: schedules.CosineDecay(0.1, steps),
        lambda steps: schedules.CosineDecayRestarts(0.1, steps),
    ],
)
@pytest.mark.parametrize("steps", [0, -5])
def test_the_number_of_steps_is_positive(make, steps):
    with pytest.raises(ValueError, match=r"decay_steps`.\n.*\n.*a positive number"):
        make(steps)


def test_values_and_boundaries_must_match():
    with pytest.raises(ValueError, match="2 boundaries and 2 values"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])


def test_the_base_class_says_what_to_define():
    with pytest.raises(NotImplementedError, match="define __call__"):
        schedules.LearningRateSchedule()(1)


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'ExponentialDecay'"):
        schedules.deserialize({"class_name": "ExponentialDecays", "config": {}})
