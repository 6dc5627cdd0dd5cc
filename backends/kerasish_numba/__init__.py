"""Numba backend: NumPy's arrays, with groups of operations compiled to one loop each.

Importing this package does not load Numba; `make()` does.
"""

from __future__ import annotations

import importlib

from kerasish.backend.contract import Backend
from kerasish.errors import BackendError, explain

__all__ = ["make"]


def make() -> Backend:
    """Return the backend; called once by `kerasish.backend.load_backend`.

    Raises:
        BackendError: Numba is missing or cannot be loaded.
    """
    try:
        module = importlib.import_module("kerasish_numba.backend")  # it imports Numba
    except ImportError as error:
        message = explain(
            "The backend 'numba' needs Numba, which is not installed or not loadable.",
            got=str(error).splitlines()[0],
            fix='pip install "kerasish[numba]", or use KERASISH_BACKEND=numpy',
        )
        raise BackendError(message) from error
    backend: Backend = module.NumbaBackend()
    return backend
