"""When training ends, and with which weights. Expected numbers are Keras 3.15.1's."""

import numpy as np
import pytest

from kerasish.callbacks import EarlyStopping


def losses(*values):
    return [{"loss": value, "val_loss": value} for value in values]


RISING = losses(1.0, 0.5, 0.6, 0.55, 0.4)


@pytest.mark.parametrize(
    ("arguments", "epochs", "num_epochs", "best", "stopped_epoch", "wait"),
    [
        ({}, RISING, 3, 0.5, 2, 1),
        ({"patience": 2}, RISING, 4, 0.5, 3, 2),
        ({"patience": 3}, RISING, 5, 0.4, 0, 0),
        ({"patience": 1, "baseline": 0.3}, RISING, 3, 0.5, 2, 3),
        ({"patience": 2, "baseline": 0.55}, RISING, 4, 0.5, 3, 2),
        ({"baseline": 0.3}, RISING, 3, 0.5, 2, 3),
        ({"start_from_epoch": 2}, losses(0.1, 0.5, 0.6, 0.55, 0.6), 5, 0.55, 4, 1),
        ({"start_from_epoch": 9}, RISING, 5, None, 0, 0),
        ({"min_delta": 0.2}, losses(1.0, 0.9, 0.85), 2, 1.0, 1, 1),
        ({"mode": "max"}, losses(0.5, 0.8, 0.8), 3, 0.8, 2, 1),
        ({"mode": "max", "min_delta": 0.2}, losses(0.5, 0.8, 0.9), 3, 0.8, 2, 1),
        ({}, losses(float("inf"), float("inf"), 1.0), 2, float("inf"), 1, 1),
    ],
)
def test_when_it_stops(arguments, epochs, num_epochs, best, stopped_epoch, wait, fit):
    callback = EarlyStopping(**arguments)
    assert fit(callback, epochs) == num_epochs
    assert callback.best == best
    assert callback.stopped_epoch == stopped_epoch
    assert callback.wait == wait


def test_a_first_value_that_is_nan_is_never_beaten(fit):
    callback = EarlyStopping()
    assert fit(callback, losses(float("nan"), 1.0)) == 2
    assert np.isnan(callback.best)


def test_the_first_epoch_never_ends_training(fit):
    assert fit(EarlyStopping(baseline=0.1), losses(1.0)) == 1


def test_it_is_quiet_by_default(fit, capsys):
    fit(EarlyStopping(restore_best_weights=True), RISING)
    assert capsys.readouterr().out == ""


def test_what_it_tells(fit, capsys):
    fit(EarlyStopping(patience=2, verbose=1, restore_best_weights=True), RISING)
    assert capsys.readouterr().out == (
        "Epoch 4: early stopping\n"
        "Restoring model weights from the end of the best epoch: 2.\n"
    )


def test_the_best_weights_come_back(model, fit):
    callback = EarlyStopping(patience=2, restore_best_weights=True)
    fit(callback, RISING)
    np.testing.assert_array_equal(model.weights[0], [2.0, 2.0])
    assert callback.best_epoch == 1


def test_also_when_training_ran_to_its_end(model, fit, capsys):
    callback = EarlyStopping(patience=2, verbose=1, restore_best_weights=True)
    fit(callback, losses(1.0, 0.5, 0.6))
    np.testing.assert_array_equal(model.weights[0], [2.0, 2.0])
    assert capsys.readouterr().out == (
        "Restoring model weights from the end of the best epoch: 2.\n"
    )


def test_without_being_asked_the_last_weights_stay(model, fit):
    callback = EarlyStopping(patience=2)
    fit(callback, RISING)
    np.testing.assert_array_equal(model.weights[0], [4.0, 4.0])
    assert callback.best_weights is None


def test_best_weights_count_from_start_from_epoch(model, fit):
    epochs = losses(0.1, 0.5, 0.6, 0.55, 0.6)
    fit(EarlyStopping(start_from_epoch=2, restore_best_weights=True), epochs)
    np.testing.assert_array_equal(model.weights[0], [4.0, 4.0])


@pytest.mark.parametrize(
    ("logs", "available"),
    [({"loss": 1.0, "acc": 2.0}, "loss,acc"), ({}, ""), (None, "")],
)
def test_a_missing_metric_is_told_of(logs, available, fit):
    callback = EarlyStopping()
    message = (
        "Early stopping conditioned on metric `val_loss` which is not available. "
        f"Available metrics are: {available}$"
    )
    with pytest.warns(UserWarning, match=message):
        fit(callback, [logs])
    assert (callback.best, callback.wait) == (None, 0)


def test_a_second_fit_starts_anew(fit):
    callback = EarlyStopping(min_delta=0.1)
    fit(callback, losses(0.1, 0.2))
    assert fit(callback, losses(1.0, 0.5, 0.6)) == 3
    assert callback.best == 0.5
    assert callback.min_delta == -0.1
