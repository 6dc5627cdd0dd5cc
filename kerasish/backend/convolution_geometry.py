"""The sizes of a convolution, and the blocks its kernels work through.

Channels last, any number of spatial axes. Pure: it knows shapes only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from kerasish.backend import dtypes
from kerasish.backend.contract import Shape
from kerasish.backend.windows import Pairs, extent, reach

Slices = tuple[slice, ...]


class Geometry(NamedTuple):
    """The sizes of one convolution.

    Attributes:
        batch: Number of samples.
        lengths: Spatial lengths of the input.
        outputs: Spatial lengths of the output.
        window: Spatial lengths of the kernel.
        strides: Places between windows.
        dilation: Places between the elements of a window.
        padding: Places before and after each axis.
        groups: Number of groups of channels.
        channels: Input channels of one group.
        filters: Output channels of one group.
    """

    batch: int
    lengths: Shape
    outputs: Shape
    window: Shape
    strides: Shape
    dilation: Shape
    padding: Pairs
    groups: int
    channels: int
    filters: int

    @property
    def taps(self) -> int:
        """Number of elements of a window."""
        return math.prod(self.window)

    @property
    def num_products(self) -> int:
        """Number of multiplications in all."""
        windows = self.batch * math.prod(self.outputs)
        return windows * self.taps * self.channels * self.filters * self.groups

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to multiply."""
        spatial = (*self.lengths, *self.outputs, *self.window)
        return 0 in (self.batch, *spatial, self.channels, self.filters)

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel is convolved by itself."""
        return self.groups > 1 and self.channels == 1


def geometry(
    x: Any,
    kernel: Any,
    y: Any,
    *,
    strides: Shape,
    padding: Pairs,
    dilation: Shape,
    groups: int,
) -> Geometry:
    """Return the sizes of a convolution of `x` by `kernel` that gives `y`."""
    return Geometry(
        batch=x.shape[0],
        lengths=tuple(x.shape[1:-1]),
        outputs=tuple(y.shape[1:-1]),
        window=tuple(kernel.shape[:-2]),
        strides=strides,
        dilation=dilation,
        padding=padding,
        groups=groups,
        channels=kernel.shape[-2],
        filters=kernel.shape[-1] // groups,
    )


class Block(NamedTuple):
    """Some samples, and some rows (of the first spatial axis) of their outputs."""

    samples: slice
    rows: slice

    @property
    def num_samples(self) -> int:
        """Number of samples."""
        return int(self.samples.stop - self.samples.start)

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return int(self.rows.stop - self.rows.start)


def largest_block(g: Geometry, row_size: int, limit: int, most: int) -> Block:
    """Return the first block, which no other exceeds.

    Args:
        g: Sizes; not empty.
        row_size: Elements that one row of one sample's outputs needs.
        limit: Elements that a block may need; one row always fits.
        most: Most samples a block may have.
    """
    rows = max(limit // row_size, 1)
    if rows < g.outputs[0]:
        return Block(slice(0, 1), slice(0, rows))
    return Block(slice(0, min(rows // g.outputs[0], most)), slice(0, g.outputs[0]))


def blocks(g: Geometry, samples: slice, largest: Block) -> Iterator[Block]:
    """Yield the blocks that make up some of the samples, none above the largest."""
    for sample in range(samples.start, samples.stop, largest.num_samples):
        stop = min(sample + largest.num_samples, samples.stop)
        for row in range(0, g.outputs[0], largest.num_rows):
            rows = slice(row, min(row + largest.num_rows, g.outputs[0]))
            yield Block(slice(sample, stop), rows)


def places_under(g: Geometry, rows: slice) -> Slices:
    """Return the input's places under the windows of some rows.

    They begin below 0, or end after the input, where windows reach into the padding.
    """
    spans = []
    for i, count in enumerate(g.outputs):
        first, stop = (rows.start, rows.stop) if i == 0 else (0, count)
        begin = first * g.strides[i] - g.padding[i][0]
        length = (stop - first - 1) * g.strides[i] + extent(g.window[i], g.dilation[i])
        spans.append(slice(begin, begin + length))
    return tuple(spans)


def taps_of(g: Geometry, rows: slice) -> Iterator[tuple[int, Slices, Slices]]:
    """Yield each element of the window that meets the input from some rows.

    Yields:
        Its number; the windows, counted from the first of the rows, in which it lies
        inside the input; its places there.
    """
    starts = [rows.start * g.strides[0], *(0 for _ in g.outputs[1:])]
    counts = [rows.stop - rows.start, *g.outputs[1:]]
    for tap, place in enumerate(itertools.product(*map(range, g.window))):
        met = [
            reach(
                g.lengths[i],
                counts[i],
                g.strides[i],
                starts[i] + at * g.dilation[i] - g.padding[i][0],
            )
            for i, at in enumerate(place)
        ]
        if all(windows.stop > windows.start for windows, _ in met):
            yield tap, tuple(m[0] for m in met), tuple(m[1] for m in met)


def num_elements(num_bytes: int, dtype: Any) -> int:
    """Return how many elements of a dtype fit into some bytes."""
    return num_bytes // dtypes.size_of(dtypes.dtype_name(dtype))
