"""The CuPy backend: allocation, transfer, the device, and the table of kernels.

Imports CuPy; `kerasish_cupy.make` imports this module once a device is known to work.
Work is put on the calling thread's current stream, in order; nothing waits for it but
`to_host` and `synchronize`. The device is the one that is asked for by number, else the
one that is current when the backend is made: the first visible one, unless the program
chose another.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import cupy
import numpy as np

from kerasish.backend.array_kernels import array_view
from kerasish.backend.contract import Array, Backend, Kernel, Shape
from kerasish.backend.rows import REDUCTIONS
from kerasish_cupy.availability import driver_version, runtime_version
from kerasish_cupy.capture import joined
from kerasish_cupy.kernels import table
from kerasish_cupy.staging import Staging

_FLOATS = ("float16", "float32", "float64")


class CupyBackend(Backend):
    """Array math by CuPy on an NVIDIA GPU.

    Args:
        device: Number of the GPU; None for the one that is current.
    """

    array_type = cupy.ndarray
    # GPUs compute with subnormal numbers at full speed: there is nothing to flush
    flushes_denormals = True
    kernels: ClassVar[Mapping[str, Kernel]] = table()

    def __init__(self, device: int | None = None) -> None:
        self.name = "cupy" if device is None else f"cupy:{device}"
        current = int(cupy.cuda.runtime.getDevice())
        self._device = current if device is None else device
        self._staging = Staging()
        self._streams = threading.local()

    def empty(self, shape: Shape, dtype: str) -> Array:
        """Return a new array from CuPy's memory pool."""
        with cupy.cuda.Device(self._device):
            return cupy.empty(shape, dtype)

    def from_host(self, array: np.ndarray) -> Array:
        """Return a contiguous copy on the device."""
        with cupy.cuda.Device(self._device):
            return cupy.array(array, order="C")

    def to_host(self, array: Array) -> np.ndarray:
        """Return a contiguous copy, once the device has computed it."""
        with cupy.cuda.Device(self._device):
            host: np.ndarray = cupy.asnumpy(array)
        return host

    def copy(self, target: Array, source: Array) -> None:
        """Write `source` into `target`."""
        with cupy.cuda.Device(self._device):
            cupy.copyto(target, source)

    def carve(self, memory: Array, offset: int, shape: Shape, dtype: str) -> Array:
        """Return an array over a part of `memory`."""
        return cupy.ndarray(shape, dtype, memptr=memory.data + offset)

    def view(self, operation: str, array: Array, attributes: dict[str, Any]) -> Array:
        """Return a CuPy view."""
        return array_view(cupy, operation, array, attributes)

    def upload(self, target: Array, source: np.ndarray) -> None:
        """Write `source` into `target`; returns before the copy has arrived."""
        with cupy.cuda.Device(self._device):
            self._staging.upload(target, source)

    def room_for_data(self) -> int:
        """Return half of what is free on the device, CuPy's pool included."""
        with cupy.cuda.Device(self._device):
            free, _ = cupy.cuda.runtime.memGetInfo()
            return int(free + cupy.get_default_memory_pool().free_bytes()) // 2

    def synchronize(self) -> None:
        """Wait until the device has done all that was asked of it."""
        cupy.cuda.Device(self._device).synchronize()

    def eager_scope(self) -> contextlib.AbstractContextManager[None]:
        """Return a scope in which the device is the current one."""
        scope: contextlib.AbstractContextManager[None] = cupy.cuda.Device(self._device)
        return scope

    @contextlib.contextmanager
    def execution_scope(self) -> Iterator[None]:
        """Open a scope in which the device is current, and a stream of this thread.

        CuPy's default stream, where all else happens, could not be captured. Each waits
        for what was put on the other before, when the scope begins and ends.
        """
        with cupy.cuda.Device(self._device):
            outer, own = cupy.cuda.get_current_stream(), self._stream()
            own.wait_event(outer.record())
            try:
                with own:
                    yield
            finally:
                outer.wait_event(own.record())

    def _stream(self) -> Any:
        if not hasattr(self._streams, "own"):
            self._streams.own = cupy.cuda.Stream(non_blocking=True)
        return self._streams.own

    def joined(self, calls: Sequence[Callable[[], Any]]) -> Sequence[Callable[[], Any]]:
        """Return calls that do the same, launches as CUDA graphs."""
        return joined(calls)

    def fuses(self, operation: str, dtypes: Sequence[str]) -> bool:
        """Return whether an operation can be part of a generated kernel."""
        return operation not in REDUCTIONS or dtypes[0] in _FLOATS

    def describe(self) -> str:
        """Return the device's name and memory, and the versions in use."""
        properties = cupy.cuda.runtime.getDeviceProperties(self._device)
        gibibytes = properties["totalGlobalMem"] / 2**30
        return (
            f"cupy: {properties['name'].decode()} with {gibibytes:.0f} GiB "
            f"(device {self._device}), driver for CUDA {driver_version(cupy)}, "
            f"CUDA {runtime_version(cupy)}, CuPy {cupy.__version__}"
        )
