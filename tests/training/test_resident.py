"""Data kept on a device: the same training, without a transfer for each step."""

import numpy as np
import pytest

import kerasish as keras
from kerasish.backend import backend_scope, load_backend
from kerasish.training import resident
from kerasish.training.data import make_adapter

RNG = np.random.default_rng(6)
L = keras.layers


@pytest.fixture
def strict():
    with backend_scope("strict"):
        yield load_backend("strict")


def data(dtype="float32", count=53):
    rng = np.random.default_rng(2)
    x = rng.integers(0, 200, (count, 6)).astype(dtype)
    return x, np.eye(3, dtype="float32")[rng.integers(0, 3, count)]


def model(**how):
    keras.utils.set_random_seed(4)
    made = keras.Sequential(
        [
            keras.Input((6,)),
            L.Rescaling(0.01),
            L.Dense(8, "tanh"),
            L.Dropout(0.2),
            L.Dense(3, "softmax"),
        ]
    )
    made.compile("adam", "categorical_crossentropy", metrics=["accuracy"], **how)
    return made


def trained(room, monkeypatch, dtype, how):
    """Return history and weights of a training with so much room for data."""
    with backend_scope("strict"):
        monkeypatch.setattr(load_backend("strict"), "room", room)
        made = model(**how.get("compile", {}))
        x, y = data(dtype)
        settings = {"batch_size": 8, "epochs": 3, "verbose": 0} | how.get("fit", {})
        return made.fit(x, y, **settings).history, made.get_weights()


WAYS = {
    "as usual": {},
    "in order": {"fit": {"shuffle": False}},
    "one batch": {"fit": {"batch_size": 60}},
    "single samples": {"fit": {"batch_size": 1, "epochs": 1}},
    "validation": {"fit": {"validation_split": 0.3}},
    "short epochs": {"fit": {"steps_per_epoch": 2}},
    "weights": {"fit": {"sample_weight": RNG.uniform(0, 1, 53)}},
    "classes' weights": {"fit": {"class_weight": {0: 2.0, 1: 1.0, 2: 0.5}}},
    "several steps": {"compile": {"steps_per_execution": 3}},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_training_is_bit_for_bit_the_same(way, dtype, monkeypatch):
    history, weights = trained(1 << 20, monkeypatch, dtype, WAYS[way])
    expected_history, expected = trained(0, monkeypatch, dtype, WAYS[way])
    assert history == expected_history
    for found, wanted in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_an_epoch_takes_no_more_transfers_for_more_batches(strict):
    counts = []
    for size in (2, 10):
        made, (x, y) = model(), data(count=40)
        made.fit(x, y, batch_size=size, verbose=0)
        before = strict.transfers
        made.fit(x, y, batch_size=size, epochs=3, verbose=0)
        counts.append(strict.transfers - before)
    assert counts[0] == counts[1]


def test_data_goes_over_in_parts(strict, monkeypatch):
    monkeypatch.setattr(resident, "_PART_BYTES", 100)
    x, y = data("float64")
    adapter = make_adapter(x, y)
    kept = resident.device_data(adapter)
    np.testing.assert_array_equal(strict.to_host(kept.arrays[0]), x.astype("float32"))
    assert resident.device_data(adapter) is kept


class Counter(keras.callbacks.Callback):
    """Notes how many updates there were after each batch."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(int(self.model.optimizer.iterations))


def test_a_callback_sees_every_step_done(strict):
    made, counter = model(), Counter()
    x, y = data()
    made.fit(x, y, batch_size=8, epochs=2, verbose=0, callbacks=[counter])
    assert counter.seen == [*range(1, 15)]


class Stopping(keras.callbacks.Callback):
    """Ends the training in the middle of an epoch."""

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = batch == 2


def test_training_stops_where_a_callback_says(strict):
    made = model()
    x, y = data()
    made.fit(x, y, batch_size=8, epochs=2, verbose=0, callbacks=[Stopping()])
    assert int(made.optimizer.iterations) == 3


def runs(monkeypatch):
    """Return a list to which each run of a program adds how many steps it was."""
    said = []
    usual = resident.Resident._program

    def noted(self, count):
        said.append(count)
        return usual(self, count)

    monkeypatch.setattr(resident.Resident, "_program", noted)
    return said


def test_steps_that_nobody_watches_are_done_together(strict, monkeypatch):
    monkeypatch.setattr(resident, "_MOST_STEPS", 4)
    said = runs(monkeypatch)
    made = model()
    x, y = data()
    made.fit(x, y, batch_size=5, verbose=0)  # ten of five samples, one of three
    assert said == [4, 4, 1, 1, 1]
    assert int(made.optimizer.iterations) == 11


def test_steps_that_somebody_watches_are_done_at_once(strict, monkeypatch):
    said = runs(monkeypatch)
    x, y = data()
    model().fit(x, y, batch_size=5, verbose=0, callbacks=[Counter()])
    assert said == [1] * 11


def test_validation_does_them_together_too(strict, monkeypatch):
    monkeypatch.setattr(resident, "_MOST_STEPS", 4)
    said = runs(monkeypatch)
    x, y = data()
    made = model()
    how = {"validation_data": (x, y), "validation_batch_size": 5}
    history = made.fit(x, y, batch_size=60, verbose=0, **how).history
    assert said == [1, 4, 4, 1, 1, 1]
    assert made.evaluate(x, y, batch_size=5, verbose=0)[0] == history["val_loss"][0]


def test_data_that_comes_once_is_not_kept(strict, monkeypatch):
    said = runs(monkeypatch)
    x, y = data()
    made = model()
    made.evaluate(x, y, verbose=0)
    made.train_on_batch(x, y)
    made.predict(x, verbose=0)
    assert said == []


def test_data_that_does_not_fit_stays_on_the_host(strict, monkeypatch):
    monkeypatch.setattr(strict, "room", 100)
    said = runs(monkeypatch)
    x, y = data()
    model().fit(x, y, verbose=0)
    assert said == []


class Own(keras.Model):
    """A model whose step returns what it likes."""

    def __init__(self):
        super().__init__()
        self.dense = L.Dense(3)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, _ = data
        return {"last": keras.ops.sum(x) + 0 * keras.ops.sum(self(x))}


def test_what_an_own_step_returns_is_that_of_the_last_batch(strict):
    x, y = data(count=20)
    made = Own()
    made.compile("sgd", "mse")
    history = made.fit(x, y, batch_size=8, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["last"], [x[16:].sum()], rtol=1e-6)


def test_a_variable_that_moves_is_followed(strict):
    x, y = data()
    made = model()
    made.fit(x, y, batch_size=8, verbose=0)
    weights = [w * 0.5 for w in made.get_weights()]
    made.set_weights(weights)
    made.compile("sgd", "categorical_crossentropy")  # other storage
    made.fit(x, y, batch_size=8, verbose=0)
    assert int(made.optimizer.iterations) == 7
