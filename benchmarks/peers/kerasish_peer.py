"""kerasish: the model as a script would write it."""

from __future__ import annotations

import kerasish as keras
from peers import keras_style

from cases import Case, Data


def make(case: Case, data: Data, device: str) -> keras_style.Trained:
    """Return the compiled model with its data; the environment chose the backend."""
    return keras_style.Trained(keras, case, data)
