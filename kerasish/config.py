"""`keras.config`: the global settings, and the choice of a backend."""

from __future__ import annotations

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


__all__ = [
    "available_backends",
    "backend",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_interactive_logging_enabled",
    "set_backend",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]
