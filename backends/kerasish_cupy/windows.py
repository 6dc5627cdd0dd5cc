"""Kernels that slide windows, in few launches, all of which a CUDA graph can hold.

A convolution is the windows of a block of samples laid out by one launch, and one
product of matrices; its gradient by the input is a product and one launch that adds up
what belongs to each place. One channel a group, or pooling, is one launch.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cupy

from kerasish.backend.contract import Array, BoundKernel, Kernel, Shape
from kerasish.backend.convolution_columns import (
    kernel_matrix,
    output_matrix,
    part,
    row_size,
    turned,
)
from kerasish.backend.convolution_geometry import (
    Block,
    Geometry,
    blocks,
    geometry,
    largest_block,
    num_elements,
)
from kerasish.backend.windows import PreparedKernel, packed
from kerasish_cupy.convolution_source import (
    Window,
    channelwise_input_source,
    channelwise_kernel_source,
    channelwise_source,
    columns_source,
    spread_source,
)
from kerasish_cupy.cublas import ProductKernel
from kerasish_cupy.indexing_source import place_dtype
from kerasish_cupy.launch import SingleKernel, kernel_of
from kerasish_cupy.pooling_source import (
    Sliding,
    over_places_source,
    pick_source,
    pooled_source,
)
from kerasish_cupy.reduction_source import total_dtype
from kerasish_cupy.reductions import ReductionKernel

# few large products keep a GPU busy, many small ones do not
_BLOCK_BYTES = 128 << 20
# fewer do not fill the 32 bytes that a GPU writes at once
_FEW_CHANNELS = 8
# threads that a kernel's gradient, channel by channel, is shared out among at least
_MANY_THREADS = 1 << 17

Call = Callable[[], Any]
Needs = list[tuple[Shape, str]]

_PRODUCT = ProductKernel()
_ADD = SingleKernel("add")


def window_kernels(shared: dict[str, Kernel]) -> dict[str, Kernel]:
    """Return the kernels of convolution and pooling.

    Args:
        shared: CuPy's.
    """
    total = ReductionKernel("reduce_sum", shared["reduce_sum"])
    by_kernel = functools.partial(_kernel_gradient, total)
    pooling = ("window_max", "window_sum", "window_spread", "window_scatter")
    return {
        "conv_forward": PreparedKernel(_forward, _forward_needs),
        "conv_input_gradient": PreparedKernel(_input_gradient, _input_gradient_needs),
        "conv_kernel_gradient": PreparedKernel(by_kernel, _kernel_gradient_needs),
        **{name: PoolingKernel(name) for name in (*pooling, "window_pick")},
    }


class PoolingKernel(BoundKernel):
    """The kernel of one operation of pooling along an axis, in one launch."""

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Call:
        """Return the launch on these arrays."""
        axis, size, stride = (attributes[key] for key in ("axis", "size", "stride"))
        place = place_dtype(out.size, *(x.size for x in inputs))
        sliding = Sliding(size, stride, str(out.dtype), place)
        length, count = inputs[-1].shape[axis], out.shape[axis]
        if self._operation in ("window_spread", "window_scatter"):
            source = over_places_source(self._operation, sliding)
            length, count = out.shape[axis], inputs[0].shape[axis]
        elif self._operation == "window_pick":
            source = pick_source(sliding)
        else:
            source = pooled_source(self._operation, sliding)
        width = math.prod(out.shape[axis + 1 :])
        scalars = (length, count, width, attributes["padding"][0])
        return functools.partial(kernel_of(source), *inputs, *scalars, out)


def _window(g: Geometry, *arrays: Array) -> Window:
    taps = g.taps * g.channels * g.groups * g.batch * math.prod(g.outputs)
    place = place_dtype(taps, *(x.size for x in arrays))
    return Window(g.window, g.strides, g.dilation, str(arrays[0].dtype), place)


def _scalars(g: Geometry, block: Block) -> list[int]:
    """Return what `Window.scalars` names."""
    found = [block.num_samples, g.groups, g.channels, g.filters, block.rows.start]
    counts = (block.num_rows, *g.outputs[1:])
    axes = zip(g.lengths, counts, g.padding, strict=True)
    for length, count, (before, _) in axes:
        found += [length, count, before]
    return found


def _whole(g: Geometry) -> Block:
    return Block(slice(0, g.batch), slice(0, g.outputs[0]))


def _blocks(g: Geometry, dtype: str) -> tuple[Block, Iterator[Block]]:
    """Return the largest block that is worked on at a time, and all of them."""
    limit = num_elements(_BLOCK_BYTES, dtype)
    largest = largest_block(g, row_size(g), limit, g.batch)
    return largest, blocks(g, slice(0, g.batch), largest)


def _matrix(g: Geometry, flat: Array, block: Block) -> Array:
    """Return scratch as a block's windows: (groups, windows, taps * channels)."""
    count = block.num_samples * block.num_rows * math.prod(g.outputs[1:])
    form = (g.groups, count, g.taps * g.channels)
    return part(flat, form if g.groups > 1 else form[1:])


def _columns(
    g: Geometry, x: Array, flat: Array, block: Block, calls: list[Call]
) -> Array:
    """Return the windows of a block; the launch that fills them is put on the list."""
    matrix = _matrix(g, flat, block)
    by_element = g.channels < _FEW_CHANNELS
    source = columns_source(_window(g, x), by_element)
    arguments = (x[block.samples], *_scalars(g, block), matrix)
    size = matrix.size // (1 if by_element else g.taps)
    calls.append(functools.partial(kernel_of(source), *arguments, size=size))
    return matrix


