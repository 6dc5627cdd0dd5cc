"""What scripts expect beside the model: `keras.utils`."""

from kerasish.backend import standardize_dtype
from kerasish.random.seed import set_random_seed
from kerasish.saving.naming import clear_session
from kerasish.saving.registry import (
    custom_object_scope,
    get_registered_name,
    register_keras_serializable,
)
from kerasish.utils.files import get_file
from kerasish.utils.io import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from kerasish.utils.numerical import normalize, to_categorical
from kerasish.utils.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from kerasish.utils.progbar import Progbar
from kerasish.utils.pydataset import PyDataset
from kerasish.utils.sequence import pad_sequences

# Keras's older names for the same things
CustomObjectScope = custom_object_scope
Sequence = PyDataset

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_file",
    "get_registered_name",
    "is_interactive_logging_enabled",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "register_keras_serializable",
    "set_random_seed",
    "standardize_dtype",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
