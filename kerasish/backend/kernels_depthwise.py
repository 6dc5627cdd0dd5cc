"""Convolution of each channel by itself: shifted inputs times a weight, added up.

There is no matrix to multiply by, so the windows are not laid out: each element of the
window is one multiplication and one addition over a block of outputs. With several
filters for each channel, the filters are done one after the other.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator
from typing import Any

from kerasish.backend.contract import Array
from kerasish.backend.convolution_columns import part
from kerasish.backend.convolution_geometry import Block, Geometry, taps_of
from kerasish.backend.streams import Call

Scratch = tuple[Array, ...]


def row_size(g: Geometry) -> int:
    """Return the elements of a term for one row of outputs."""
    return math.prod(g.outputs[1:]) * g.groups


def sizes(g: Geometry, block: Block) -> tuple[int, int]:
    """Return the elements of scratch for a term of a block, and for the weights."""
    weights = g.taps * g.filters * g.outputs[-1] * g.groups
    return block.num_samples * block.num_rows * row_size(g), weights


def forward(
    xp: Any,
    g: Geometry,
    out: Array,
    x: Array,
    kernel: Array,
    scratch: Scratch,
    blocks: Iterable[Block],
) -> list[Call]:
    """Return the calls that write the convolution of `x` by `kernel` into `out`."""
    calls: list[Call] = []
    weights = _repeated(xp, g, kernel, scratch[1], calls)
    for block in blocks:
        inside = out[block.samples, block.rows]
        calls.append(functools.partial(inside.fill, 0))
        for tap, i, values, windows in _meetings(g, x, out, block):
            calls += _add_product(xp, windows, values, weights[tap, i], scratch[0])
    return calls


def input_gradient(
    xp: Any,
    g: Geometry,
    out: Array,
    cotangent: Array,
    kernel: Array,
    scratch: Scratch,
    blocks: Iterable[Block],
) -> list[Call]:
    """Return the calls that add the gradient by the input to `out`, which is 0."""
    calls: list[Call] = []
    weights = _repeated(xp, g, kernel, scratch[1], calls)
    for block in blocks:
        for tap, i, values, windows in _meetings(g, out, cotangent, block):
            calls += _add_product(xp, values, windows, weights[tap, i], scratch[0])
    return calls


def kernel_gradient(
    xp: Any,
    g: Geometry,
    out: Array,
    x: Array,
    cotangent: Array,
    scratch: Scratch,
    blocks: Iterable[Block],
) -> list[Call]:
    """Return the calls that write the gradient by the kernel into `out`."""
    calls: list[Call] = [functools.partial(out.fill, 0)]
    weights = out.reshape((g.taps, g.groups, g.filters))
    total = scratch[2][: g.groups]
    for block in blocks:
        for tap, i, values, windows in _meetings(g, x, cotangent, block):
            held, weight = part(scratch[0], values.shape), weights[tap, :, i]
            # whole rows first: twice as fast, and sums of fewer terms err less
            rows = held.reshape((-1, values.shape[-2] * g.groups))
            row = part(scratch[1], rows.shape[1:])
            places = row.reshape((-1, g.groups))
            calls += [
                functools.partial(xp.multiply, values, windows, out=held),
                functools.partial(xp.sum, rows, axis=0, out=row),
                functools.partial(xp.sum, places, axis=0, out=total),
                functools.partial(xp.add, weight, total, out=weight),
            ]
    return calls


def _repeated(
    xp: Any, g: Geometry, kernel: Array, flat: Array, calls: list[Call]
) -> Array:
    """Return the weights, (taps, filters, last spatial axis, channels).

    Repeated along an axis, they are multiplied with whole rows, not pixel by pixel:
    twice as fast with 64 channels.
    """
    held = part(flat, (g.taps, g.filters, g.outputs[-1], g.groups))
    weights = kernel.reshape((g.taps, g.groups, g.filters)).transpose((0, 2, 1))
    calls.append(functools.partial(xp.copyto, held, weights[:, :, None]))
    return held


def _add_product(
    xp: Any, target: Array, values: Array, weights: Array, term: Array
) -> list[Call]:
    held = part(term, target.shape)
    factor = weights[: target.shape[-2]]
    return [
        functools.partial(xp.multiply, values, factor, out=held),
        functools.partial(xp.add, target, held, out=target),
    ]


def _meetings(
    g: Geometry, x: Array, y: Array, block: Block
) -> Iterator[tuple[int, int, Array, Array]]:
    """Yield each element of the window and filter, and the inputs and outputs it joins.

    Both are (samples, *spatial, channels).
    """
    inside = y[block.samples, block.rows]
    split = inside.reshape((*inside.shape[:-1], g.groups, g.filters))
    for tap, windows, places in taps_of(g, block.rows):
        values = x[(block.samples, *places)]
        for i in range(g.filters):
            yield tap, i, values, split[(slice(None), *windows, ..., i)]
