"""Matrix products by cuBLAS itself, which CUDA graphs can hold.

CuPy refuses its own cuBLAS calls on a stream that is being captured, casts float16 to
float32 in stacks of products, and leaves no choice of TF32; so libcublas is called
through ctypes. Each thread and device has a handle, with work space of its own, since
what a graph has captured may use no other.

References:
    NVIDIA, "cuBLAS Library User Guide", sections 2.1.4 (CUDA graphs), 2.8.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import math
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cupy
import numpy as np

from kerasish.backend import settings
from kerasish.backend.contract import Array, BoundKernel
from kerasish.backend.matrices import Layout, layout_of

TF32_VARIABLE = "KERASISH_TF32"
_WORKSPACE = 32 << 20  # bytes; what NVIDIA advises for Hopper
_PLAIN, _TRANSPOSED = 0, 1
_DEFAULT_ALGORITHM = -1
# what to compute in, by cuBLAS's numbers
_SINGLE, _SINGLE_BY_BFLOAT16, _SINGLE_BY_TF32, _DOUBLE = 68, 75, 77, 70
# dtype -> cuBLAS's number for it, the type to compute in, the C type of factors
_TYPES = {
    "float16": (2, _SINGLE, ctypes.c_float),
    "float32": (0, _SINGLE, ctypes.c_float),
    "float64": (1, _DOUBLE, ctypes.c_double),
}
_NAMES = ("libcublas.so.13", "libcublas.so.12", "cublas64_13.dll", "cublas64_12.dll")


def single_precision() -> int:
    """Return what products of float32 are computed in, as cuBLAS numbers it.

    On tensor cores factors are rounded, to 8 bits where the global policy is one of
    bfloat16, or to 11 where `KERASISH_TF32` allows it. Sums are float32 in any case.
    """
    if "bfloat16" in settings.dtype_policy():
        return _SINGLE_BY_BFLOAT16
    allowed = os.environ.get(TF32_VARIABLE, "0") not in ("", "0")
    return _SINGLE_BY_TF32 if allowed else _SINGLE


@functools.cache
def library() -> Any:
    """Return libcublas; None if it is not found."""
    for name in (*_found_by_pathfinder(), *_NAMES):
        try:
            loaded = ctypes.CDLL(name)
        except OSError:
            continue
        return _with_arguments(loaded)
    return None


def _found_by_pathfinder() -> list[str]:
    """Return where CuPy's own finder of NVIDIA's packages has it."""
    try:
        finder = importlib.import_module("cuda.pathfinder")
        return [finder.load_nvidia_dynamic_lib("cublas").abs_path]
    except Exception:  # it has many ways to fail, and the names above remain
        return []


def _with_arguments(loaded: Any) -> Any:
    """Declare the arguments of the functions used: all addresses have 64 bits."""
    pointer, whole, long = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
    matrix = [pointer, whole, whole]
    spaced = [*matrix, long]
    head = [pointer, whole, whole, whole, whole, whole, pointer]
    loaded.cublasCreate_v2.argtypes = [pointer]
    loaded.cublasSetStream_v2.argtypes = [pointer, pointer]
    loaded.cublasSetWorkspace_v2.argtypes = [pointer, pointer, ctypes.c_size_t]
    loaded.cublasGemmStridedBatchedEx.argtypes = [
        *(*head, *spaced, *spaced, pointer, *spaced, whole, whole, whole)
    ]
    loaded.cublasGemmBatchedEx.argtypes = [
        *(*head, *matrix, *matrix, pointer, *matrix, whole, whole, whole)
    ]
    return loaded


class Handle:
    """A handle of cuBLAS, with its work space.

    Args:
        functions: The library.
    """

    def __init__(self, functions: Any) -> None:
        self._functions = functions
        self._space = cupy.empty((_WORKSPACE,), "uint8")
        self._stream: int | None = None
        handle = ctypes.c_void_p()
        check(functions.cublasCreate_v2(ctypes.byref(handle)))
        self._handle = handle

    def on(self, stream: int) -> Any:
        """Return the handle, its work to be put on a stream."""
        if stream != self._stream:
            check(self._functions.cublasSetStream_v2(self._handle, stream))
            # the stream's default space, which this call gives it, suits no graph
            space = self._space.data.ptr, _WORKSPACE
            check(self._functions.cublasSetWorkspace_v2(self._handle, *space))
            self._stream = stream
        return self._handle


class _Handles(threading.local):
    def __init__(self) -> None:
        self.by_device: dict[int, Handle] = {}


_HANDLES = _Handles()


def handle() -> Handle:
    """Return this thread's handle for the current device."""
    device = int(cupy.cuda.runtime.getDevice())
    if device not in _HANDLES.by_device:
        _HANDLES.by_device[device] = Handle(library())
    return _HANDLES.by_device[device]


