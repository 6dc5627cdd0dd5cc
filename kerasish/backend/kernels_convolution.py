"""Kernels of convolution and its two gradients, as products of matrices.

Channels last, any number of spatial axes (Chellapilla, Puri & Simard, "High
Performance Convolutional Neural Networks for Document Processing", 2006). The work is
done for a block of samples, or of rows of one sample, at a time, so that the windows
laid out side by side stay few. The gradient by the input is one product for each
element of the window, added where that element lies. Samples may be shared out among
streams. One channel a group: see `kernels_depthwise`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from kerasish.backend import dtypes, kernels_depthwise
from kerasish.backend.contract import Array, Kernel, Shape
from kerasish.backend.convolution_columns import (
    Columns,
    kernel_matrix,
    output_matrix,
    part,
    row_size,
    sizes_of_columns,
    turned,
)
from kerasish.backend.convolution_geometry import (
    Block,
    Geometry,
    blocks,
    geometry,
    largest_block,
    num_elements,
    taps_of,
)
from kerasish.backend.streams import Call, Streams, shares
from kerasish.backend.windows import PreparedKernel, packed

# of the windows laid out at a time, in all streams: in a CPU's last-level cache
_BLOCK_BYTES = 8 << 20
# the terms of a convolution channel by channel: in the second-level cache
_DEPTHWISE_SHARE = 8
# a multiplication outside a product of matrices takes so many times as long
_DEPTHWISE_COST = 8
# below this, the input's gradient is added up faster channel by channel
_FEW_CHANNELS = 8

Needs = list[tuple[Shape, str]]
Scratch = tuple[Array, ...]


class Tools(NamedTuple):
    """What the kernels of one backend work with.

    Attributes:
        xp: `numpy`, `cupy` or a look-alike.
        product: Kernel of the matrix product, with a `bind` method.
        streams: How work is shared out.
        block_bytes: Size of the windows laid out side by side at a time.
    """

    xp: Any
    product: Any
    streams: Streams
    block_bytes: int


class Division(NamedTuple):
    """How one convolution is cut up: into `number` streams of blocks.

    Attributes:
        g: Sizes.
        number: Number of streams; no sample is in two of them.
        largest: The largest block.
    """

    g: Geometry
    number: int
    largest: Block

    def blocks(self) -> list[list[Block]]:
        """Return the blocks of each stream."""
        samples = shares(self.g.batch, self.number)
        return [list(blocks(self.g, s, self.largest)) for s in samples]

    def scratch_sizes(self) -> tuple[int, int]:
        """Return the elements of the two scratch arrays that all streams share."""
        sizes = kernels_depthwise.sizes if self.g.is_depthwise else sizes_of_columns
        first, second = sizes(self.g, self.largest)
        return first * self.number, second * self.number

    def portions(self, scratch: Scratch) -> list[Scratch]:
        """Return what of each scratch array belongs to each stream."""
        cuts = [shares(flat.shape[0], self.number) for flat in scratch]
        return [
            tuple(flat[cut[i]] for flat, cut in zip(scratch, cuts, strict=True))
            for i in range(self.number)
        ]


def _division(tools: Tools, g: Geometry, dtype: Any) -> Division:
    cost = _DEPTHWISE_COST if g.is_depthwise else 1
    number = tools.streams.number(g.num_products * cost, g.batch)
    num_bytes, size = tools.block_bytes, row_size(g)
    if g.is_depthwise:
        num_bytes, size = num_bytes // _DEPTHWISE_SHARE, kernels_depthwise.row_size(g)
    limit = num_elements(num_bytes // number, dtype)
    most = -(-g.batch // number)
    return Division(g, number, largest_block(g, size, limit, most))


def convolution_kernels(
    xp: Any,
    product: Any,
    streams: Streams | None = None,
    block_bytes: int = _BLOCK_BYTES,
) -> dict[str, Kernel]:
    """Return the table of convolution, written for the array module `xp`.

    Args:
        xp: `numpy`, `cupy` or a look-alike.
        product: Kernel of the matrix product, with a `bind` method.
        streams: How work is shared out; one stream by default.
        block_bytes: Size of the windows laid out side by side at a time.
    """
    tools = Tools(xp, product, streams or Streams(), block_bytes)

    def kernel(prepare: Any, needs: Any) -> Kernel:
        return PreparedKernel(
            functools.partial(prepare, tools), functools.partial(needs, tools)
        )

    return {
        "conv_forward": kernel(_forward, _forward_needs),
        "conv_input_gradient": kernel(_input_gradient, _input_gradient_needs),
        "conv_kernel_gradient": kernel(_kernel_gradient, _kernel_gradient_needs),
    }


def _in_streams(
    tools: Tools,
    division: Division,
    scratch: Scratch,
    make: Callable[[int, list[Block], Scratch], list[Call]],
) -> Call:
    """Return a call that does all blocks; `make` gives the calls of one stream."""
    parts = zip(division.blocks(), division.portions(scratch), strict=True)
    return tools.streams.together([make(i, *part) for i, part in enumerate(parts)])


def _forward(
    tools: Tools,
    out: Array,
    x: Array,
    kernel: Array,
    *,
    scratch: Scratch,
    **how: Any,
) -> list[Call]:
    g = geometry(x, kernel, out, **how)
    if g.is_empty:
        return [functools.partial(out.fill, 0)]
    calls: list[Call] = []
    weights = packed(tools.xp, kernel, calls)

    def stream(i: int, own: list[Block], space: Scratch) -> list[Call]:
        if g.is_depthwise:
            return kernels_depthwise.forward(tools.xp, g, out, x, weights, space, own)
        columns, steps = Columns(tools.xp, g, x, *space), list[Call]()
        for block in own:
            operands = (columns.of(block, steps), kernel_matrix(g, weights))
            target = output_matrix(g, out, block)
            steps.append(tools.product.bind(target, operands, {}))
        return steps

    division = _division(tools, g, x.dtype)
    return [*calls, _in_streams(tools, division, scratch, stream)]


def _kernel_gradient(
    tools: Tools,
    out: Array,
    x: Array,
    cotangent: Array,
    *,
    scratch: Scratch,
    window: Shape,
    **how: Any,
) -> list[Call]:
    g = geometry(x, out, cotangent, **how)
    if g.is_empty:
        return [functools.partial(out.fill, 0)]
    calls: list[Call] = []
    flowing = packed(tools.xp, cotangent, calls)
    division = _division(tools, g, x.dtype)
    totals = [out, *(part(scratch[3][s], out.shape) for s in _later(division, out))]

    def stream(i: int, own: list[Block], space: Scratch) -> list[Call]:
        if g.is_depthwise:
            return kernels_depthwise.kernel_gradient(
                tools.xp, g, totals[i], x, flowing, space, own
            )
        columns, steps = Columns(tools.xp, g, x, *space[:2]), list[Call]()
        total = kernel_matrix(g, totals[i])
        term = kernel_matrix(g, part(space[2], out.shape))
        for j, block in enumerate(own):
            matrix = turned(columns.of(block, steps))
            operands = (matrix, output_matrix(g, flowing, block))
            steps.append(tools.product.bind(term if j else total, operands, {}))
            if j:
                steps.append(functools.partial(tools.xp.add, total, term, out=total))
        return steps

    calls.append(_in_streams(tools, division, scratch[:3], stream))
    calls += [functools.partial(tools.xp.add, out, t, out=out) for t in totals[1:]]
    return calls


def _later(division: Division, out: Any) -> list[slice]:
    """Return where the totals of all streams but the first lie in their scratch."""
    size = math.prod(out.shape)
    return [slice(i * size, (i + 1) * size) for i in range(division.number - 1)]


def _input_gradient(
    tools: Tools,
    out: Array,
    cotangent: Array,
    kernel: Array,
    *,
    scratch: Scratch,
    lengths: Shape,
    **how: Any,
) -> list[Call]:
    g = geometry(out, kernel, cotangent, **how)
    calls: list[Call] = [functools.partial(out.fill, 0)]
    if g.is_empty:
        return calls
    flowing = packed(tools.xp, cotangent, calls)
    weights = packed(tools.xp, kernel, calls)
    multiply = _by_channel if _is_narrow(g) else _by_tap

    def stream(i: int, own: list[Block], space: Scratch) -> list[Call]:
        if g.is_depthwise:
            return kernels_depthwise.input_gradient(
                tools.xp, g, out, flowing, weights, space, own
            )
        steps: list[Call] = []
        for block in own:
            matrix = output_matrix(g, flowing, block)
            terms = multiply(tools.product, g, matrix, weights, space[0], steps)
            for target, term in _meetings(g, out, terms, block):
                steps.append(functools.partial(tools.xp.add, target, term, out=target))
        return steps

    division = _division(tools, g, out.dtype)
    return [*calls, _in_streams(tools, division, scratch, stream)]


def _is_narrow(g: Geometry) -> bool:
    return g.groups == 1 and g.channels < _FEW_CHANNELS


def _by_tap(
    product: Any,
    g: Geometry,
    matrix: Array,
    weights: Array,
    flat: Array,
    calls: list[Call],
) -> Array:
    """Return the products with each element of the window, (taps, windows, channels).

    So laid out, whole rows of a term are added at once where the stride is 1.
    """
    num_windows = matrix.shape[-2]
    terms = part(flat, (g.taps, num_windows, g.groups * g.channels))
    if g.groups == 1:
        by_tap = weights.reshape((g.taps, g.channels, g.filters))
        calls.append(product.bind(terms, (matrix, turned(by_tap)), {}))
        return terms
    target = terms.reshape((g.taps, num_windows, g.groups, g.channels))
    split = weights.reshape((g.taps, g.channels, g.groups, g.filters))
    operands = (matrix, split.transpose((0, 2, 3, 1)))
    calls.append(product.bind(target.transpose((0, 2, 1, 3)), operands, {}))
    return terms


def _by_channel(
    product: Any,
    g: Geometry,
    matrix: Array,
    weights: Array,
    flat: Array,
    calls: list[Call],
) -> Array:
    """Return the same products of few channels, as a view with windows last in memory.

    Whole rows of one channel are added at once.
    """
    num_windows = matrix.shape[0]
    terms = part(flat, (g.taps * g.channels, num_windows))
    operands = (kernel_matrix(g, weights), turned(matrix))
    calls.append(product.bind(terms, operands, {}))
    return turned(terms.reshape((g.taps, g.channels, num_windows)))


def _meetings(
    g: Geometry, out: Array, terms: Array, block: Block
) -> Iterator[tuple[Array, Array]]:
    """Yield each place of the input's gradient, and the term to be added there."""
    form = (block.num_samples, block.num_rows, *g.outputs[1:])
    for tap, windows, places in taps_of(g, block.rows):
        target = out[(block.samples, *places)]
        if not _is_narrow(g):
            term = terms[tap].reshape((*form, g.groups * g.channels))
            yield target, term[(slice(None), *windows)]
            continue
        for channel in range(g.channels):
            term = terms[tap, :, channel].reshape(form)
            yield target[..., channel], term[(slice(None), *windows)]


def _forward_needs(tools: Tools, out: Any, x: Any, kernel: Any, **how: Any) -> Needs:
    g, dtype = geometry(x, kernel, out, **how), dtypes.dtype_name(x.dtype)
    sizes = (0, 0) if g.is_empty else _division(tools, g, dtype).scratch_sizes()
    return [((size,), dtype) for size in sizes]


def _kernel_gradient_needs(
    tools: Tools, out: Any, x: Any, cotangent: Any, *, window: Shape, **how: Any
) -> Needs:
    g, dtype = geometry(x, out, cotangent, **how), dtypes.dtype_name(x.dtype)
    number = 0 if g.is_empty else _division(tools, g, dtype).number
    size = math.prod(out.shape)
    terms, totals = ((size * number,), dtype), ((size * max(number - 1, 0),), dtype)
    return [*_forward_needs(tools, cotangent, x, out, **how), terms, totals]


def _input_gradient_needs(
    tools: Tools, out: Any, cotangent: Any, kernel: Any, *, lengths: Shape, **how: Any
) -> Needs:
    needs = _forward_needs(tools, cotangent, out, kernel, **how)
    return needs if geometry(out, kernel, cotangent, **how).is_depthwise else needs[:1]
