"""What scripts expect beside the model: `keras.utils`."""

from typing import Any

from kerasish.backend import standardize_dtype
from kerasish.graph.keras_tensor import is_keras_tensor
from kerasish.random.seed import set_random_seed
from kerasish.saving.naming import clear_session
from kerasish.saving.registry import (
    custom_object_scope,
    find,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from kerasish.utils import bounding_boxes
from kerasish.utils.audio_dataset import audio_dataset_from_directory
from kerasish.utils.config import Config
from kerasish.utils.files import get_file
from kerasish.utils.image import (
    array_to_img,
    img_to_array,
    load_img,
    save_img,
)
from kerasish.utils.image_dataset import image_dataset_from_directory
from kerasish.utils.io import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from kerasish.utils.numerical import normalize, to_categorical
from kerasish.utils.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from kerasish.utils.plotting import get_source_inputs, model_to_dot, plot_model
from kerasish.utils.progbar import Progbar
from kerasish.utils.pydataset import PyDataset
from kerasish.utils.sequence import pad_sequences
from kerasish.utils.split_dataset import split_dataset
from kerasish.utils.text_dataset import text_dataset_from_directory
from kerasish.utils.timeseries_dataset import timeseries_dataset_from_array

# Keras's older names for the same things
CustomObjectScope = custom_object_scope
Sequence = PyDataset

__all__ = [
    "Config",
    "CustomObjectScope",
    "FeatureSpace",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "audio_dataset_from_directory",
    "bounding_boxes",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "load_img",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]


def __getattr__(name: str) -> Any:
    """Return `FeatureSpace`, from the table that files are read with.

    It is a layer, and layers stand above this room, which cannot import them.
    """
    found = find(name, module="keras.utils") if name == "FeatureSpace" else None
    if found is None:
        raise AttributeError(f"module 'kerasish.utils' has no attribute '{name}'")
    return found
