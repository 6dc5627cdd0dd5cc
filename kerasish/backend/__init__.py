"""The contract a backend fulfils, the choice of one, and the global settings."""

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
    "backend_scope",
    "epsilon",
    "floatx",
    "get_backend",
    "image_data_format",
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
