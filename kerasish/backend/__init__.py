"""The contract a backend fulfils, the choice of one, and the global settings.

Keras's `keras.backend` has some functions more, which stand on what is above.
"""

import importlib
from typing import Any

from kerasish.backend.choice import (
    available_backends,
    backend_scope,
    get_backend,
    load_backend,
    register_backend,
    set_backend,
)
from kerasish.backend.contract import Array, Backend, Kernel, Shape, scratch
from kerasish.backend.settings import (
    epsilon,
    floatx,
    image_data_format,
    is_float_dtype,
    is_int_dtype,
    result_type,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    standardize_dtype,
)

__all__ = [
    "Array",
    "Backend",
    "Kernel",
    "Shape",
    "available_backends",
    "backend",
    "backend_scope",
    "epsilon",
    "floatx",
    "get_backend",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "load_backend",
    "register_backend",
    "result_type",
    "scratch",
    "set_backend",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]

_ABOVE = {
    "clear_session": "kerasish.saving.naming",
    "get_uid": "kerasish.saving.naming",
    "is_keras_tensor": "kerasish.graph.keras_tensor",
}


def backend() -> str:
    """Return the name of the backend in force."""
    return get_backend().name


def __getattr__(name: str) -> Any:
    if name not in _ABOVE:
        raise AttributeError(f"module 'kerasish.backend' has no attribute '{name}'")
    return getattr(importlib.import_module(_ABOVE[name]), name)
