"""Pooling: the largest element, or the mean, of windows on the spatial axes.

The primitives slide a window along one axis; a window of several axes is one along
each, from the last axis to the first. Then the gradient of the largest goes to the
first of equal elements in C order, as with Keras on JAX.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend import dtypes, floatx
from kerasish.backend.windows import num_windows, reach
from kerasish.graph.tensor import Spec
from kerasish.ops import rules, windows
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.elementwise import divide, multiply
from kerasish.ops.indexing import gather
from kerasish.ops.products import matmul_of
from kerasish.ops.shape import cast, reshape

Lengths = int | Sequence[int]
Pair = tuple[int, int]


def _with_length(x: Any, axis: int, length: int) -> tuple[int, ...]:
    return (*x.shape[:axis], length, *x.shape[axis + 1 :])


@primitive
def window_max(x: Array, *, axis: int, size: int, stride: int, padding: Pair) -> Spec:
    """Return the largest element of each window along an axis; padding never is.

    Args:
        x: Any shape.
        axis: The axis.
        size: Elements of a window.
        stride: Places between windows.
        padding: Places before and after the axis.
    """
    count = num_windows(x.shape[axis], size, stride, 1, padding)
    return Spec(_with_length(x, axis, count), x.dtype)


@primitive
def window_scatter(
    g: Array, y: Array, x: Array, *, axis: int, size: int, stride: int, padding: Pair
) -> Spec:
    """Return what `g` holds for each window, at the window's first largest element.

    Args:
        g: One value a window.
        y: `window_max` of x.
        x: What the windows lie on; the result has its shape.
        axis: The axis.
        size: Elements of a window.
        stride: Places between windows.
        padding: Places before and after the axis.
    """
    dtype = rules.promoted(g, y, x)
    return Spec(x.shape, dtype, dtype)


@primitive
def window_pick(
    c: Array, y: Array, x: Array, *, axis: int, size: int, stride: int, padding: Pair
) -> Spec:
    """Return what `c`, of x's shape, holds at the first largest element of each window.

    The other arguments are those of `window_scatter`.
    """
    dtype = rules.promoted(c, y, x)
    return Spec(y.shape, dtype, dtype)


@primitive
def window_sum(x: Array, *, axis: int, size: int, stride: int, padding: Pair) -> Spec:
    """Return the sum of each window along an axis (arguments as for `window_max`)."""
    count = num_windows(x.shape[axis], size, stride, 1, padding)
    return Spec(_with_length(x, axis, count), x.dtype)


@primitive
def window_spread(
    g: Array, *, axis: int, length: int, size: int, stride: int, padding: Pair
) -> Spec:
    """Return the sum of g of all windows at each place of an axis of `length`."""
    return Spec(_with_length(g, axis, length), g.dtype)


@window_max.gradient
def _(g: Any, y: Any, x: Any, **how: Any) -> Any:
    return window_scatter(g, y, x, **how)


@window_scatter.gradient
def _(c: Any, scattered: Any, g: Any, y: Any, x: Any, **how: Any) -> Any:
    return window_pick(c, y, x, **how), None, None


@window_pick.gradient
def _(g: Any, picked: Any, c: Any, y: Any, x: Any, **how: Any) -> Any:
    return window_scatter(g, y, x, **how), None, None


@window_sum.gradient
def _(g: Any, y: Any, x: Any, *, axis: int, **how: Any) -> Any:
    return window_spread(g, axis=axis, length=x.shape[axis], **how)


@window_spread.gradient
def _(c: Any, y: Any, g: Any, *, length: int, **how: Any) -> Any:
    return window_sum(c, **how)


def max_pool(
    inputs: Any,
    pool_size: Lengths,
    strides: Lengths | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Return the largest element of each window, channel by channel.

    Args:
        inputs: (batch, *spatial, channels), or channels before the spatial axes.
        pool_size: Lengths of the window, one for all spatial axes or one for each.
        strides: Places between windows; the window's lengths by default.
        padding: "valid" (none) or "same" (as many outputs as strides in the input).
        data_format: "channels_last" or "channels_first"; the global setting by default.

    Raises:
        ShapeError: The window is longer than an axis.

    Example:
        >>> max_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).reshape(-1)
        array([3., 2.], dtype=float32)
    """
    x = convert(inputs)
    for axis, size, stride, pair in reversed(
        _sliding("max_pool", x, pool_size, strides, padding, data_format)
    ):
        x = window_max(x, axis=axis, size=size, stride=stride, padding=pair)
    return x


