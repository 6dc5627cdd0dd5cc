"""Convolutions, over any number of spatial axes.

One trilinear form stands behind all of them: the sum over input, kernel and output of
their products. Each of the three primitives is its derivative by one of the three, so
each one's gradients are the other two. A transposed convolution is the gradient by the
input. Inside, channels are last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish.backend import dtypes
from kerasish.backend.contract import Shape
from kerasish.backend.windows import Pairs, extent, num_windows
from kerasish.errors import ShapeError, explain
from kerasish.graph.tensor import Spec
from kerasish.ops import rules, windows
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.products import matmul_of
from kerasish.ops.shape import cast, place, reshape, slice_to

Lengths = int | Sequence[int]


@primitive
def conv_forward(
    x: Array,
    kernel: Array,
    *,
    strides: Shape,
    padding: Pairs,
    dilation: Shape,
    groups: int,
) -> Spec:
    """Return the windows of x times the kernel.

    Args:
        x: (batch, *spatial, groups * channels).
        kernel: (*window, channels, groups * filters).
        strides: Places between windows.
        padding: Places before and after each spatial axis.
        dilation: Places between the elements of a window.
        groups: Groups of channels, each with filters of its own.
    """
    dtype = rules.promoted(x, kernel)
    axes = zip(x.shape[1:-1], kernel.shape, strides, dilation, padding, strict=False)
    outputs = (num_windows(*axis) for axis in axes)
    return Spec((x.shape[0], *outputs, kernel.shape[-1]), dtype, dtype)


@primitive
def conv_input_gradient(
    g: Array,
    kernel: Array,
    *,
    lengths: Shape,
    strides: Shape,
    padding: Pairs,
    dilation: Shape,
    groups: int,
) -> Spec:
    """Return the gradient of `conv_forward` by its input, of these spatial lengths."""
    dtype = rules.promoted(g, kernel)
    shape = (g.shape[0], *lengths, kernel.shape[-2] * groups)
    return Spec(shape, dtype, dtype)


@primitive
def conv_kernel_gradient(
    x: Array,
    g: Array,
    *,
    window: Shape,
    strides: Shape,
    padding: Pairs,
    dilation: Shape,
    groups: int,
) -> Spec:
    """Return the gradient of `conv_forward` by its kernel, of these spatial lengths."""
    dtype = rules.promoted(x, g)
    shape = (*window, x.shape[-1] // groups, g.shape[-1])
    return Spec(shape, dtype, dtype)


@conv_forward.gradient
def _(g: Any, y: Any, x: Any, kernel: Any, **how: Any) -> Any:
    return (
        conv_input_gradient(g, kernel, lengths=x.shape[1:-1], **how),
        conv_kernel_gradient(x, g, window=kernel.shape[:-2], **how),
    )


@conv_input_gradient.gradient
def _(c: Any, y: Any, g: Any, kernel: Any, *, lengths: Shape, **how: Any) -> Any:
    return (
        conv_forward(c, kernel, **how),
        conv_kernel_gradient(c, g, window=kernel.shape[:-2], **how),
    )


@conv_kernel_gradient.gradient
def _(c: Any, y: Any, x: Any, g: Any, *, window: Shape, **how: Any) -> Any:
    return (
        conv_input_gradient(g, c, lengths=x.shape[1:-1], **how),
        conv_forward(x, c, **how),
    )


def conv(
    inputs: Any,
    kernel: Any,
    strides: Lengths = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Lengths = 1,
) -> Any:
    """Return the convolution of `inputs` by `kernel` (in fact the cross-correlation).

    Args:
        inputs: (batch, *spatial, channels), or channels before the spatial axes.
        kernel: (*window, channels of a group, filters); the number of groups is the
            input's channels over the kernel's.
        strides: Places between windows, for all spatial axes or for each.
        padding: "valid" (none), "same" (as many outputs as strides in the input), or
            "causal" (the same, but no window reaches beyond its own place).
        data_format: "channels_last" or "channels_first"; the global setting by default.
        dilation_rate: Places between the elements of a window.

    Returns:
        (batch, *outputs, filters), or the filters before the outputs.

    Raises:
        ShapeError: The shapes do not fit, or the window is longer than an axis.

    Example:
        >>> conv([[[1.0], [2.0], [4.0]]], [[[1.0]], [[-1.0]]]).reshape(-1)
        array([-1., -2.], dtype=float32)
    """
    data_format = windows.checked_data_format(data_format, "conv")
    padding = windows.checked_padding(padding, "conv", ("valid", "same", "causal"))
    inputs, kernel = convert(inputs), convert(kernel)
    rank = _rank("conv", inputs, kernel)
    strides = windows.per_axis(strides, rank, "strides", "conv")
    dilation = windows.per_axis(dilation_rate, rank, "dilation_rate", "conv")
    x = windows.channels_to_last(inputs, data_format)
    groups = _groups(inputs, x.shape[-1], kernel)
    y = _convolved(x, kernel, strides, padding, dilation, groups)
    return windows.channels_back(y, data_format)


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Lengths = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Lengths = 1,
) -> Any:
    """Return the convolution of each channel by itself.

    Args:
        inputs: (batch, *spatial, channels), or channels before the spatial axes.
        kernel: (*window, channels, filters of each channel).
        strides: Places between windows, for all spatial axes or for each.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; the global setting by default.
        dilation_rate: Places between the elements of a window.

    Returns:
        (batch, *outputs, channels * filters), or channels before the outputs; the
        filters of one channel stand side by side.

    Raises:
        ShapeError: The shapes do not fit, or the window is longer than an axis.
    """
    data_format = windows.checked_data_format(data_format, "depthwise_conv")
    inputs, kernel = convert(inputs), convert(kernel)
    _rank("depthwise_conv", inputs, kernel)
    channels = windows.channels_of(inputs.shape, data_format)
    _match_channels("depthwise_conv", inputs, kernel, channels, kernel.shape[-2])
    *window, _, filters = kernel.shape
    by_group = reshape(kernel, (*window, 1, channels * filters))
    return conv(inputs, by_group, strides, padding, data_format, dilation_rate)


def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Lengths = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Lengths = 1,
) -> Any:
    """Return a convolution of each channel by itself, then of windows of one place.

    Args:
        inputs: (batch, *spatial, channels), or channels before the spatial axes.
        depthwise_kernel: (*window, channels, filters of each channel).
        pointwise_kernel: (*ones, channels * filters of each channel, filters).
        strides: Places between windows, for all spatial axes or for each.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; the global setting by default.
        dilation_rate: Places between the elements of a window.
    """
    hidden = depthwise_conv(
        inputs, depthwise_kernel, strides, padding, data_format, dilation_rate
    )
    return conv(hidden, pointwise_kernel, data_format=data_format)


def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Lengths = 1,
    padding: str = "valid",
    output_padding: Lengths | None = None,
    data_format: str | None = None,
    dilation_rate: Lengths = 1,
) -> Any:
    """Return the transposed convolution: each input spreads a copy of the kernel.

    Args:
        inputs: (batch, *spatial, channels), or channels before the spatial axes.
        kernel: (*window, filters, channels).
        strides: Places between the copies, for all spatial axes or for each.
        padding: "valid", or "same" to cut the copies off at the ends.
        output_padding: Places added at the end of each axis; None for as many as make
            the output a whole number of strides long ("same").
        data_format: "channels_last" or "channels_first"; the global setting by default.
        dilation_rate: Places between the elements of the kernel.

    Returns:
        (batch, *outputs, filters), or the filters before the outputs.

    Raises:
        ShapeError: The shapes do not fit.
    """
    who = "conv_transpose"
    data_format = windows.checked_data_format(data_format, who)
    padding = windows.checked_padding(padding, who)
    inputs, kernel = convert(inputs), convert(kernel)
    rank = _rank(who, inputs, kernel)
    x = windows.channels_to_last(inputs, data_format)
    _match_channels(who, inputs, kernel, x.shape[-1], kernel.shape[-1])
    strides = windows.per_axis(strides, rank, "strides", who)
    dilation = windows.per_axis(dilation_rate, rank, "dilation_rate", who)
    more: tuple[int | None, ...] = (None,) * rank
    if output_padding is not None:
        more = windows.per_axis(output_padding, rank, "output_padding", who, least=0)
    y = _spread(x, kernel, strides, padding, dilation, more)
    return windows.channels_back(y, data_format)


def _convolved(
    x: Any, kernel: Any, strides: Shape, padding: str, dilation: Shape, groups: int
) -> Any:
    """Return the convolution of x, channels last, by a plain product where that is it.

    Half precision is computed in single: its sums would be too coarse.
    """
    if dtypes.dtype_name(x.dtype) == dtypes.dtype_name(kernel.dtype) == "float16":
        single = (cast(x, "float32"), cast(kernel, "float32"))
        y = _convolved(*single, strides, padding, dilation, groups)
        return cast(y, "float16")
    window, lengths = tuple(kernel.shape[:-2]), tuple(x.shape[1:-1])
    pairs = windows.padding_pairs(padding, lengths, window, strides, dilation)
    outputs = tuple(
        num_windows(*axis)
        for axis in zip(lengths, window, strides, dilation, pairs, strict=True)
    )
    windows.refuse_empty("The convolution", x.shape, window, outputs)
    if groups == 1 and not any(map(any, pairs)):
        if math.prod(window) == 1:
            return _pointwise(x, kernel, strides)
        if window == lengths:
            return _whole(x, kernel)
    return conv_forward(
        x, kernel, strides=strides, padding=pairs, dilation=dilation, groups=groups
    )


def _pointwise(x: Any, kernel: Any, strides: Shape) -> Any:
    """Return the convolution by windows of one place: a product of matrices."""
    if any(stride > 1 for stride in strides):
        steps = (slice(None, None, stride) for stride in strides)
        x = slice_to(x, slices=(slice(None), *steps))
    *outer, channels = x.shape
    filters = kernel.shape[-1]
    rows = reshape(x, (math.prod(outer), channels))
    y = matmul_of(rows, reshape(kernel, (channels, filters)))
    return reshape(y, (*outer, filters))


def _whole(x: Any, kernel: Any) -> Any:
    """Return the convolution by one window that covers all of x."""
    size, filters = math.prod(x.shape[1:]), kernel.shape[-1]
    rows = reshape(x, (x.shape[0], size))
    y = matmul_of(rows, reshape(kernel, (size, filters)))
    return reshape(y, (x.shape[0], *(1 for _ in x.shape[1:-1]), filters))


def _spread(
    x: Any,
    kernel: Any,
    strides: Shape,
    padding: str,
    dilation: Shape,
    output_padding: tuple[int | None, ...],
) -> Any:
    """Return the transposed convolution of x, channels last.

    The copies of the kernel reach over `full` places; of these, `lengths` are wanted,
    from place `start` on. What is wanted beyond them is zeros.
    """
    if dtypes.dtype_name(x.dtype) == dtypes.dtype_name(kernel.dtype) == "float16":
        single = (cast(x, "float32"), cast(kernel, "float32"))
        y = _spread(*single, strides, padding, dilation, output_padding)
        return cast(y, "float16")
    rank, window = len(strides), tuple(kernel.shape[:-2])
    wanted, inside, pairs = [], [], []
    for axis in range(rank):
        how = (window[axis], strides[axis], dilation[axis], padding)
        length = x.shape[axis + 1]
        size = windows.transposed_length(length, *how, output_padding[axis])
        full = (length - 1) * strides[axis] + extent(window[axis], dilation[axis])
        start = max(full - size, 0) // 2 if padding == "same" else 0
        wanted.append(size)
        inside.append(max(min(size, full - start), 0))
        pairs.append((start, full - start - inside[-1]))
    y = conv_input_gradient(
        x,
        kernel,
        lengths=tuple(inside),
        strides=strides,
        padding=tuple(pairs),
        dilation=dilation,
        groups=1,
    )
    if wanted == inside:
        return y
    shape = (x.shape[0], *wanted, y.shape[-1])
    slices = (slice(None), *(slice(0, n) for n in inside))
    return place(y, shape=shape, slices=slices, value=0)


def _rank(who: str, inputs: Any, kernel: Any) -> int:
    """Return the number of spatial axes of both."""
    rank = len(inputs.shape) - 2
    if rank >= 1 and len(kernel.shape) == rank + 2:
        return rank
    raise ShapeError(
        explain(
            f"{who} cannot take these shapes.",
            got=f"inputs {tuple(inputs.shape)}, kernel {tuple(kernel.shape)}",
            expected="a batch axis, spatial axes and channels; a kernel of the same "
            "number of axes",
            fix="a single sample needs a batch axis: x[None]",
        )
    )


def _groups(inputs: Any, channels: int, kernel: Any) -> int:
    """Return the number of groups that the channels and the kernel make."""
    own, filters = kernel.shape[-2:]
    groups = channels // own if own else 0
    if groups * own == channels and (not groups or filters % groups == 0):
        return groups or 1
    raise ShapeError(
        explain(
            "conv cannot divide these channels into groups.",
            got=f"inputs {tuple(inputs.shape)}, {channels} channels; "
            f"kernel {tuple(kernel.shape)}",
            expected="channels that are a multiple of the kernel's last axis but one, "
            "and filters that are a multiple of the number of groups",
        )
    )


def _match_channels(
    who: str, inputs: Any, kernel: Any, channels: int, expected: int
) -> None:
    if channels != expected:
        raise ShapeError(
            explain(
                f"{who} was given other channels than the kernel is for.",
                got=f"inputs {tuple(inputs.shape)} with {channels} channels",
                expected=f"{expected}, from the kernel's shape {tuple(kernel.shape)}",
            )
        )
