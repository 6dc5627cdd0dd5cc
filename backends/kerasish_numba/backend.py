"""The Numba backend: NumPy's, with compiled loops for fused groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kerasish.backend.contract import Kernel
from kerasish_numba.expressions import has_expression
from kerasish_numba.fused import FusedKernel
from kerasish_numba.pooling import window_kernels
from kerasish_numba.reductions import reductions
from kerasish_numba.scattering import scatter_add
from kerasish_numpy.backend import NumpyBackend

# In NumPy's table because it has no loops of its own; here they are parts of groups.
_COMPOSED = ("moving_average", "add_scaled")


class NumbaBackend(NumpyBackend):
    """NumPy's arrays and products; elementwise work in loops compiled by Numba."""

    name = "numba"
    kernels: ClassVar[Mapping[str, Kernel]] = {
        **{k: v for k, v in NumpyBackend.kernels.items() if k not in _COMPOSED},
        **reductions(),
        **window_kernels(dict(NumpyBackend.kernels)),
        "scatter_add": scatter_add,
        "fused": FusedKernel(),
    }

    def fuses(self, operation: str, dtypes: Sequence[str]) -> bool:
        """Return whether an operation can be part of a compiled loop."""
        return has_expression(operation, dtypes)
