"""Our callbacks beside real Keras's: the same logs in, the same state and words out."""

import contextlib
import inspect
import io
import os
import re
import time
import warnings

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

from kerasish import callbacks as ours
from kerasish.callbacks import monitor
from kerasish.utils import progbar

theirs = keras.callbacks


class FakeOptimizer:
    """Its rate is a float32, as in a real optimizer."""

    def __init__(self):
        self.learning_rate = 0.1

    def __setattr__(self, name, value):
        super().__setattr__(name, np.float32(value))


class FakeModel:
    def __init__(self):
        self.optimizer = FakeOptimizer()
        self.stop_training = False
        self.metrics = []
        self.weights = [np.zeros(1)]
        self.saved = []

    def get_weights(self):
        return [w.copy() for w in self.weights]

    def set_weights(self, weights):
        self.weights = [w.copy() for w in weights]

    def save(self, filepath, overwrite=True, **kwargs):
        self.saved.append(("model", filepath))

    def save_weights(self, filepath, overwrite=True, **kwargs):
        self.saved.append(("weights", filepath))


def public_state(callback):
    """Return the attributes that users read, in a form that can be compared."""
    state = {
        name: value
        for name, value in vars(callback).items()
        if not name.startswith("_") and name not in ("schedule", "csv_file", "writer")
    }
    op = state.pop("monitor_op", None)
    state["less is better"] = None if op is None else bool(op(1.0, 2.0))
    if state.get("best_weights") is not None:
        state["best_weights"] = [w.tolist() for w in state["best_weights"]]
    return state


def run(callback, epochs, num_batches=0):
    """Return all that can be seen of a `fit` with these logs."""
    model, output, trace = FakeModel(), io.StringIO(), []
    callback.set_params({"epochs": len(epochs), "steps": num_batches, "verbose": 1})
    callback.set_model(model)
    with contextlib.redirect_stdout(output), warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        callback.on_train_begin()
        for epoch, logs in enumerate(epochs):
            logs = dict(logs)
            callback.on_epoch_begin(epoch)
            for batch in range(num_batches):
                callback.on_train_batch_begin(batch)
                callback.on_train_batch_end(batch, {"loss": logs["loss"] + batch})
            model.weights = [np.full(1, epoch + 1.0)]
            callback.on_epoch_end(epoch, logs)
            rate = float(model.optimizer.learning_rate)
            trace.append((logs, rate, model.stop_training, public_state(callback)))
            if model.stop_training:
                break
        callback.on_train_end({})
    seen = [(x.category, str(x.message)) for x in w]
    return output.getvalue(), seen, trace, model.saved, model.weights[0].tolist()


def same(first, second):
    """Compare, with NaN equal to itself."""
    np.testing.assert_equal(first, second)


def curves():
    """Logs of runs: falling, flat, rising, with a gap, and at random."""
    rng = np.random.default_rng(3)
    values = [
        [1.0, 0.5, 0.6, 0.55, 0.4],
        [1.0] * 7,
        [0.1, 0.2, 0.3, 0.4],
        [float("nan"), 1.0, 0.5],
        [1.0, float("inf"), 0.5, 0.4],
        *[rng.random(12).round(3).tolist() for _ in range(4)],
    ]
    return [[{"val_loss": v, "loss": v} for v in run] for run in values] + [
        [{"loss": 1.0}, {"loss": 0.5, "val_loss": 1.0}, {"loss": 0.4}]
    ]


STOPPING = [
    {},
    {"patience": 2, "restore_best_weights": True},
    {"patience": 1, "baseline": 0.3, "restore_best_weights": True},
    {"patience": 2, "min_delta": 0.1},
    {"patience": 1, "start_from_epoch": 3, "restore_best_weights": True},
    {"patience": 2, "mode": "max", "min_delta": -0.1},
    {"monitor": "loss", "patience": 3, "baseline": 0.5},
]


@pytest.mark.parametrize("epochs", curves())
@pytest.mark.parametrize("arguments", STOPPING, ids=str)
def test_early_stopping(arguments, epochs):
    expected = run(theirs.EarlyStopping(verbose=1, **arguments), epochs)
    same(run(ours.EarlyStopping(verbose=1, **arguments), epochs), expected)


PLATEAU = [
    {"patience": 1},
    {"patience": 0, "factor": 0.5},
    {"patience": 1, "cooldown": 2, "min_lr": 0.005},
    {"patience": 2, "mode": "max", "min_delta": 0.1},
    {"patience": 1, "factor": 0.7, "cooldown": 1, "monitor": "loss"},
]


@pytest.mark.parametrize("epochs", curves())
@pytest.mark.parametrize("arguments", PLATEAU, ids=str)
def test_reduce_lr_on_plateau(arguments, epochs):
    expected = run(theirs.ReduceLROnPlateau(verbose=1, **arguments), epochs)
    same(run(ours.ReduceLROnPlateau(verbose=1, **arguments), epochs), expected)


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch: 0.5 / (epoch + 1),
        lambda epoch, rate: rate * 0.7,
        lambda epoch, rate=0.5: rate,
        lambda epoch: np.float32(0.3),
        lambda *arguments: 0.1 * len(arguments),
    ],
)
def test_learning_rate_scheduler(schedule):
    epochs = curves()[0]
    expected = run(theirs.LearningRateScheduler(schedule, verbose=1), epochs)
    same(run(ours.LearningRateScheduler(schedule, verbose=1), epochs), expected)


