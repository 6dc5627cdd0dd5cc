"""The learning rate by schedule, and on a plateau."""

import numpy as np
import pytest

from kerasish.callbacks import LearningRateScheduler, ReduceLROnPlateau
from kerasish.callbacks.learning_rate import current_learning_rate


def losses(*values):
    return [{"val_loss": value} for value in values]


@pytest.mark.parametrize("rate", [0.25, np.float32(0.25), np.array(0.25)])
def test_current_learning_rate(rate, model):
    model.optimizer._rate = rate
    result = current_learning_rate(model)
    assert type(result) is float
    assert result == 0.25


def test_schedule_of_epoch_and_rate(model, fit):
    seen = []

    def schedule(epoch, rate):
        seen.append((epoch, rate))
        return rate / 2

    epochs = [{}, {}]
    fit(LearningRateScheduler(schedule), epochs)
    tenth = float(np.float32(0.1))
    assert seen == [(0, tenth), (1, tenth / 2)]
    assert epochs == [{"learning_rate": tenth / 2}, {"learning_rate": tenth / 4}]
    assert model.rate == tenth / 4


def test_schedule_of_epoch_alone(model, fit):
    fit(LearningRateScheduler(lambda epoch: 0.5 / (epoch + 1)), [{}, {}])
    assert model.rate == 0.25


def test_schedule_that_does_not_say_what_it_takes(model, fit):
    fit(LearningRateScheduler(max), [None])  # of epoch 0 and the rate now in force
    assert model.rate == float(np.float32(0.1))


def test_an_error_inside_the_schedule_comes_out(fit):
    def schedule(epoch, rate):
        raise TypeError("my own")

    with pytest.raises(TypeError, match="my own"):
        fit(LearningRateScheduler(schedule), [{}])


@pytest.mark.parametrize("rate", [0.5, np.float32(0.5), np.float64(0.5)])
def test_floats_that_a_schedule_may_return(rate, model, fit):
    fit(LearningRateScheduler(lambda epoch: rate), [{}])
    assert model.rate == 0.5


@pytest.mark.parametrize("rate", [1, "x", None, True, np.array(0.5)])
def test_a_schedule_must_return_a_float(rate, model, fit):
    message = "The output of the `schedule` function should be a float."
    with pytest.raises(ValueError, match=message) as error:
        fit(LearningRateScheduler(lambda epoch: rate), [{}])
    assert f"got:      {rate!r} of type {type(rate).__name__}" in str(error.value)
    assert "fix:      return float(...)" in str(error.value)


def test_an_optimizer_without_rate(model, fit):
    model.optimizer = object()
    message = 'Optimizer must have a "learning_rate" attribute.'
    with pytest.raises(ValueError, match=message):
        fit(LearningRateScheduler(lambda epoch: 0.1), [{}])


def test_what_the_scheduler_tells(fit, capsys):
    fit(LearningRateScheduler(lambda epoch: 0.25, verbose=1), [{}])
    assert capsys.readouterr().out == (
        "\nEpoch 1: LearningRateScheduler setting learning rate to 0.25.\n"
    )


def rates(epochs):
    return [round(logs["learning_rate"], 7) for logs in epochs]


@pytest.mark.parametrize(
    ("arguments", "values", "expected"),
    [
        ({"patience": 1}, [1.0, 1.0, 0.5, 0.6], [0.1, 0.1, 0.05, 0.05, 0.025]),
        ({"patience": 0}, [1.0, 1.0, 1.0], [0.1, 0.1, 0.05, 0.025]),
        ({"patience": 2}, [1.0, 1.0, 1.0, 1.0], [0.1, 0.1, 0.1, 0.05, 0.05]),
        ({"patience": 1, "mode": "max"}, [1.0, 2.0, 2.0], [0.1, 0.1, 0.1, 0.05]),
        ({"patience": 1, "min_delta": 0.2}, [1.0, 0.9], [0.1, 0.1, 0.05]),
        ({"patience": 1}, [1.0, 0.99991], [0.1, 0.1, 0.05]),
        (
            {"patience": 1, "cooldown": 2},
            [1.0] * 6,
            [0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125],
        ),
        ({"patience": 1, "min_lr": 0.04}, [1.0] * 4, [0.1, 0.1, 0.05, 0.04, 0.04]),
    ],
)
def test_plateau(arguments, values, expected, model, fit):
    epochs = losses(*values)
    fit(ReduceLROnPlateau(factor=0.5, **arguments), epochs)
    assert [*rates(epochs), round(model.rate, 7)] == expected


def test_plateau_counters(fit):
    callback = ReduceLROnPlateau(patience=1, cooldown=2, factor=0.1, min_lr=0.005)
    fit(callback, losses(*[1.0] * 9))
    assert (callback.wait, callback.cooldown_counter) == (4, 0)
    assert callback.best == 1.0
    assert not callback.in_cooldown()


def test_what_the_plateau_tells(fit, capsys):
    fit(ReduceLROnPlateau(patience=1, factor=0.5, verbose=1), losses(1.0, 1.0))
    assert capsys.readouterr().out == (
        "\nEpoch 2: ReduceLROnPlateau reducing learning rate to 0.05000000074505806.\n"
    )


@pytest.mark.parametrize("min_lr", [0.1, 0.3, 0.7])
def test_a_least_rate_that_float32_rounds_up_is_reached_once(
    min_lr, model, fit, capsys
):
    model.optimizer.learning_rate = 0.8
    callback = ReduceLROnPlateau(patience=0, factor=0.1, min_lr=min_lr, verbose=1)
    fit(callback, losses(*[1.0] * 5))
    assert capsys.readouterr().out.count("reducing") == 1


def test_a_missing_metric_is_told_of(fit):
    message = (
        "Learning rate reduction is conditioned on metric `val_loss` which is not "
        "available. Available metrics are: loss,learning_rate.$"
    )
    with pytest.warns(UserWarning, match=message):
        fit(ReduceLROnPlateau(patience=0), [{"loss": 1.0}])


def test_a_second_fit_starts_anew(fit):
    callback = ReduceLROnPlateau(patience=3)
    fit(callback, losses(0.1, 0.2))
    fit(callback, losses(1.0))
    assert (callback.best, callback.wait) == (1.0, 0)


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_a_factor_must_lower(factor):
    message = "ReduceLROnPlateau does not support a factor >= 1.0."
    with pytest.raises(ValueError, match=message) as error:
        ReduceLROnPlateau(factor=factor)
    assert f"got:      factor={factor}" in str(error.value)


def test_an_unknown_argument_is_named():
    message = "Unknown argument of ReduceLROnPlateau 'patiance'"
    with pytest.raises(TypeError, match=message) as error:
        ReduceLROnPlateau(patiance=3)
    assert "did you mean 'patience'" in str(error.value)
