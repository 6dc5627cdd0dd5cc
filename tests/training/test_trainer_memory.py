"""Memory stays flat however often models are made, trained and asked."""

import gc

import psutil
import pytest

import kerasish
from kerasish import layers

pytestmark = pytest.mark.slow


def resident():
    """Return the bytes this process holds in memory."""
    gc.collect()
    return psutil.Process().memory_info().rss


def network(units):
    model = kerasish.Sequential(
        [
            layers.Input((50,)),
            layers.Dense(units, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def num_objects():
    """Return how many objects of Python's collector are alive."""
    gc.collect()
    return len(gc.get_objects())


def test_two_hundred_models_leave_nothing_behind(rng):
    """Resident memory is flat, and so is the number of objects.

    A model here holds 400 KB of weights, three times as much of gradients and moments,
    and the buffers of three plans: some 4 MB. 200 of them would be 800 MB. Models are
    cycles of references, so a few dozen wait for the collector at any time; the bound
    is what eight of them hold.
    """
    x = rng.normal(size=(128, 50)).astype("float32")
    y = rng.integers(0, 10, 128)

    def cycle():
        model = network(units=1650)
        model.fit(x, y, verbose=0, validation_split=0.25)
        model.predict(x, verbose=0)

    for _ in range(60):  # caches fill, the allocator finds its size
        cycle()
    before, objects = resident(), num_objects()
    for _ in range(200):
        cycle()
    assert num_objects() - objects < 200  # one model is thousands
    assert resident() - before < 32e6


@pytest.mark.parametrize("size", [1, 100])
def test_ten_thousand_predictions_leave_nothing_behind(rng, size):
    """A leak of 1 KB a call would be 10 MB; the bound is half of that."""
    model = network(units=100)
    x = rng.normal(size=(size, 50)).astype("float32")
    for _ in range(500):
        model.predict(x, verbose=0)
    before = resident()
    for _ in range(10_000):
        model.predict(x, verbose=0)
    assert resident() - before < 5e6


def test_models_that_grow_keep_one_plan_a_shape(rng):
    """Plans are kept by shape: 1,000 fits of 3 sizes make no more than 3 of them."""
    model = network(units=10)
    x = rng.normal(size=(96, 50)).astype("float32")
    y = rng.integers(0, 10, 96)
    for number in range(1000):
        model.train_on_batch(x[: 32 * (number % 3 + 1)], y[: 32 * (number % 3 + 1)])
    assert len(model._programs._made) == 3
