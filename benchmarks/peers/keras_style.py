"""The script that kerasish and Keras both run; only the module handed in differs."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.cases import NUM_FEATURES, Case, Data


def build(keras: Any, case: Case) -> Any:
    """Return a compiled model.

    Args:
        keras: The module `keras`, or `kerasish`.
        case: What to build.
    """
    layers = [keras.Input(shape=(NUM_FEATURES,))]
    for index, (_, units) in enumerate(case.layers):
        is_last = index == len(case.layers) - 1
        activation = "softmax" if is_last else "relu"
        layers.append(keras.layers.Dense(units, activation=activation))
    model = keras.Sequential(layers)
    model.compile(
        optimizer=case.optimizer,
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


class Trained:
    """A compiled model and what it is trained on."""

    def __init__(self, keras: Any, case: Case, data: Data) -> None:
        keras.utils.set_random_seed(0)
        self.model = build(keras, case)
        self._batch_size = case.batch_size
        self._x, self._y = data.x, data.one_hot

    def fit(self) -> float:
        """Train for one epoch; reading its loss waits for the device."""
        history = self.model.fit(
            self._x, self._y, batch_size=self._batch_size, epochs=1, verbose=0
        )
        return float(history.history["loss"][-1])

    def predict(self, sample: np.ndarray) -> np.ndarray:
        """Return the class probabilities of one sample."""
        return self.model.predict(sample, verbose=0)
