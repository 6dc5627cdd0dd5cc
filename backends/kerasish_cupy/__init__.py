"""CuPy backend: array math on an NVIDIA GPU.

Importing this package loads neither CuPy nor the driver; `make()` does, and says how to
mend it where that fails. It never falls back to the CPU.
"""

from __future__ import annotations

import importlib

from kerasish.backend.contract import Backend
from kerasish_cupy.availability import require_device

__all__ = ["make"]


def make(device: int | None = None) -> Backend:
    """Return the backend; called once for each name by `kerasish.backend.load_backend`.

    Args:
        device: Number of the GPU; None for the one that is current.

    Raises:
        BackendError: CuPy is missing, finds no such device, or does not fit the driver.
    """
    require_device(device or 0)
    module = importlib.import_module("kerasish_cupy.backend")  # it imports CuPy
    backend: Backend = module.CupyBackend(device)
    return backend
