"""What is measured: the models, and the data they are trained on.

Every peer is given the same case and the same arrays. The data look like MNIST's to a
model: 784 numbers in [-0.5, 0.5] and one of ten classes, most of which can be learned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NUM_FEATURES = 784
NUM_CLASSES = 10
LEARNING_RATES = {"adam": 1e-3, "sgd": 1e-2}
NUM_MOMENTS = {"adam": 2, "sgd": 0}  # arrays an optimizer keeps for each weight array
_BLOCK = 1000  # rows generated at a time, so that making data needs no second copy


@dataclass(frozen=True)
class Case:
    """A classifier of dense layers: relu inside, softmax at the end.

    Attributes:
        name: What `--cases` calls it.
        hidden: Units of the hidden layers.
        optimizer: "adam" or "sgd" (without momentum), at Keras's learning rate.
        batch_size: Samples a step.
    """

    name: str
    hidden: tuple[int, ...]
    optimizer: str
    batch_size: int

    @property
    def widths(self) -> tuple[int, ...]:
        """Features in, units of each layer."""
        return (NUM_FEATURES, *self.hidden, NUM_CLASSES)

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Features in and units out of each layer."""
        return list(zip(self.widths, self.widths[1:], strict=False))

    @property
    def num_weights(self) -> int:
        """Trainable numbers: kernels and biases."""
        return sum((inputs + 1) * outputs for inputs, outputs in self.layers)

    @property
    def learning_rate(self) -> float:
        """Keras's default for the optimizer."""
        return LEARNING_RATES[self.optimizer]

    @property
    def title(self) -> str:
        """One line for a heading."""
        widths = "-".join(map(str, self.widths))
        optimizer = {"adam": "Adam", "sgd": "SGD"}[self.optimizer]
        return f"{widths}, {optimizer}, batch size {self.batch_size}"

    def num_steps(self, num_samples: int) -> int:
        """Return the steps of an epoch, a smaller last one included."""
        return -(-num_samples // self.batch_size)


CASES = {
    case.name: case
    for case in (
        Case("mlp64-adam-b32", (64, 64), "adam", 32),
        Case("mlp64-adam-b128", (64, 64), "adam", 128),
        Case("mlp512-sgd-b64", (512, 512), "sgd", 64),
    )
}


@dataclass(frozen=True)
class Data:
    """A training set.

    Attributes:
        x: float32[num_samples, 784] in [-0.5, 0.5].
        labels: int64[num_samples], 0 to 9.
    """

    x: np.ndarray
    labels: np.ndarray

    @property
    def one_hot(self) -> np.ndarray:
        """The labels as float32[num_samples, 10]."""
        return np.eye(NUM_CLASSES, dtype="float32")[self.labels]


def make_data(num_samples: int, seed: int = 0) -> Data:
    """Return a data set that can be learned, though not without error.

    A sample is its class's pattern under noise. One label in ten is drawn anew: else
    gradients would vanish within an epoch, and what follows would be no training.
    """
    rng = np.random.default_rng(seed)
    patterns = rng.uniform(-0.5, 0.5, (NUM_CLASSES, NUM_FEATURES)).astype("float32")
    labels = rng.integers(0, NUM_CLASSES, num_samples)
    x = np.empty((num_samples, NUM_FEATURES), "float32")
    for start in range(0, num_samples, _BLOCK):
        rows = x[start : start + _BLOCK]
        rng.random(dtype="float32", out=rows)
        rows -= 0.5
        rows += 0.3 * patterns[labels[start : start + _BLOCK]]
        np.clip(rows, -0.5, 0.5, out=rows)
    redrawn = rng.random(num_samples) < 0.1
    labels[redrawn] = rng.integers(0, NUM_CLASSES, redrawn.sum())
    return Data(x, labels)


def initial_weights(case: Case, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return kernel float32[inputs, outputs] (Glorot uniform) and zero bias a layer."""
    rng = np.random.default_rng(seed)
    weights = []
    for inputs, outputs in case.layers:
        limit = np.sqrt(6 / (inputs + outputs))
        kernel = rng.uniform(-limit, limit, (inputs, outputs)).astype("float32")
        weights.append((kernel, np.zeros(outputs, "float32")))
    return weights
