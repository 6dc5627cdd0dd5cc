"""The NumPy backend: allocation, transfer, and the table of kernels."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar

import numpy as np

from kerasish.backend.array_kernels import UfuncKernel, array_kernels, array_view
from kerasish.backend.contract import Array, Backend, Kernel, Shape, Step
from kerasish.backend.kernels_convolution import convolution_kernels
from kerasish.backend.kernels_pooling import pooling_kernels
from kerasish_numpy import (
    bessel,
    blas,
    chains,
    denormals,
    direct,
    hashing,
    products,
    scattering,
    special,
    sweeps,
    workers,
)
from kerasish_numpy.fourier_convolution import fourier_kernels
from kerasish_numpy.reductions import REDUCTIONS

_ALIGNMENT = 64  # bytes: a cache line, and a full AVX-512 register


class ExecutionScope:
    """What holds while plans run; a class, as generators are slower to enter."""

    def __enter__(self) -> None:
        self._errors = np.errstate(all="ignore")
        self._flush = denormals.FlushToZero()
        self._errors.__enter__()
        self._flush.__enter__()
        blas.LIMIT.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        blas.LIMIT.__exit__(kind, error, traceback)
        self._flush.__exit__(kind, error, traceback)
        self._errors.__exit__(kind, error, traceback)


_SHARED = array_kernels(np)
_BLOCK_BYTES = 1 << 19  # of pooled images: some arrays of a block fit in a core's cache
_CONVOLUTION = convolution_kernels(np, UfuncKernel(np.matmul), workers.WORKERS)


class NumpyBackend(Backend):
    """Array math by NumPy on the CPU."""

    name = "numpy"
    array_type = np.ndarray
    flushes_denormals = denormals.AVAILABLE
    gathers_ahead = workers.num_cores() > 1
    kernels: ClassVar[Mapping[str, Kernel]] = {
        **_SHARED,
        **direct.direct_kernels(_SHARED),
        **REDUCTIONS,
        "erf": special.erf,
        "erfc": special.erfc,
        "erfinv": special.erfinv,
        "i0": bessel.i0,
        "i1": bessel.i1,
        "hashed_words": hashing.hashed_words,
        "scatter_add": scattering.scatter_add,
        "matmul_of": products.Product(workers.WORKERS),
        **pooling_kernels(np, workers.WORKERS, _BLOCK_BYTES),
        **fourier_kernels(_CONVOLUTION, workers.WORKERS),
        "moving_average": sweeps.MovingAverage(),
        "add_scaled": sweeps.AddScaled(),
    }

    def empty(self, shape: Shape, dtype: str) -> Array:
        """Return a new array that starts on a cache line."""
        item = np.dtype(dtype)
        count = int(np.prod(shape, dtype=np.int64))
        memory = np.empty(count * item.itemsize + _ALIGNMENT, np.uint8)
        start = -memory.ctypes.data % _ALIGNMENT
        used = memory[start : start + count * item.itemsize]
        return used.view(item).reshape(shape)

    def from_host(self, array: np.ndarray) -> Array:
        """Return a contiguous copy."""
        return np.array(array, order="C")

    def to_host(self, array: Array) -> np.ndarray:
        """Return a contiguous copy."""
        return np.array(array, order="C")

    def copy(self, target: Array, source: Array) -> None:
        """Write `source` into `target`."""
        np.copyto(target, source)

    def carve(self, memory: Array, offset: int, shape: Shape, dtype: str) -> Array:
        """Return an array over a part of `memory`."""
        return np.ndarray(shape, np.dtype(dtype), memory.data, offset)

    def view(self, operation: str, array: Array, attributes: dict[str, Any]) -> Array:
        """Return a NumPy view."""
        return array_view(np, operation, array, attributes)

    def execution_scope(self) -> contextlib.AbstractContextManager[None]:
        """Return a scope in which subnormals count as zero and BLAS keeps to a thread.

        Large products are cut into streams (see `kerasish_numpy.products`).
        """
        return ExecutionScope()

    def eager_scope(self) -> contextlib.AbstractContextManager[None]:
        """Return a scope in which infinities and NaN arise without a warning."""
        return np.errstate(all="ignore")

    def bind_chain(self, steps: Sequence[Step]) -> Callable[[], None] | None:
        """Return one call that goes through long steps block by block."""
        return chains.bind_chain(self, workers.WORKERS, steps)

    def host_view(self, array: Array) -> np.ndarray | None:
        """Return the array: it lies in host memory."""
        return array  # type: ignore[no-any-return]

    def upload(self, target: Array, source: np.ndarray) -> None:
        """Write `source` into `target`."""
        np.copyto(target, source)

    def flush_denormals(self, array: Array) -> None:
        """Set subnormal elements to zero."""
        array[np.abs(array) < np.finfo(array.dtype).tiny] = 0


def make() -> NumpyBackend:
    """Return the backend; called once by `kerasish.backend.load_backend`."""
    return NumpyBackend()