CHECKPOINT = [
    {},
    {"save_best_only": True},
    {"save_best_only": True, "mode": "max", "monitor": "loss"},
    {"save_best_only": True, "initial_value_threshold": 0.5},
    {"save_freq": 2},
    {"save_freq": 3, "save_best_only": True, "monitor": "loss", "mode": "min"},
]


@pytest.mark.parametrize("epochs", curves())
@pytest.mark.parametrize("arguments", CHECKPOINT, ids=str)
@pytest.mark.parametrize("weights_only", [False, True])
def test_model_checkpoint(weights_only, arguments, epochs, tmp_path):
    if "save_freq" in arguments and "mode" in arguments:
        # Keras can only judge a batch after the first epoch: begin with that.
        arguments = {**arguments, "save_freq": 5}
    ending = "weights.h5" if weights_only else "keras"
    batch = "-{batch}" if "save_freq" in arguments else ""
    path = os.path.join(tmp_path, f"m{{epoch:02d}}{batch}-{{loss:.2f}}.{ending}")
    arguments = {**arguments, "save_weights_only": weights_only, "verbose": 1}
    expected = run(theirs.ModelCheckpoint(path, **arguments), epochs, 4)
    result = run(ours.ModelCheckpoint(path, **arguments), epochs, 4)
    for *_, state in (*expected[2], *result[2]):
        del state["less is better"]  # we find it out only when it is needed
    same(result, expected)


@pytest.mark.parametrize("epochs", curves())
@pytest.mark.parametrize("separator", [",", ";"])
def test_csv_logger(separator, epochs, tmp_path):
    texts = []
    for name, kind in (("a", theirs.CSVLogger), ("b", ours.CSVLogger)):
        path = tmp_path / name
        for append in (False, True):
            run(kind(str(path), separator=separator, append=append), epochs)
        texts.append(path.read_bytes())
    assert texts[0] == texts[1]


@pytest.mark.parametrize("epochs", curves())
def test_terminate_on_nan(epochs):
    expected = run(theirs.TerminateOnNaN(), epochs, 2)
    same(run(ours.TerminateOnNaN(), epochs, 2), expected)


@pytest.mark.parametrize("epochs", curves())
def test_history(epochs):
    expected, result = theirs.History(), ours.History()
    run(expected, epochs)
    run(result, epochs)
    same(result.history, expected.history)
    assert result.epoch == expected.epoch


def metric_of_keras(name):
    kind = getattr(keras.metrics, name)
    for arguments in ((), (2,), (2, [0]), (0.5,)):
        with contextlib.suppress(TypeError, ValueError):
            return kind(*arguments)
    return None


def test_which_values_of_a_metric_are_better():
    names = [
        n for n in dir(keras.metrics) if isinstance(getattr(keras.metrics, n), type)
    ]
    directions = {
        name: getattr(metric_of_keras(name), "_direction", None) for name in names
    }
    higher = {name for name, direction in directions.items() if direction == "up"}
    lower = {name for name, direction in directions.items() if direction == "down"}
    assert higher == monitor.HIGHER_IS_BETTER
    assert lower == monitor.LOWER_IS_BETTER


NAMES = [name for name in ours.__all__ if hasattr(theirs, name)]


def test_every_name_of_ours_is_a_name_of_keras():
    assert sorted(NAMES) == sorted(ours.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_signatures(name):
    expected = inspect.signature(getattr(theirs, name).__init__).parameters
    result = inspect.signature(getattr(ours, name).__init__).parameters
    assert list(result) == list(expected)
    for parameter in expected:
        assert result[parameter].default == expected[parameter].default
        assert result[parameter].kind == expected[parameter].kind


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    fake = Clock()
    monkeypatch.setattr(progbar, "monotonic", fake)
    monkeypatch.setattr(time, "time", fake)
    monkeypatch.setenv("TERM", "xterm")
    return fake


def draw(kind, clock, steps, target, **arguments):
    """Return what a bar draws: steps of (seconds, units done, values, finalize)."""
    output = Terminal()
    clock.now = 1000.0
    with contextlib.redirect_stdout(output):
        bar = kind(target, **arguments)
        for seconds, current, values, finalize in steps:
            clock.now += seconds
            bar.update(current, values, finalize)
    return output.getvalue()


def as_seen(text):
    """Drop what cannot be seen: backspaces, and an empty coloured part."""
    return re.sub("\x08+", "", text).replace("\x1b[37m\x1b[0m", "")


DURATIONS = [0.0, 3e-5, 0.004, 0.0101, 0.06, 0.7, 1.3, 59.0, 61.0, 1900.0, 9e4]


@pytest.mark.parametrize("seconds", DURATIONS)
@pytest.mark.parametrize("target", [1, 7, 120, None])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"width": 33, "interval": 0.5},
        {"stateful_metrics": ["acc"]},
        {"stateless_metrics": ["acc"], "unit_name": "file"},
        {"verbose": 2},
        {"verbose": 0},
    ],
    ids=str,
)
def test_progbar(arguments, target, seconds, clock):
    rng = np.random.default_rng(5)
    last = target or 9
    steps = []
    for done in range(1, last + 1):
        values = [("loss", rng.random() * 10.0 ** -(done % 5)), ("acc", done / last)]
        finalize = done == last if target is None else None
        steps.append((seconds * rng.random(), done, values, finalize))
    expected = draw(keras.utils.Progbar, clock, steps, target, **arguments)
    result = draw(progbar.Progbar, clock, steps, target, **arguments)
    if target is None and arguments.get("verbose") == 2:
        assert expected == ""  # we show the line
        assert result.startswith("9/Unknown - ")
    else:
        assert as_seen(result) == as_seen(expected)