def check(status: int) -> None:
    """Raise if a call of cuBLAS has failed.

    Raises:
        RuntimeError: It has.
    """
    if status:
        raise RuntimeError(f"cuBLAS failed with status {status}")


@dataclass(frozen=True)
class Product:
    """A product of matrices, or of stacks of them, ready to be asked for.

    cuBLAS counts by columns: what it calls the first factor is our second one.

    Attributes:
        function: The function of cuBLAS.
        head: Both operations and the three lengths.
        first: Address, type and leading length of our second operand, and the elements
            from one matrix of a stack to the next; without these, the addresses of all
            its matrices lie on the device at that address.
        second: The same of our first.
        result: The same of the result.
        count: How many products.
        kind: What to compute in, and the C type of factors.
        kept: Arrays that must live as long.
    """

    function: str
    head: tuple[int, ...]
    first: tuple[int, ...]
    second: tuple[int, ...]
    result: tuple[int, ...]
    count: int
    kind: tuple[int, Any]
    kept: tuple[Any, ...]

    def __call__(self) -> None:
        """Put it on the current stream."""
        compute, real = self.kind
        one, zero = ctypes.byref(real(1)), ctypes.byref(real(0))
        asked = handle().on(cupy.cuda.get_current_stream().ptr)
        factors = (one, *self.first, *self.second, zero, *self.result)
        tail = (self.count, compute, _DEFAULT_ALGORITHM)
        check(getattr(library(), self.function)(asked, *self.head, *factors, *tail))


def product_of(out: Array, x1: Array, x2: Array) -> Product | None:
    """Return the product `out = x1 @ x2`; None where cuBLAS cannot take the arrays."""
    dtype = str(out.dtype)
    if dtype not in _TYPES or not (x1.dtype == x2.dtype == out.dtype):
        return None
    if min(x1.ndim, x2.ndim) < 2 or not out.size or not x1.shape[-1]:
        return None
    layouts = [layout_of(x) for x in (x2, x1, out)]
    known = [layout for layout in layouts if layout is not None]
    if len(known) < 3 or known[2].transposed or library() is None:
        return None
    number, compute, real = _TYPES[dtype]
    if dtype == "float32":
        compute = single_precision()
    stack = tuple(out.shape[:-2])
    arrays = [_stacked(x, stack) for x in (x2, x1, out)]
    steps = [_step(x) for x in arrays]
    kept: tuple[Any, ...] = (x1, x2, out)
    if any(step is None for step in steps):
        function = "cublasGemmBatchedEx"
        arrays = [cupy.asarray(x.data.ptr + _offsets(x)) for x in arrays]
        kept = (*kept, *arrays)
        steps = []
    else:
        function = "cublasGemmStridedBatchedEx"
    leading = [layout.leading for layout in known]
    rows = zip([x.data.ptr for x in arrays], [number] * 3, leading, strict=True)
    first, second, result = ((*row, *steps[i : i + 1]) for i, row in enumerate(rows))
    head = (*_operations(known), out.shape[-1], out.shape[-2], x1.shape[-1])
    count = math.prod(stack)
    return Product(function, head, first, second, result, count, (compute, real), kept)


def _operations(layouts: Sequence[Layout]) -> tuple[int, int]:
    first, second, _ = layouts
    return (
        _TRANSPOSED if first.transposed else _PLAIN,
        _TRANSPOSED if second.transposed else _PLAIN,
    )


def _stacked(x: Array, stack: tuple[int, ...]) -> Array:
    """Return a view with a matrix for each product."""
    whole = (*stack, *x.shape[-2:])
    return x if x.shape == whole else cupy.broadcast_to(x, whole)


def _offsets(x: Array) -> np.ndarray:
    """Return the bytes from the first matrix of a stack to each."""
    offsets = np.zeros(x.shape[:-2], np.int64)
    for axis, stride in enumerate(x.strides[:-2]):
        steps = stride * np.arange(x.shape[axis])
        offsets += steps.reshape(-1, *[1] * (x.ndim - 3 - axis))
    return offsets.reshape(-1)


def _step(x: Array) -> int | None:
    """Return the elements from each matrix of a stack to the next; None if uneven."""
    between = np.diff(_offsets(x))
    if between.size and (between != between[0]).any():
        return None
    return int(between[0]) // x.itemsize if between.size else 0


class ProductKernel(BoundKernel):
    """Products by cuBLAS, or by CuPy where cuBLAS cannot take the arrays."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the call with its arrays filled in."""
        made = product_of(out, *inputs)
        return made or functools.partial(cupy.matmul, *inputs, out=out)
