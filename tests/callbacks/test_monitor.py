"""What is better: by mode, by metric, by how much."""

import operator

import numpy as np
import pytest

from kerasish.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from kerasish.callbacks.monitor import (
    HIGHER_IS_BETTER,
    LOWER_IS_BETTER,
    MonitorCallback,
    as_float32,
)

BETTER = {"min": operator.lt, "max": operator.gt}


def resolved(callback, model):
    callback.set_model(model)
    callback._set_monitor_op()
    return callback.monitor_op


@pytest.fixture
def compiled(model, metric):
    """A model as `compile` leaves it: some metrics are held by others."""
    inner = [
        metric("accuracy", "up"),
        metric("mae", "down"),
        metric("top_accuracy", "down"),
        metric("count"),
    ]
    model.metrics = [metric("loss"), metric("compile_metrics", metrics=inner)]
    return model


@pytest.mark.parametrize(
    ("monitor", "mode"),
    [
        ("loss", "min"),
        ("val_loss", "min"),
        ("accuracy", "max"),
        ("val_accuracy", "max"),
        ("val_mae", "min"),
        # With several outputs, the output's name comes first (Keras gives up here).
        ("out_loss", "min"),
        ("val_out_loss", "min"),
        ("val_out_accuracy", "max"),
        ("out_top_accuracy", "min"),
    ],
)
def test_auto_takes_the_mode_of_the_metric(monitor, mode, compiled):
    assert resolved(MonitorCallback(monitor), compiled) is BETTER[mode]


@pytest.mark.parametrize("monitor", ["count", "val_count", "unknown", "acc"])
@pytest.mark.parametrize("kind", [EarlyStopping, ReduceLROnPlateau])
def test_auto_gives_up_with_advice(kind, monitor, compiled):
    message = (
        f"{kind.__name__} callback received monitor={monitor}, but it cannot be told "
        "whether that metric should be maximized or minimized."
    )
    callback = kind(monitor=monitor)
    callback.set_model(compiled)
    callback.on_train_begin()
    with pytest.raises(ValueError, match=message) as error:
        callback.on_epoch_end(0, {monitor: 1.0})
    assert "'accuracy', 'mae'" in str(error.value)
    assert "fix:      pass `mode='max'` if higher is better" in str(error.value)


def class_named(name, base=object, **attributes):
    return type(name, (base,), {"name": "m", **attributes})


@pytest.mark.parametrize(
    ("metric", "mode"),
    [
        (class_named("AUC"), "max"),
        (class_named("MeanSquaredError"), "min"),
        (class_named("MyAUC", class_named("AUC")), "max"),
        (class_named("AUC", _direction="down"), "min"),
        (class_named("Mine", _direction="up"), "max"),
    ],
)
def test_the_mode_of_a_metric_is_known_by_class_or_direction(metric, mode, model):
    model.metrics = [metric()]
    assert resolved(MonitorCallback("val_m"), model) is BETTER[mode]


def test_no_metric_is_better_both_ways():
    assert not HIGHER_IS_BETTER & LOWER_IS_BETTER


def test_what_holds_metrics_needs_no_name(compiled):
    del compiled.metrics[1].name
    assert resolved(MonitorCallback("accuracy"), compiled) is BETTER["max"]


@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_mode_given_wins(mode, compiled):
    assert resolved(MonitorCallback("unknown", mode), compiled) is BETTER[mode]
    assert resolved(MonitorCallback("val_loss", mode), compiled) is BETTER[mode]


@pytest.mark.parametrize("kind", [EarlyStopping, ReduceLROnPlateau])
def test_an_unknown_mode_is_auto(kind):
    message = f"{kind.__name__} mode 'best' is unknown, fallback to auto mode."
    with pytest.warns(UserWarning, match=message):
        assert kind(mode="best").mode == "auto"


def test_an_unknown_mode_of_a_checkpoint_is_auto():
    message = "ModelCheckpoint mode 'best' is unknown, fallback to auto mode."
    with pytest.warns(UserWarning, match=message):
        assert ModelCheckpoint("a.keras", mode="best").mode == "auto"


@pytest.mark.parametrize("given", [0.2, -0.2])
@pytest.mark.parametrize(
    ("mode", "value", "better"),
    [
        ("min", 0.79, True),
        ("min", 0.81, False),
        ("max", 1.21, True),
        ("max", 1.19, False),
        ("min", float("nan"), False),
    ],
)
def test_min_delta(given, mode, value, better, model):
    callback = MonitorCallback(mode=mode, min_delta=given)
    resolved(callback, model)
    resolved(callback, model)  # the sign is turned once only
    assert callback.min_delta == (-0.2 if mode == "min" else 0.2)
    assert callback._is_improvement(value, 1.0) is better


def test_values_are_compared_in_float32(model):
    callback = MonitorCallback(mode="max", min_delta=0.1)
    resolved(callback, model)
    assert 0.4 - 0.1 > 0.3  # in float64
    assert not callback._is_improvement(0.4, 0.3)


@pytest.mark.parametrize("value", [0.1, 1e300, -1e-50, 3, np.array(0.3)])
def test_as_float32(value):
    with np.errstate(over="ignore"):
        assert as_float32(value) == float(np.float32(value))


def test_anything_beats_nothing(model):
    callback = MonitorCallback()
    resolved(callback, model)
    assert callback._is_improvement(float("nan"), None)
