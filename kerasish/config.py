"""`keras.config`: the global settings, and the choice of a backend."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager
from typing import Any

from kerasish.backend import (
    available_backends,
    backend_scope,
    epsilon,
    floatx,
    get_backend,
    image_data_format,
    set_backend,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from kerasish.backend.settings import (
    disable_flash_attention,
    disable_traceback_filtering,
    enable_flash_attention,
    enable_traceback_filtering,
    is_flash_attention_enabled,
    is_traceback_filtering_enabled,
    max_epochs,
    max_steps_per_epoch,
    set_max_epochs,
    set_max_steps_per_epoch,
)
from kerasish.dtype_policies import dtype_policy, set_dtype_policy
from kerasish.utils.io import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)


def backend(name: str | None = None) -> str | AbstractContextManager[Any]:
    """Return the name of the backend in force; with a name, a scope that uses another.

    Args:
        name: The backend to use inside `with kerasish.config.backend(name):`, in this
            thread.

    Example:
        >>> with backend("numpy"):
        ...     backend()
        'numpy'
    """
    return get_backend().name if name is None else backend_scope(name)


def is_nnx_enabled() -> bool:
    """Return whether JAX's NNX features are in use: never, without JAX."""
    return False


def enable_unsafe_deserialization() -> None:
    """Warn that this changes nothing: code in a model file is never run.

    Keras runs it after this call; here there is no such switch.
    """
    warnings.warn(
        "`enable_unsafe_deserialization` changes nothing: code stored in a file is "
        "never run. Name the functions a model needs in `custom_objects`.",
        stacklevel=2,
    )


__all__ = [
    "available_backends",
    "backend",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_max_epochs",
    "set_max_steps_per_epoch",
]
