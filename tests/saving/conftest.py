"""Files that real Keras wrote, and small models to save."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from kerasish import layers, models

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden(tmp_path):
    """Return a function that unpacks a golden file and returns its path."""

    def unpack(name):
        path = tmp_path / name
        path.write_bytes(gzip.decompress((GOLDEN / f"{name}.gz").read_bytes()))
        return path

    return unpack


@pytest.fixture
def expected():
    """Return a function that loads the arrays belonging to "keras2" or "keras3"."""
    return lambda tag: np.load(GOLDEN / f"expected_{tag}.npz")


@pytest.fixture
def model():
    """Return a model with every layer of the first step, built and uncompiled."""
    return models.Sequential(
        [
            layers.Input((2, 3)),
            layers.Flatten(name="flat"),
            layers.Dense(5, activation="relu", kernel_regularizer="l2", name="hidden"),
            layers.Dropout(0.25, seed=7, name="drop"),
            layers.Reshape((5, 1), name="column"),
            layers.Flatten(name="flat_again"),
            layers.Dense(3, name="scores"),
            layers.Activation("softmax", name="shares"),
        ],
        name="small",
    )


@pytest.fixture
def data(rng):
    """Return eight samples for `model` and their classes."""
    return rng.random((8, 2, 3), dtype="float32"), np.arange(8) % 3
