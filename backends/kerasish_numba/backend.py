"""The Numba backend: NumPy's, with compiled loops for fused groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from kerasish.backend.contract import Kernel, Step
from kerasish.backend.kernels_convolution import convolution_kernels
from kerasish.backend.rows import REDUCTIONS
from kerasish_numba import gathering
from kerasish_numba.expressions import has_expression
from kerasish_numba.fused import FusedKernel
from kerasish_numba.hashing import HashedWords
from kerasish_numba.loops import Concat, loop_kernels
from kerasish_numba.merging import joined
from kerasish_numba.pooling import window_kernels
from kerasish_numba.products import PART, PRODUCT
from kerasish_numba.reductions import reductions
from kerasish_numba.rows import RowsKernel
from kerasish_numba.scattering import scatter_add
from kerasish_numba.streams import NativeStreams
from kerasish_numpy.backend import NumpyBackend
from kerasish_numpy.fourier_convolution import fourier_kernels
from kerasish_numpy.workers import WORKERS

# In NumPy's table because it has no loops of its own; here they are parts of groups.
_COMPOSED = ("moving_average", "add_scaled")
_CONVOLUTION = convolution_kernels(np, PART, NativeStreams())


class NumbaBackend(NumpyBackend):
    """NumPy's arrays and products; elementwise work in loops compiled by Numba."""

    name = "numba"
    gathers_ahead = False  # all cores gather a batch together
    kernels: ClassVar[Mapping[str, Kernel]] = {
        **{k: v for k, v in NumpyBackend.kernels.items() if k not in _COMPOSED},
        **loop_kernels(NumpyBackend.kernels),
        **reductions(),
        **window_kernels(dict(NumpyBackend.kernels)),
        **fourier_kernels(_CONVOLUTION, WORKERS),
        "concat": Concat(NumpyBackend.kernels["concat"]),
        "hashed_words": HashedWords(),
        "matmul_of": PRODUCT,
        "scatter_add": scatter_add,
        "fused": FusedKernel(),
        "fused_rows": RowsKernel(),
    }

    def fuses(self, operation: str, dtypes: Sequence[str]) -> bool:
        """Return whether an operation can be part of a compiled loop."""
        if operation in REDUCTIONS:
            return dtypes[0] in ("float32", "float64")
        return has_expression(operation, dtypes)

    def take_rows(self, out: np.ndarray, source: np.ndarray, rows: np.ndarray) -> None:
        """Write rows of `source` into `out`, large ones on all cores."""
        if not gathering.take_rows(out, source, rows):
            super().take_rows(out, source, rows)

    def bind_chain(self, steps: Sequence[Step]) -> None:
        """Return None: `joined` makes one loop of steps over the same elements."""
        return

    def joined(self, calls: Sequence[Callable[[], Any]]) -> Sequence[Callable[[], Any]]:
        """Return calls that do the same, what is compiled joined to programs."""
        return joined(calls)
