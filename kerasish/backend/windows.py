"""What kernels that slide a window over axes share: prepared calls, and their reach.

A `PreparedKernel` works out views and sizes once, for given arrays; running it again
is a loop over a list of calls. `reach` says which windows have one of their elements
inside the input. Written for every array module with NumPy's interface.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kerasish.backend.contract import Array, BoundKernel, Shape
from kerasish.backend.streams import Call, run_all

Pairs = tuple[tuple[int, int], ...]


class PreparedKernel(BoundKernel):
    """A kernel that is a list of calls, made once for the arrays it is bound to.

    Args:
        prepare: `prepare(out, *inputs, scratch=..., **attributes)` returns the calls.
        scratch: Rule for scratch arrays (see `kerasish.backend.contract.scratch`);
            None if there are none.
    """

    def __init__(
        self,
        prepare: Callable[..., Iterable[Call]],
        scratch: Callable[..., list[tuple[Shape, str]]] | None = None,
    ) -> None:
        self._prepare = prepare
        self.scratch = scratch

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Call:
        """Return the call with all views made."""
        calls = tuple(self._prepare(out, *inputs, **attributes))
        return calls[0] if len(calls) == 1 else functools.partial(run_all, calls)


def num_windows(
    length: int, size: int, stride: int, dilation: int, pair: tuple[int, int]
) -> int:
    """Return how many windows fit on an axis, its padding included; never negative."""
    free = length + sum(pair) - extent(size, dilation)
    return max(free // stride + 1, 0)


def extent(size: int, dilation: int) -> int:
    """Return how many places a window of `size` elements spans."""
    return (size - 1) * dilation + 1


def reach(length: int, count: int, stride: int, offset: int) -> tuple[slice, slice]:
    """Return the windows whose element at `offset` lies inside the input, and where.

    Args:
        length: Length of the input's axis.
        count: Number of windows; window o begins at place o * stride.
        stride: Places between windows.
        offset: Place of the element in the first window; negative in the padding.

    Returns:
        A slice of the windows, and one of the input's places; both may be empty.
    """
    first = max(0, -(offset // stride))
    stop = min(count, (length - 1 - offset) // stride + 1)
    if stop <= first:
        return slice(0, 0), slice(0, 0)
    begin = first * stride + offset
    return slice(first, stop), slice(
        begin, begin + (stop - first - 1) * stride + 1, stride
    )


def packed(xp: Any, array: Array, calls: list[Call]) -> Array:
    """Return an operand with its elements side by side.

    One that lies otherwise is copied first, by a call put on the list, into memory of
    its own: this is rare, and no rule for scratch could know of it.
    """
    if array.flags.c_contiguous:
        return array
    copy = xp.empty(array.shape, array.dtype)
    calls.append(functools.partial(xp.copyto, copy, array))
    return copy
