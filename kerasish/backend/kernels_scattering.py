"""Kernels that write at computed places, for any module with NumPy's interface."""

from __future__ import annotations

import math
from typing import Any

from kerasish.backend.contract import Array, Kernel


def scattering_kernels(xp: Any) -> dict[str, Kernel]:
    """Return the kernels, written for the array module `xp`."""
    combine = {"max": xp.maximum, "min": xp.minimum, "mul": xp.multiply}

    def scatter_into(
        out: Array, x: Array, indices: Array, updates: Array, *, how: str
    ) -> None:
        if out is not x:
            xp.copyto(out, x)
        flat = indices.reshape(-1)
        rows = updates.reshape((math.prod(indices.shape), *out.shape[1:]))
        if how == "set":
            out[flat] = rows
        else:
            combine[how].at(out, flat, rows)

    def set_slice(
        out: Array, x: Array, updates: Array, *, slices: tuple[slice, ...]
    ) -> None:
        if out is not x:
            xp.copyto(out, x)
        out[slices] = updates

    return {"scatter_into": scatter_into, "set_slice": set_slice}
