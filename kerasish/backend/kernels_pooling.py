"""Kernels of pooling: windows along one axis, one axis after the other.

A window of several axes is done as one along each, which takes the sum of their sizes
in steps, not the product. Each step is one universal function over a shifted view of
the input; no places are stored. Of equal largest elements the first counts; along the
axes from the last to the first, that is the first in C order. The samples may be cut
into blocks, whose steps find in cache what the one before wrote, and these be shared
out among streams.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from kerasish.backend import dtypes
from kerasish.backend.contract import Array, Kernel, Shape
from kerasish.backend.streams import Call, Streams, shares
from kerasish.backend.windows import PreparedKernel, reach

Scratch = tuple[Array, ...]


def pooling_kernels(
    xp: Any, streams: Streams | None = None, block_bytes: int | None = None
) -> dict[str, Kernel]:
    """Return the table of pooling, written for the array module `xp`.

    Args:
        xp: `numpy`, `cupy` or a look-alike.
        streams: How blocks are shared out; one stream by default.
        block_bytes: Size of the largest array of a block; None for one block.
    """

    def bound(prepare: Any) -> Any:
        prepared = functools.partial(prepare, xp)
        if block_bytes is None:
            return prepared
        return functools.partial(
            _in_blocks, prepared, streams or Streams(), block_bytes
        )

    return {
        "window_max": PreparedKernel(bound(_max)),
        "window_sum": PreparedKernel(bound(_sum)),
        "window_spread": PreparedKernel(bound(_spread)),
        "window_scatter": PreparedKernel(bound(_scatter), _scatter_needs),
        "window_pick": PreparedKernel(bound(_pick), _pick_needs),
    }


def _in_blocks(
    prepare: Callable[..., Iterable[Call]],
    streams: Streams,
    block_bytes: int,
    *arrays: Array,
    axis: int,
    scratch: Scratch = (),
    **how: Any,
) -> list[Call]:
    """Return the calls of blocks of samples; of all at once along the first axis."""
    num_samples, whole = len(arrays[0]), [*arrays, *scratch]
    most = max(x.nbytes for x in whole)
    count = min(-(-most // block_bytes), num_samples) if axis else 1
    own = {"axis": axis, **how}

    def calls(block: slice) -> Iterator[Call]:
        parts = [x[block] for x in whole]
        given = {**own, "scratch": parts[len(arrays) :]} if scratch else own
        return iter(prepare(*parts[: len(arrays)], **given))

    if count <= 1:
        return list(calls(slice(None)))
    blocks = shares(num_samples, count)
    number = streams.number(most * how["size"], count)
    return [
        streams.together(
            [
                [call for block in blocks[share] for call in calls(block)]
                for share in shares(count, number)
            ]
        )
    ]


class Sliding:
    """A window along one axis of an array.

    Args:
        length: Length of the axis.
        count: Number of windows.
        axis: The axis.
        size: Elements of a window.
        stride: Places between windows.
        padding: Places before and after the axis.
    """

    def __init__(
        self,
        length: int,
        count: int,
        *,
        axis: int,
        size: int,
        stride: int,
        padding: tuple[int, int],
    ) -> None:
        self._axis = axis
        self._all = slice(0, count)
        self._met = [reach(length, count, stride, j - padding[0]) for j in range(size)]
        self.overlaps = stride < size
        # whether every place lies in exactly one window
        self.tiles = stride == size and not any(padding) and length == count * size

    @property
    def reaches(self) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
        """For each element of the window: indices of the windows, and of its places."""
        whole = (slice(None),) * self._axis
        return [((*whole, windows), (*whole, places)) for windows, places in self._met]

    def is_full(self, j: int) -> bool:
        """Whether element j lies inside the input in every window."""
        return self._met[j][0] == self._all


def _max(xp: Any, out: Array, x: Array, **how: Any) -> Iterator[Call]:
    return _combined(xp, xp.maximum, _lowest(x.dtype), out, x, **how)


def _sum(xp: Any, out: Array, x: Array, **how: Any) -> Iterator[Call]:
    return _combined(xp, xp.add, 0, out, x, **how)


def _combined(
    xp: Any, function: Any, neutral: Any, out: Array, x: Array, *, axis: int, **how: Any
) -> Iterator[Call]:
    """Yield the calls that write a function of each window's elements into `out`."""
    sliding = Sliding(x.shape[axis], out.shape[axis], axis=axis, **how)
    met = sliding.reaches
    full = [j for j in range(len(met)) if sliding.is_full(j)]
    if len(full) > 1:
        operands = (x[met[j][1]] for j in full[:2])
        yield functools.partial(function, *operands, out=out)
    elif full:
        yield functools.partial(xp.copyto, out, x[met[full[0]][1]])
    else:
        yield functools.partial(out.fill, neutral)
    for j, (windows, places) in enumerate(met):
        if j not in full[:2]:
            target = out[windows]
            yield functools.partial(function, target, x[places], out=target)


