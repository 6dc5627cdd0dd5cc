"""Keras: the same script as kerasish's; the environment chose the backend."""

from __future__ import annotations

import importlib

import keras

from benchmarks.cases import Case
from benchmarks.peers import keras_style
from benchmarks.samples import Data


def make(case: Case, data: Data, device: str) -> keras_style.Trained:
    """Return the compiled model with its data.

    Raises:
        RuntimeError: A GPU is asked for, and Keras would quietly use the CPU.
    """
    if device == "gpu" and not _finds_gpu():
        raise RuntimeError(f"{keras.backend.backend()} finds no GPU")
    return keras_style.Trained(keras, case, data)


def _finds_gpu() -> bool:
    name = keras.backend.backend()
    framework = importlib.import_module(name)
    if name == "torch":
        return framework.cuda.is_available()
    if name == "tensorflow":
        return bool(framework.config.list_physical_devices("GPU"))
    return framework.default_backend() == "gpu"
