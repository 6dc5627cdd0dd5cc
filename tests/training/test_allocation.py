"""Steps of training, evaluation and prediction allocate nothing that lasts or grows."""

import tracemalloc

import pytest

from kerasish import layers, models

BATCH, WIDTH = 64, 300
ONE_BATCH = BATCH * WIDTH * 4  # bytes


def peak(run, *arrays):
    """Return the most memory that a run takes at once."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        run(*arrays)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.fixture
def model():
    made = models.Sequential(
        [
            layers.Input((WIDTH,)),
            layers.Dense(100, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


@pytest.mark.usefixtures("on_numpy")
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_a_hundred_steps_take_no_more_than_ten(model, method, shuffle, rng):
    x = rng.normal(size=(100 * BATCH, WIDTH)).astype("float32")
    y = rng.integers(0, 10, 100 * BATCH)
    how = {"batch_size": BATCH, "verbose": 0}
    if method == "fit":
        how["shuffle"] = shuffle

    def run(x, y):
        getattr(model, method)(x, y, **how)

    run(x, y)
    few, many = 10 * BATCH, 100 * BATCH
    grown = peak(run, x[:few], y[:few]), peak(run, x[:many], y[:many])
    order = 8 * (many - few)  # row numbers, drawn once for an epoch
    assert grown[1] - grown[0] < 2 * order + 4096
    assert grown[1] < ONE_BATCH + 2 * order + (1 << 16)


@pytest.mark.usefixtures("on_numpy")
def test_data_of_another_dtype_is_never_copied_whole(model, rng):
    x = rng.normal(size=(100 * BATCH, WIDTH))  # float64
    y = rng.integers(0, 10, 100 * BATCH)

    def run(x, y):
        model.fit(x, y, batch_size=BATCH, verbose=0)

    run(x[:BATCH], y[:BATCH])
    assert peak(run, x, y) < x.nbytes / 10