def _spread(
    xp: Any, out: Array, g: Array, *, axis: int, length: int, **how: Any
) -> Iterator[Call]:
    sliding = Sliding(length, g.shape[axis], axis=axis, **how)
    if not sliding.tiles:
        yield functools.partial(out.fill, 0)
    for windows, places in sliding.reaches:
        target = out[places]
        if sliding.overlaps:
            yield functools.partial(xp.add, target, g[windows], out=target)
        else:
            yield functools.partial(xp.copyto, target, g[windows])


def _scatter(
    xp: Any,
    out: Array,
    g: Array,
    y: Array,
    x: Array,
    *,
    axis: int,
    scratch: Scratch,
    **how: Any,
) -> Iterator[Call]:
    sliding = Sliding(x.shape[axis], y.shape[axis], axis=axis, **how)
    hit, free, term = scratch
    if not sliding.tiles:
        yield functools.partial(out.fill, 0)
    for j, (windows, places) in enumerate(sliding.reaches):
        calls, chosen = _first_hits(xp, sliding, j, y, x, hit, free)
        yield from calls
        target, share = out[places], term[windows]
        if sliding.overlaps:
            yield functools.partial(xp.multiply, g[windows], chosen, out=share)
            yield functools.partial(xp.add, target, share, out=target)
        else:
            yield functools.partial(xp.multiply, g[windows], chosen, out=target)


def _pick(
    xp: Any,
    out: Array,
    c: Array,
    y: Array,
    x: Array,
    *,
    axis: int,
    scratch: Scratch,
    **how: Any,
) -> Iterator[Call]:
    sliding = Sliding(x.shape[axis], y.shape[axis], axis=axis, **how)
    hit, free, term = scratch
    yield functools.partial(out.fill, 0)
    for j, (windows, places) in enumerate(sliding.reaches):
        calls, chosen = _first_hits(xp, sliding, j, y, x, hit, free)
        yield from calls
        target, share = out[windows], term[windows]
        yield functools.partial(xp.multiply, c[places], chosen, out=share)
        yield functools.partial(xp.add, target, share, out=target)


def _first_hits(
    xp: Any, sliding: Sliding, j: int, y: Array, x: Array, hit: Array, free: Array
) -> tuple[list[Call], Array]:
    """Return the windows whose first largest element is j, and the calls to find them.

    Args:
        xp: The array module.
        sliding: The windows.
        j: The element; to be asked for in order.
        y: Largest element of each window.
        x: The input.
        hit: Scratch: where element j is the first.
        free: Scratch: the windows whose first is still to come.
    """
    windows, places = sliding.reaches[j]
    last = len(sliding.reaches) - 1
    if j == 0 and sliding.is_full(0):
        return [
            functools.partial(xp.equal, x[places], y, out=hit),
            functools.partial(xp.logical_not, hit, out=free),
        ], hit
    if j == last and all(map(sliding.is_full, range(j))) and sliding.is_full(j):
        return [], free  # what no earlier element was, the last must be
    here, left = hit[windows], free[windows]
    calls: list[Call] = [functools.partial(free.fill, True)] if j == 0 else []
    calls += [
        functools.partial(xp.equal, x[places], y[windows], out=here),
        functools.partial(xp.logical_and, here, left, out=here),
        functools.partial(xp.logical_xor, left, here, out=left),
    ]
    return calls, here


def _scatter_needs(
    out: Any, g: Any, y: Any, x: Any, **_: Any
) -> list[tuple[Shape, str]]:
    shape = tuple(y.shape)
    flags = itertools.repeat((shape, "bool"), 2)
    return [*flags, (shape, dtypes.dtype_name(g.dtype))]


def _pick_needs(out: Any, c: Any, y: Any, x: Any, **_: Any) -> list[tuple[Shape, str]]:
    return _scatter_needs(c, out, y, x)


def _lowest(dtype: Any) -> Any:
    """Return the number that no element is below."""
    name = dtypes.dtype_name(dtype)
    if dtypes.is_float(name):
        return -float("inf")
    return False if name == "bool" else int(np.iinfo(name).min)
