"""The table of kernels, and those whose text differs from NumPy's.

Movement and sorting are the shared kernels of `kerasish.backend.array_kernels`. Every
elementwise operation is generated, so that it means the same alone and inside a fused
group, and so are reductions; products are cuBLAS's. Replaced are: joining (CuPy's
uploads a list of pointers for more than eight parts), gathering (CuPy's wraps an index
outside the array around), scattering (CuPy's adds in no fixed order) and, for arrays
without elements, running totals and sorting (CuPy's launch an empty grid).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import cupy

from kerasish.backend.array_kernels import array_kernels
from kerasish.backend.contract import Array, BoundKernel, Kernel, Shape, scratch
from kerasish.backend.kernels_convolution import convolution_kernels
from kerasish_cupy.cublas import ProductKernel
from kerasish_cupy.expressions import OPERATIONS
from kerasish_cupy.fused_source import WORDS, Step
from kerasish_cupy.indexing_source import (
    combine_source,
    gather_source,
    keys_source,
    place_dtype,
    scatter_source,
)
from kerasish_cupy.launch import (
    ElementwiseLaunch,
    FusedKernel,
    Launches,
    RowsKernel,
    SingleKernel,
    kernel_of,
)
from kerasish_cupy.reductions import reductions

# few large products keep a GPU busy, many small ones do not
_CONVOLUTION_BYTES = 128 << 20


COPY = SingleKernel("cast_to")


class ReshapeKernel(BoundKernel):
    """Copies into another shape, in the order of elements."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        return COPY.bind(out.reshape(inputs[0].shape), inputs, {})


class ConcatKernel(BoundKernel):
    """Joining: one copy for each part, into its place."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return a call that copies each part."""
        whole = (slice(None),) * attributes["axis"]
        copies, start = [], 0
        for x in inputs:
            stop = start + x.shape[attributes["axis"]]
            part = out[(*whole, slice(start, stop))]
            copies.append(COPY.bind(part, (x,), {}))
            start = stop
        return Launches(*copies)


class GatherKernel(BoundKernel):
    """Slices at indices along an axis; outside the array NaN, or 0."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        x, indices = inputs
        axis = attributes["axis"]
        place = place_dtype(out.size, x.size)
        source = gather_source(str(x.dtype), str(indices.dtype), place)
        width = math.prod(x.shape[axis + 1 :])
        scalars = (indices.size, width, x.shape[axis])
        # indices as they lie: to flatten turned ones here would copy them once for all
        return functools.partial(kernel_of(source), x, indices, *scalars, out)


def _scatter_scratch(
    out: Any, indices: Any, x: Any, *, shape: Shape
) -> list[tuple[Shape, str]]:
    count = math.prod(indices.shape)
    sizes = (math.prod(x.shape), math.prod(out.shape), count)
    return [((count,), place_dtype(*sizes))]


@scratch(_scatter_scratch)
def scatter_add(
    out: Array, indices: Array, x: Array, *, shape: Shape, scratch: tuple[Array, ...]
) -> None:
    """Write sums of the slices of `x`, in their order; allocates for the sort."""
    if indices.size == 0 or out.size == 0:
        out.fill(0)
        return
    keys = scratch[0]
    place = str(keys.dtype)
    find_keys = kernel_of(keys_source(str(indices.dtype), place))
    find_keys(indices.reshape(-1), shape[0], keys)
    order = cupy.argsort(keys, kind="stable")
    sum_runs = kernel_of(scatter_source(str(x.dtype), place))
    sum_runs(keys, order, x, indices.size, math.prod(shape[1:]), out)


def _combine_scratch(
    out: Any, x: Any, indices: Any, updates: Any, *, how: str
) -> list[tuple[Shape, str]]:
    return _scatter_scratch(out, indices, updates, shape=tuple(out.shape))


@scratch(_combine_scratch)
def scatter_into(
    out: Array,
    x: Array,
    indices: Array,
    updates: Array,
    *,
    how: str,
    scratch: tuple[Array, ...],
) -> None:
    """Write `x` with slices combined in their order; allocates for the sort."""
    if indices.size == 0 or out.size == 0:
        cupy.copyto(out, x)
        return
    keys = scratch[0]
    place = str(keys.dtype)
    find_keys = kernel_of(keys_source(str(indices.dtype), place))
    find_keys(indices.reshape(-1), out.shape[0], keys)
    order = cupy.argsort(keys, kind="stable")
    combine = kernel_of(combine_source(str(x.dtype), place, how))
    width = math.prod(out.shape[1:])
    combine(x, keys, order, updates, indices.size, width, out)


class HashedWords(BoundKernel):
    """Random words: the hash of each place and a key."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        step = Step(WORDS, (0,), "uint32")
        return ElementwiseLaunch((step,), inputs, ((out, 1),))


def unless_empty(kernel: Kernel) -> Kernel:
    """Return a kernel that does nothing for a result without elements."""

    @functools.wraps(kernel)
    def guarded(out: Array, *inputs: Array, **attributes: Any) -> None:
        if out.size:
            kernel(out, *inputs, **attributes)

    return guarded


def table() -> dict[str, Kernel]:
    """Return the whole table: operation name -> kernel."""
    shared = array_kernels(cupy)
    product = ProductKernel()
    guarded = ("cumulative_sum", "cumulative_prod", "arg_sort")
    return {
        **shared,
        **convolution_kernels(cupy, product, block_bytes=_CONVOLUTION_BYTES),
        **{name: SingleKernel(name) for name in OPERATIONS},
        **{name: unless_empty(shared[name]) for name in guarded},
        "fused": FusedKernel(),
        "fused_rows": RowsKernel(),
        **reductions(shared),
        "matmul_of": product,
        "concat": ConcatKernel(),
        "copy": COPY,
        "reshape_to": ReshapeKernel(),
        "gather": GatherKernel(),
        "scatter_add": scatter_add,
        "scatter_into": scatter_into,
        "hashed_words": HashedWords(),
    }
