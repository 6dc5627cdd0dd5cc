"""A model that only remembers what was asked of it."""

from pathlib import Path

import numpy as np
import pytest


class FakeOptimizer:
    """Keeps its learning rate as an optimizer does: a float32 with `numpy()`."""

    def __init__(self):
        self.learning_rate = 0.1

    @property
    def learning_rate(self):
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value):
        self._rate = FakeVariable(value)


class FakeVariable:
    def __init__(self, value):
        self.value = np.float32(value)

    def numpy(self):
        return np.array(self.value)


class FakeMetric:
    def __init__(self, name, direction=None, metrics=()):
        self.name = name
        self.metrics = list(metrics)
        if direction is not None:
            self._direction = direction


class FakeModel:
    """What callbacks use of a model; `saved` lists the files it was saved to."""

    def __init__(self):
        self.optimizer = FakeOptimizer()
        self.stop_training = False
        self.metrics = [FakeMetric("loss")]
        self.weights = [np.zeros(2)]
        self.saved = []

    def get_weights(self):
        return [w.copy() for w in self.weights]

    def set_weights(self, weights):
        self.weights = [w.copy() for w in weights]

    def save(self, filepath, overwrite=True):
        self.saved.append(Path(filepath).name)
        Path(filepath).write_text("model")

    def save_weights(self, filepath, overwrite=True):
        self.saved.append(Path(filepath).name)
        Path(filepath).write_text("weights")

    @property
    def rate(self):
        return float(self.optimizer.learning_rate.numpy())


@pytest.fixture
def model():
    return FakeModel()


@pytest.fixture
def metric():
    """Make a metric: `metric(name, direction, metrics)`."""
    return FakeMetric


@pytest.fixture
def fit(model):
    """Train for epochs with these logs: `fit(callback, [{"loss": 1.0}, ...])`.

    The weights after epoch e are all e + 1. Returns the number of epochs run.
    """

    def run(callback, epochs):
        model.stop_training = False
        callback.set_params({"epochs": len(epochs), "steps": 1, "verbose": 0})
        callback.set_model(model)
        callback.on_train_begin()
        for epoch, logs in enumerate(epochs):
            callback.on_epoch_begin(epoch)
            model.weights = [np.full(2, epoch + 1.0)]
            callback.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        callback.on_train_end()
        return epoch + 1

    return run
