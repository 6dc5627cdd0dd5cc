"""The matrix product, in streams of rows or columns where it is large.

Each stream is a product of one BLAS thread. Left to itself, OpenBLAS splits a product
too, but its threads wait for each other in a loop: with four other processes on two
cores, a product of 1.4 ms took 15 that way, and 1.7 as two streams.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.contract import Array, BoundKernel
from kerasish.backend.streams import Streams, shares


class Product(BoundKernel):
    """The product of matrices, or of stacks of them.

    Args:
        streams: Into how many parts to cut it, and how to run them.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the call with its arrays filled in."""
        x1, x2 = inputs
        whole = functools.partial(np.matmul, x1, x2, out)
        if min(x1.ndim, x2.ndim) < 2:
            return whole
        axis = widest(out)
        work = math.prod(out.shape) * x1.shape[-1]
        number = self._streams.number(work, out.shape[axis])
        if number == 1:
            return whole
        streams = []
        for share in shares(out.shape[axis], number):
            part, *operands = part_of(out, x1, x2, axis, share)
            streams.append([functools.partial(np.matmul, *operands, part)])
        return self._streams.together(streams)


def widest(out: Array) -> int:
    """Return the axis to cut, counted from the last: of a stack, that of matrices."""
    stack = out.shape[:-2]
    if max(stack, default=1) > 1:
        return int(stack.index(max(stack)) - out.ndim)
    return -2 if out.shape[-2] >= out.shape[-1] else -1


def part_of(
    out: Array, x1: Array, x2: Array, axis: int, share: slice
) -> tuple[Array, Array, Array]:
    """Return what a share of the result along an axis is computed in and from."""
    return (
        _along(out, axis, share),
        x1 if axis == -1 else _along(x1, axis, share),
        x2 if axis == -2 else _along(x2, axis, share),
    )


def _along(x: Array, axis: int, share: slice) -> Array:
    """Return a share of an array along an axis; all of it where it is broadcast."""
    if x.ndim < -axis or x.shape[axis] == 1:
        return x
    return x[(..., share, *[slice(None)] * (-axis - 1))]
