"""The windows of a convolution's input as matrices, block by block ("im2col").

A window is a view of the input; copied side by side, the windows of a block are the
rows of a matrix. With few channels a window's pieces are too short for fast copying:
then the windows are the columns, each row a shifted image.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from kerasish.backend.contract import Array, Shape
from kerasish.backend.convolution_geometry import Block, Geometry, places_under
from kerasish.backend.streams import Call

# below this, windows are copied faster as columns than as rows
_FEW_CHANNELS = 4


def row_size(g: Geometry) -> int:
    """Return the elements of the matrix for one row of outputs."""
    return math.prod(g.outputs[1:]) * g.taps * g.channels * g.groups


def sizes_of_columns(g: Geometry, block: Block) -> tuple[int, int]:
    """Return the elements of scratch for a block's matrix, and its padded input."""
    matrix = block.num_samples * block.num_rows * row_size(g)
    if not any(map(any, g.padding)):
        return matrix, 0
    places = places_under(g, block.rows)
    region = math.prod(p.stop - p.start for p in places)
    return matrix, block.num_samples * region * g.channels * g.groups


def part(flat: Array, shape: Shape) -> Array:
    """Return the first elements of a scratch array in a shape."""
    return flat[: math.prod(shape)].reshape(shape)


def kernel_matrix(g: Geometry, kernel: Array) -> Array:
    """Return a kernel as (groups, taps * channels, filters); flat with one group."""
    rows = g.taps * g.channels
    if g.groups == 1:
        return kernel.reshape((rows, g.filters))
    return kernel.reshape((rows, g.groups, g.filters)).transpose((1, 0, 2))


def output_matrix(g: Geometry, y: Array, block: Block) -> Array:
    """Return a block of outputs as (groups, windows, filters); flat with one group."""
    inside = y[block.samples, block.rows]
    num_windows = math.prod(inside.shape[:-1])
    if g.groups == 1:
        return inside.reshape((num_windows, g.filters))
    return inside.reshape((num_windows, g.groups, g.filters)).transpose((1, 0, 2))


def turned(matrix: Array) -> Array:
    """Return a matrix, or a stack of them, with rows as columns."""
    last = matrix.ndim - 1
    return matrix.transpose((*range(last - 1), last, last - 1))


class Columns:
    """The windows of a convolution's input.

    Args:
        xp: The array module.
        g: Sizes.
        x: The input.
        matrix: Scratch for a block's matrix.
        padded: Scratch for a block of the input with its padding.
    """

    def __init__(
        self, xp: Any, g: Geometry, x: Array, matrix: Array, padded: Array
    ) -> None:
        self._xp = xp
        self._g = g
        self._x = x
        self._matrix = matrix
        self._padded = padded
        rank = len(g.window)
        outer = tuple(range(rank + 1))
        inner = (*range(rank + 1, 2 * rank + 1), 2 * rank + 2)
        self._are_columns = g.channels < _FEW_CHANNELS
        both = (*inner, *outer) if self._are_columns else (*outer, *inner)
        self._order = (2 * rank + 1, *both)

    def of(self, block: Block, calls: list[Call]) -> Array:
        """Return the matrix of a block: (groups, windows, taps * channels).

        The calls that fill it are put on the list. With one group the first axis is
        left out.
        """
        g = self._g
        windows = self._windows(self._region(block, calls), block)
        windows = windows.transpose(self._order)
        held = part(self._matrix, windows.shape)
        calls.append(functools.partial(self._xp.copyto, held, windows))
        num_windows = block.num_samples * block.num_rows * math.prod(g.outputs[1:])
        form = (g.groups, num_windows, g.taps * g.channels)
        if self._are_columns:
            held = held.reshape((form[0], form[2], form[1])).transpose((0, 2, 1))
        else:
            held = held.reshape(form)
        return held[0] if g.groups == 1 else held

    def _region(self, block: Block, calls: list[Call]) -> Array:
        """Return the part of the input under a block's windows, padding included."""
        places = places_under(self._g, block.rows)
        inside = tuple(
            slice(max(p.start, 0), max(min(p.stop, n), 0))
            for p, n in zip(places, self._g.lengths, strict=True)
        )
        source = self._x[(block.samples, *inside)]
        if inside == places:
            return source
        spatial = tuple(p.stop - p.start for p in places)
        padded = part(self._padded, (block.num_samples, *spatial, self._x.shape[-1]))
        within = tuple(
            slice(i.start - p.start, i.stop - p.start)
            for i, p in zip(inside, places, strict=True)
        )
        target = padded[(slice(None), *within)]
        calls.append(functools.partial(padded.fill, 0))
        calls.append(functools.partial(self._xp.copyto, target, source))
        return padded

    def _windows(self, region: Array, block: Block) -> Array:
        """Return the view (sample, *outputs, *window, group, channel) of a region."""
        g, steps = self._g, region.strides
        between = zip(steps[1:-1], g.strides, strict=True)
        within = zip(steps[1:-1], g.dilation, strict=True)
        outputs = (block.num_rows, *g.outputs[1:])
        return self._xp.lib.stride_tricks.as_strided(
            region,
            (block.num_samples, *outputs, *g.window, g.groups, g.channels),
            (
                steps[0],
                *(step * stride for step, stride in between),
                *(step * dilation for step, dilation in within),
                steps[-1] * g.channels,
                steps[-1],
            ),
        )
