"""kerasish: the model as a script would write it."""

from __future__ import annotations

import kerasish as keras
from benchmarks.cases import Case
from benchmarks.peers import keras_style
from benchmarks.samples import Data


def make(case: Case, data: Data, device: str) -> keras_style.Trained:
    """Return the compiled model with its data; the environment chose the backend."""
    return keras_style.Trained(keras, case, data)
