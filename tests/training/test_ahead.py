"""Batches gathered on a second thread while a step runs."""

import threading

import numpy as np
import pytest

import kerasish as keras
from kerasish.backend import backend_scope, load_backend
from kerasish.training import ahead

RNG = np.random.default_rng(2)
X, Y = RNG.random((70, 8)), RNG.integers(0, 3, 70)  # float64: it is converted


@pytest.fixture(autouse=True)
def numpy_with_two_cores(monkeypatch):
    with backend_scope("numpy") as backend:
        monkeypatch.setattr(type(backend), "gathers_ahead", True)
        yield backend


@pytest.fixture
def filled(monkeypatch):
    """Gather every batch ahead; return the names of the threads that did."""
    found = []
    plain = ahead._fill

    def fill(replay, batch):
        found.append(threading.current_thread().name)
        plain(replay, batch)

    monkeypatch.setattr(ahead, "LARGE", 1)
    monkeypatch.setattr(ahead, "_fill", fill)
    return found


def made():
    keras.utils.set_random_seed(4)
    layers = [keras.layers.Dense(5, activation="relu"), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((8,)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def trained(**settings):
    model = made()
    given = {"epochs": 3, "batch_size": 16, "verbose": 0} | settings
    history = model.fit(X, Y, **given).history
    measured = model.evaluate(X, Y, batch_size=16, verbose=0)
    outputs = model.predict(X, batch_size=16, verbose=0)
    return history, measured, outputs, model.get_weights()


def test_the_numbers_are_the_same(filled, monkeypatch):
    ours = trained()
    assert filled
    assert set(filled) == {"kerasish-gather_0"}
    monkeypatch.setattr(ahead, "LARGE", 1 << 40)
    plain = trained()
    assert ours[:2] == plain[:2]
    assert ours[2].tobytes() == plain[2].tobytes()
    for mine, theirs in zip(ours[3], plain[3], strict=True):
        assert mine.tobytes() == theirs.tobytes()


def test_a_thread_that_comes_too_late_changes_nothing(filled, monkeypatch):
    whole = trained()
    monkeypatch.setattr(ahead.futures.ThreadPoolExecutor, "submit", lambda *_: Late())
    assert trained()[1] == whole[1]


class Late:
    """A task that nobody has begun."""

    def cancel(self):
        return True


def test_its_errors_reach_the_loop(filled, monkeypatch):
    def fail(replay, batch):
        raise OSError("the disk is gone")

    monkeypatch.setattr(ahead, "_fill", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        made().fit(X, Y, batch_size=16, verbose=0)


def test_stopping_in_between_leaves_no_thread(filled):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    trained(callbacks=[Stop()])
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("kerasish-gather")]


@pytest.mark.parametrize(
    ("data", "batch_size"),
    [
        (X.astype("float32"), 16),  # nothing to convert
        (X, 70),  # one batch
        (lambda: iter([(X[:16], Y[:16])] * 2), None),
    ],
)
def test_where_nothing_is_gained_none_is_begun(filled, data, batch_size):
    model = made()
    if callable(data):
        model.fit(data(), verbose=0)
    else:
        model.fit(data, Y.astype("int32"), batch_size=batch_size, verbose=0)
    assert not filled


def test_small_batches_are_left_alone(filled, monkeypatch):
    monkeypatch.setattr(ahead, "LARGE", 16 * 8 * 4 + 16 * 4 + 1)
    made().fit(X, Y, batch_size=16, verbose=0)
    assert not filled


def test_running_eagerly_gathers_in_turn(filled):
    model = made()
    model.compile("adam", "mse", run_eagerly=True)
    model.fit(X, RNG.random((70, 3)), batch_size=16, verbose=0)
    assert not filled


def test_training_is_taken_up_to_the_bit(filled, tmp_path):
    whole = made()
    whole.fit(X, Y, epochs=4, batch_size=16, verbose=0)
    half = made()
    saving = keras.callbacks.ModelCheckpoint(tmp_path / "half.keras")
    half.fit(X, Y, epochs=2, batch_size=16, verbose=0, callbacks=[saving])
    back = keras.models.load_model(tmp_path / "half.keras")
    back.fit(X, Y, epochs=4, initial_epoch=2, batch_size=16, verbose=0)
    for mine, theirs in zip(back.get_weights(), whole.get_weights(), strict=True):
        assert mine.tobytes() == theirs.tobytes()


def test_backends_say_whether_they_want_it():
    assert not load_backend("strict").gathers_ahead
