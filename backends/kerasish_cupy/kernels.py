"""The table of kernels, and those whose text differs from NumPy's.

Sorting and running totals are the shared kernels of `kerasish.backend.array_kernels`,
but for arrays without elements, for which CuPy's launch an empty grid. Elementwise
operations are generated, so that they mean the same alone and inside a fused group, and
so are copies of views, reductions and what slides windows; products are cuBLAS's. Of
the others are replaced: joining (CuPy's uploads a list of pointers for more than eight
parts), gathering (CuPy's wraps an index outside the array around) and scattering
(CuPy's adds in no fixed order).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import cupy

from kerasish.backend.array_kernels import array_kernels, array_view
from kerasish.backend.contract import Array, BoundKernel, Kernel, Shape, scratch
from kerasish_cupy.cublas import ProductKernel
from kerasish_cupy.expressions import OPERATIONS
from kerasish_cupy.fused_source import WORDS, Step
from kerasish_cupy.indexing_source import (
    combine_source,
    gather_source,
    keys_source,
    place_dtype,
    scan_source,
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
from kerasish_cupy.row_source import WARP
from kerasish_cupy.windows import window_kernels

# indices looked at, by all threads together: a warp reads 32 of them in one load
_MOST_SCANNED = 1 << 30


COPY = SingleKernel("cast_to")


class ReshapeKernel(BoundKernel):
    """Copies into another shape, in the order of elements."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        return COPY.bind(out.reshape(inputs[0].shape), inputs, {})


class ViewKernel(BoundKernel):
    """A copy of what a view operation shows."""

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        shown = array_view(cupy, self._operation, inputs[0], attributes)
        return COPY.bind(out, (shown,), {})


class PadKernel(BoundKernel):
    """A part of an array, and a number everywhere else."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return a call that fills the array and copies the part."""
        inside = out[(*attributes["slices"], ...)]
        fill = functools.partial(out.fill, attributes["value"])
        return Launches(fill, COPY.bind(inside, inputs, {}))


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


class ScatterAddKernel(BoundKernel):
    """Sums of slices, in their order: by looking through the indices, or by sorting.

    To look through them takes no memory, so it can be part of a CUDA graph; with many
    rows and many indices it takes too long.
    """

    def scratch(
        self, out: Any, indices: Any, x: Any, *, shape: Shape
    ) -> list[tuple[Shape, str]]:
        """Return the form of the keys to be sorted, if they are."""
        count = math.prod(indices.shape)
        if shape[0] * _blocks(shape) * count <= _MOST_SCANNED:
            return []
        return _scatter_scratch(out, indices, x, shape=shape)

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays, or what sorts; the latter allocates."""
        indices, x = inputs
        if indices.size == 0 or out.size == 0:
            return functools.partial(out.fill, 0)
        shape, keys = attributes["shape"], attributes.get("scratch", ())
        if keys:
            return functools.partial(_add_sorted, out, indices, x, keys[0])
        place = place_dtype(out.size, x.size, indices.size)
        source = scan_source(str(x.dtype), str(indices.dtype), place)
        blocks = _blocks(shape)
        scalars = (indices.size, math.prod(shape[1:]), blocks, shape[0])
        size = shape[0] * blocks * WARP
        return functools.partial(
            kernel_of(source), indices, x, *scalars, out, size=size
        )


def _blocks(shape: Shape) -> int:
    """Return how many warps share a row."""
    return -(-math.prod(shape[1:]) // WARP)


def _add_sorted(out: Array, indices: Array, x: Array, keys: Array) -> None:
    """Write sums of the slices of `x`, in their order; allocates for the sort."""
    place = str(keys.dtype)
    find_keys = kernel_of(keys_source(str(indices.dtype), place))
    find_keys(indices.reshape(-1), out.shape[0], keys)
    order = cupy.argsort(keys, kind="stable")
    sum_runs = kernel_of(scatter_source(str(x.dtype), place))
    sum_runs(keys, order, x, indices.size, math.prod(out.shape[1:]), out)


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
    guarded = ("cumulative_sum", "cumulative_prod", "arg_sort")
    views = ("transpose_to", "slice_to", "broadcast")
    return {
        **shared,
        **window_kernels(shared),
        **{name: SingleKernel(name) for name in OPERATIONS},
        **{name: unless_empty(shared[name]) for name in guarded},
        "fused": FusedKernel(),
        "fused_rows": RowsKernel(),
        **reductions(shared),
        "matmul_of": ProductKernel(),
        "concat": ConcatKernel(),
        "copy": COPY,
        "reshape_to": ReshapeKernel(),
        **{name: ViewKernel(name) for name in views},
        "stop_gradient": COPY,
        "place": PadKernel(),
        "gather": GatherKernel(),
        "scatter_add": ScatterAddKernel(),
        "scatter_into": scatter_into,
        "hashed_words": HashedWords(),
    }