def _forward(
    out: Array, x: Array, kernel: Array, *, scratch: Sequence[Array], **how: Any
) -> list[Call]:
    g = geometry(x, kernel, out, **how)
    if g.is_empty:
        return [functools.partial(out.fill, 0)]
    if g.is_depthwise:
        source = channelwise_source(_window(g, x))
        scalars = _scalars(g, _whole(g))
        return [functools.partial(kernel_of(source), x, kernel, *scalars, out)]
    calls: list[Call] = []
    weights = kernel_matrix(g, packed(cupy, kernel, calls))
    for block in _blocks(g, str(x.dtype))[1]:
        operands = (_columns(g, x, scratch[0], block, calls), weights)
        calls.append(_PRODUCT.bind(output_matrix(g, out, block), operands, {}))
    return calls


def _forward_needs(out: Any, x: Any, kernel: Any, **how: Any) -> Needs:
    g, dtype = geometry(x, kernel, out, **how), str(x.dtype)
    if g.is_empty or g.is_depthwise:
        return [((0,), dtype)]
    largest, _ = _blocks(g, dtype)
    return [((largest.num_samples * largest.num_rows * row_size(g),), dtype)]


def _input_gradient(
    out: Array,
    cotangent: Array,
    kernel: Array,
    *,
    scratch: Sequence[Array],
    lengths: Shape,
    **how: Any,
) -> list[Call]:
    g = geometry(out, kernel, cotangent, **how)
    if g.is_empty:
        return [functools.partial(out.fill, 0)]
    window = _window(g, out)
    if g.is_depthwise:
        source = channelwise_input_source(window)
        arguments = (cotangent, kernel, *_scalars(g, _whole(g)), out)
        return [functools.partial(kernel_of(source), *arguments)]
    calls: list[Call] = []
    flowing = packed(cupy, cotangent, calls)
    weights = turned(kernel_matrix(g, packed(cupy, kernel, calls)))
    spread = kernel_of(spread_source(window))
    for block in _blocks(g, str(out.dtype))[1]:
        terms = _matrix(g, scratch[0], block)
        operands = (output_matrix(g, flowing, block), weights)
        calls.append(_PRODUCT.bind(terms, operands, {}))
        adds = int(block.rows.start > 0)
        arguments = (terms, adds, *_scalars(g, block), out[block.samples])
        calls.append(functools.partial(spread, *arguments))
    return calls


def _input_gradient_needs(
    out: Any, cotangent: Any, kernel: Any, *, lengths: Shape, **how: Any
) -> Needs:
    return _forward_needs(cotangent, out, kernel, **how)


def _kernel_gradient(
    reduce_sum: ReductionKernel,
    out: Array,
    x: Array,
    cotangent: Array,
    *,
    scratch: Sequence[Array],
    window: Shape,
    **how: Any,
) -> list[Call]:
    g = geometry(x, out, cotangent, **how)
    if g.is_empty:
        return [functools.partial(out.fill, 0)]
    if g.is_depthwise:
        return _channelwise_gradient(reduce_sum, g, out, x, cotangent, scratch[0])
    calls: list[Call] = []
    flowing = packed(cupy, cotangent, calls)
    total = kernel_matrix(g, out)
    for i, block in enumerate(_blocks(g, str(x.dtype))[1]):
        matrix = turned(_columns(g, x, scratch[0], block, calls))
        target = kernel_matrix(g, part(scratch[1], out.shape)) if i else total
        operands = (matrix, output_matrix(g, flowing, block))
        calls.append(_PRODUCT.bind(target, operands, {}))
        if i:
            calls.append(_ADD.bind(total, (total, target), {}))
    return calls


def _kernel_gradient_needs(
    out: Any, x: Any, cotangent: Any, *, window: Shape, **how: Any
) -> Needs:
    g, dtype, size = (
        geometry(x, out, cotangent, **how),
        str(x.dtype),
        math.prod(out.shape),
    )
    if g.is_depthwise and not g.is_empty:
        segments, _ = _segments(g, size)
        return [((segments * size,), total_dtype(dtype))]
    needs = _forward_needs(cotangent, x, out, **how)
    several = not g.is_empty and len(list(_blocks(g, dtype)[1])) > 1
    return [*needs, ((size * several,), dtype)]


def _segments(g: Geometry, size: int) -> tuple[int, int]:
    """Return into how many parts rows of windows are shared out, and rows in each."""
    rows = g.batch * math.prod(g.outputs[:-1])
    chunk = -(-rows // max(_MANY_THREADS // size, 1))
    return -(-rows // chunk), chunk


def _channelwise_gradient(
    reduce_sum: ReductionKernel,
    g: Geometry,
    out: Array,
    x: Array,
    cotangent: Array,
    scratch: Array,
) -> list[Call]:
    """Return the launches of parts of the sums, and of their sum."""
    segments, chunk = _segments(g, out.size)
    rows = g.batch * math.prod(g.outputs[:-1])
    parts = part(scratch, (segments, out.size))
    source = channelwise_kernel_source(_window(g, x, cotangent))
    arguments = (x, cotangent, chunk, rows, *_scalars(g, _whole(g)), parts)
    return [
        functools.partial(kernel_of(source), *arguments),
        reduce_sum.of_segments(out, parts),
    ]
