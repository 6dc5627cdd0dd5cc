"""Keras: the same script as kerasish's; the environment chose the backend."""

from __future__ import annotations

import keras
from peers import keras_style

from cases import Case, Data


def make(case: Case, data: Data, device: str) -> keras_style.Trained:
    """Return the compiled model with its data."""
    return keras_style.Trained(keras, case, data)
