"""`keras.models`: what a model is, and loading one from a file."""

from kerasish.models.cloning import clone_model
from kerasish.models.model import Model
from kerasish.models.sequential import Sequential
from kerasish.saving.api import load_model, model_from_json, save_model

__all__ = [
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