def average_pool(
    inputs: Any,
    pool_size: Lengths,
    strides: Lengths | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Return the mean of each window, channel by channel; padding does not count.

    Args:
        inputs: (batch, *spatial, channels), or channels before the spatial axes.
        pool_size: Lengths of the window, one for all spatial axes or one for each.
        strides: Places between windows; the window's lengths by default.
        padding: "valid" (none) or "same" (as many outputs as strides in the input).
        data_format: "channels_last" or "channels_first"; the global setting by default.

    Raises:
        ShapeError: The window is longer than an axis.
    """

    def pooled(x: Any) -> Any:
        whole = 1
        for axis, size, stride, pair in reversed(
            _sliding("average_pool", x, pool_size, strides, padding, data_format)
        ):
            length = x.shape[axis]
            x = window_sum(x, axis=axis, size=size, stride=stride, padding=pair)
            if any(pair):
                x = divide(x, _counts(x, axis, length, size, stride, pair))
            else:
                whole *= size
        return x if whole == 1 else multiply(x, 1.0 / whole)

    return _as_floats(pooled, inputs)


def _as_floats(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Return a function of floats: whole numbers become floats, half ones single."""
    x = convert(inputs)
    dtype = dtypes.dtype_name(x.dtype)
    if dtype == "float16":
        return cast(function(cast(x, "float32")), dtype)
    return function(x if dtypes.is_float(dtype) else cast(x, floatx()))


def _sliding(
    who: str,
    x: Any,
    pool_size: Lengths,
    strides: Lengths | None,
    padding: str,
    data_format: str | None,
) -> list[tuple[int, int, int, Pair]]:
    """Return axis, size, stride and padding for each axis with something to do."""
    data_format = windows.checked_data_format(data_format, who)
    padding = windows.checked_padding(padding, who)
    lengths = windows.spatial_of(tuple(x.shape), data_format)
    rank = len(lengths)
    window = windows.per_axis(pool_size, rank, "pool_size", who)
    steps = window if strides is None else strides
    steps = windows.per_axis(steps, rank, "strides", who)
    pairs = windows.padding_pairs(padding, lengths, window, steps, (1,) * rank)
    counts = [
        windows.output_length(*how, 1, padding)
        for how in zip(lengths, window, steps, strict=True)
    ]
    windows.refuse_empty(who, x.shape, window, counts)
    first = 1 if data_format == "channels_last" else 2
    axes = zip(range(first, first + rank), window, steps, pairs, strict=True)
    return [how for how in axes if how[1:3] != (1, 1)]


def _counts(y: Any, axis: int, length: int, size: int, stride: int, pair: Pair) -> Any:
    """Return how many elements of each window are not padding, to divide `y` by."""
    count = y.shape[axis]
    counts = [0] * count
    for j in range(size):
        met, _ = reach(length, count, stride, j - pair[0])
        for window in range(met.start, met.stop):
            counts[window] += 1
    along = [count if i == axis else 1 for i in range(len(y.shape))]
    return reshape(cast(counts, y.dtype), along)


def adaptive_average_pool(
    inputs: Any, output_size: Lengths, data_format: str | None = None
) -> Any:
    """Return means of windows chosen so that the outputs have a given size.

    Output i is the mean from floor(i * length / size) to ceil((i + 1) * length / size).

    Args:
        inputs: (batch, *spatial, channels), or channels before the spatial axes.
        output_size: Lengths of the output, one for all spatial axes or one for each.
        data_format: "channels_last" or "channels_first"; the global setting by default.
    """

    def pooled(x: Any) -> Any:
        for axis, size in _adaptive(
            "adaptive_average_pool", x, output_size, data_format
        ):
            x = _means(x, axis, size)
        return x

    return _as_floats(pooled, inputs)


def adaptive_max_pool(
    inputs: Any, output_size: Lengths, data_format: str | None = None
) -> Any:
    """Return largest elements of windows chosen so that the outputs have a given size.

    The windows are those of `adaptive_average_pool`.

    Args:
        inputs: (batch, *spatial, channels), or channels before the spatial axes.
        output_size: Lengths of the output, one for all spatial axes or one for each.
        data_format: "channels_last" or "channels_first"; the global setting by default.
    """
    x = convert(inputs)
    for axis, size in _adaptive("adaptive_max_pool", x, output_size, data_format):
        x = _maxima(x, axis, size)
    return x


def _adaptive(
    who: str, x: Any, output_size: Lengths, data_format: str | None
) -> list[tuple[int, int]]:
    """Return the axes to be pooled with the lengths wanted, the first axis first.

    With Keras on JAX, too, it is this order that chooses among equal largest elements.
    """
    data_format = windows.checked_data_format(data_format, who)
    lengths = windows.spatial_of(tuple(x.shape), data_format)
    sizes = windows.per_axis(output_size, len(lengths), "output_size", who)
    first = 1 if data_format == "channels_last" else 2
    pairs = [(first + i, size) for i, size in enumerate(sizes)]
    return [(axis, size) for axis, size in pairs if x.shape[axis] != size]


def _spans(length: int, size: int) -> list[range]:
    return [
        range(i * length // size, -(-(i + 1) * length // size)) for i in range(size)
    ]


def _means(x: Any, axis: int, size: int) -> Any:
    """Return means along an axis: a product with a matrix of ones where they reach."""
    length, spans = x.shape[axis], _spans(x.shape[axis], size)
    reached = [[int(place in span) for place in range(length)] for span in spans]
    form = (math.prod(x.shape[:axis]), length, math.prod(x.shape[axis + 1 :]))
    sums = matmul_of(cast(reached, x.dtype), reshape(x, form))
    means = divide(sums, cast([[len(span)] for span in spans], x.dtype))
    return reshape(means, _with_length(x, axis, size))


def _maxima(x: Any, axis: int, size: int) -> Any:
    """Return largest elements along an axis, from windows made equally long.

    The last element of a short window is repeated, so that none comes before it.
    """
    spans = _spans(x.shape[axis], size)
    longest = max(map(len, spans))
    if x.shape[axis] % size:
        places = [span[min(j, len(span) - 1)] for span in spans for j in range(longest)]
        x = gather(x, convert(places), axis=axis)
    return window_max(x, axis=axis, size=longest, stride=longest, padding=(0, 0))
