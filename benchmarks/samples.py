"""The data: arrays that are the same for every peer and that a model can learn from.

A sample is its class's pattern under noise. One label in ten is drawn anew: else
gradients would vanish within an epoch, and what follows would be no training.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_BLOCK = 1000  # rows generated at a time, so that making data needs no second copy
_REDRAWN = 0.1


@dataclass(frozen=True)
class Data:
    """A training set.

    Attributes:
        x: float32[num_samples, ...], or int32 if they are tokens.
        labels: int64[num_samples].
        num_classes: Labels go from 0 to one less.
    """

    x: np.ndarray
    labels: np.ndarray
    num_classes: int

    @property
    def one_hot(self) -> np.ndarray:
        """The labels as float32[num_samples, num_classes]."""
        found = np.zeros((len(self.labels), self.num_classes), "float32")
        found[np.arange(len(self.labels)), self.labels] = 1
        return found


def digits(num_samples: int, shape: tuple[int, ...], classes: int, seed: int) -> Data:
    """Return numbers in [-0.5, 0.5], as MNIST's are when a script has scaled them."""
    rng = np.random.default_rng(seed)
    size = math.prod(shape)
    patterns = rng.uniform(-0.5, 0.5, (classes, size)).astype("float32")
    labels = rng.integers(0, classes, num_samples)
    x = np.empty((num_samples, size), "float32")
    for start in range(0, num_samples, _BLOCK):
        rows = x[start : start + _BLOCK]
        rng.random(dtype="float32", out=rows)
        rows -= 0.5
        rows += 0.3 * patterns[labels[start : start + _BLOCK]]
        np.clip(rows, -0.5, 0.5, out=rows)
    _redraw(rng, labels, classes)
    return Data(x.reshape(num_samples, *shape), labels, classes)


def patterns(num_samples: int, shape: tuple[int, ...], classes: int, seed: int) -> Data:
    """Return standard normal numbers, with a tenth of the class's pattern added."""
    rng = np.random.default_rng(seed)
    means = 0.1 * rng.standard_normal((classes, math.prod(shape)), dtype="float32")
    labels = rng.integers(0, classes, num_samples)
    x = np.empty((num_samples, math.prod(shape)), "float32")
    for start in range(0, num_samples, _BLOCK):
        rows = x[start : start + _BLOCK]
        rng.standard_normal(dtype="float32", out=rows)
        rows += means[labels[start : start + _BLOCK]]
    _redraw(rng, labels, classes)
    return Data(x.reshape(num_samples, *shape), labels, classes)


def tokens(num_samples: int, shape: tuple[int, ...], classes: int, seed: int) -> Data:
    """Return tokens below 20,000, the low ones frequent; the class shifts a few."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, num_samples)
    # the logarithm of a rank is about uniform in texts
    x = np.exp(rng.uniform(0, np.log(20_000), (num_samples, *shape))).astype("int32")
    x = np.minimum(x, 19_999)
    marked = rng.random(x.shape) < 0.1
    x = np.where(marked, (labels[:, None] + 100).astype("int32"), x)
    _redraw(rng, labels, classes)
    return Data(x, labels, classes)


def mnist(num_samples: int, shape: tuple[int, ...], classes: int, seed: int) -> Data:
    """Return MNIST's images in [0, 1] if the file is there, else `digits`."""
    file = _mnist_file()
    if file is None:
        return digits(num_samples, shape, classes, seed)
    with np.load(file) as arrays:
        images, labels = arrays["x_train"], arrays["y_train"]
    chosen = np.random.default_rng(seed).permutation(len(images))[:num_samples]
    x = (images[chosen] / np.float32(255)).reshape(len(chosen), *shape)
    return Data(x.astype("float32"), labels[chosen].astype("int64"), classes)


def _mnist_file() -> Path | None:
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    file = Path(home) / "datasets" / "mnist.npz"
    return file if file.exists() else None


def _redraw(rng: np.random.Generator, labels: np.ndarray, classes: int) -> None:
    redrawn = rng.random(len(labels)) < _REDRAWN
    labels[redrawn] = rng.integers(0, classes, redrawn.sum())


KINDS: dict[str, Callable[[int, tuple[int, ...], int, int], Data]] = {
    "digits": digits,
    "mnist": mnist,
    "patterns": patterns,
    "tokens": tokens,
}
