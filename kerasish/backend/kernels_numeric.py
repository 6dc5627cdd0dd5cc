"""Kernels that read bits as another dtype and search in sorted sequences.

`numeric_kernels(xp)` returns the table for `numpy`, `cupy` or a look-alike.
"""

from __future__ import annotations

from typing import Any

from kerasish.backend.contract import Array, Kernel


def numeric_kernels(xp: Any) -> dict[str, Kernel]:
    """Return the table, written for the array module `xp`."""

    def reinterpret(out: Array, x: Array, *, dtype: str) -> None:
        if out.size:
            # written through a view of the result: it is contiguous, x may be not
            xp.copyto(out.view(x.dtype), x)

    def search_sorted(out: Array, sequence: Array, values: Array, *, side: str) -> None:
        # allocates: searching is never in a hot step
        places = xp.searchsorted(sequence, values, side=side)
        xp.copyto(out, places, casting="unsafe")

    return {"reinterpret": reinterpret, "search_sorted": search_sorted}
