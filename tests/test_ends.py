"""From one end to the other: data in, a model that knows something out."""

import os
from pathlib import Path

import numpy as np
import pytest

import kerasish
from kerasish import callbacks, datasets, layers, models

MNIST = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"


@pytest.fixture(scope="module")
def digits():
    """Images of digits as rows in [0, 1], and their classes: train and test."""
    return [
        (x.reshape(len(x), -1).astype("float32") / 16, y)
        for x, y in datasets.digits.load_data()
    ]


def classifier(optimizer="adam", loss="sparse_categorical_crossentropy", units=64):
    model = kerasish.Sequential(
        [
            layers.Input((units,)),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [("SGD", 0.3), ("RMSprop", 3e-3), ("Adam", 3e-3), ("AdamW", 3e-3)],
)
def test_digits_are_learned_by_every_optimizer(digits, optimizer, rate):
    (x, y), test = digits
    model = classifier(getattr(kerasish.optimizers, optimizer)(rate))
    model.fit(x, y, epochs=12, verbose=0)
    _, accuracy = model.evaluate(*test, verbose=0)
    assert accuracy > 0.94


def test_one_hot_targets_learn_as_much_as_labels(digits):
    (x, y), (x_test, y_test) = digits
    to_categorical = kerasish.utils.to_categorical
    model = classifier(loss="categorical_crossentropy")
    model.fit(x, to_categorical(y), epochs=20, verbose=0)
    _, accuracy = model.evaluate(x_test, to_categorical(y_test), verbose=0)
    assert accuracy > 0.94


def test_digits_on_every_backend(digits, backend):
    (x, y), test = digits
    model = classifier(kerasish.optimizers.Adam(3e-3))
    model.fit(x, y, batch_size=64, epochs=8, verbose=0)
    _, accuracy = model.evaluate(*test, verbose=0)
    assert accuracy > 0.9


def test_a_function_is_fitted(rng):
    x = rng.uniform(-3, 3, size=(400, 1)).astype("float32")
    model = kerasish.Sequential(
        [layers.Input((1,)), layers.Dense(32, activation="tanh"), layers.Dense(1)]
    )
    model.compile(kerasish.optimizers.Adam(0.02), "mse")
    model.fit(x, np.sin(x), epochs=60, verbose=0)
    grid = np.linspace(-3, 3, 50)
    error = model.predict(grid, verbose=0).ravel() - np.sin(grid)
    assert np.abs(error).max() < 0.15


def test_two_classes_are_told_apart(rng):
    x = rng.normal(size=(500, 2)).astype("float32")
    y = ((x**2).sum(axis=1) > 1.4).astype("float32")
    model = kerasish.Sequential(
        [
            layers.Input((2,)),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", "AUC"])
    model.optimizer.learning_rate = 0.02
    model.fit(x, y, epochs=30, verbose=0)
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert found["accuracy"] > 0.95
    assert found["AUC"] > 0.98


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_training_resumed_from_a_file_equals_training_at_one_go(digits, tmp_path, name):
    (x, y), _ = digits
    given = {"shuffle": False, "verbose": 0}
    whole = classifier(kerasish.optimizers.Adam(1e-3))
    whole.pop(), whole.pop()  # no dropout: its seed is not part of a file
    whole.add(layers.Dense(10, activation="softmax"))
    whole.compile("adam", "sparse_categorical_crossentropy")
    whole.fit(x, y, epochs=2, **given)
    whole.save(tmp_path / name)
    resumed = models.load_model(tmp_path / name)
    whole.fit(x, y, epochs=4, initial_epoch=2, **given)
    resumed.fit(x, y, epochs=4, initial_epoch=2, **given)
    for mine, his in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, his)


def test_callbacks_work_together(digits, tmp_path):
    (x, y), _ = digits
    path = tmp_path / "best.keras"
    model = classifier(kerasish.optimizers.Adam(0.01))
    history = model.fit(
        x,
        y,
        epochs=40,
        validation_split=0.2,
        verbose=0,
        callbacks=[
            callbacks.EarlyStopping(patience=3, restore_best_weights=True),
            callbacks.ModelCheckpoint(path, save_best_only=True),
            callbacks.CSVLogger(tmp_path / "log.csv"),
            callbacks.ReduceLROnPlateau(factor=0.5, patience=1),
        ],
    )
    assert len(history.epoch) < 40
    best = min(history.history["val_loss"])
    held = models.load_model(path)
    cut = int(len(x) * 0.8)
    found = held.evaluate(x[cut:], y[cut:], verbose=0)[0]
    assert found == pytest.approx(best, rel=1e-4)
    for mine, his in zip(model.get_weights(), held.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, his)
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 1 + len(
        history.epoch
    )


@pytest.mark.slow
@pytest.mark.skipif(
    not (MNIST / "mnist.npz").exists(), reason="mnist.npz is not in the cache"
)
def test_mnist_reaches_97_percent():
    (x, y), (x_test, y_test) = datasets.mnist.load_data()
    x, x_test = (a.reshape(len(a), 784).astype("float32") / 255 for a in (x, x_test))
    model = classifier(units=784)
    model.fit(x, y, batch_size=64, epochs=4, verbose=0)
    _, accuracy = model.evaluate(x_test, y_test, batch_size=500, verbose=0)
    assert accuracy > 0.97
