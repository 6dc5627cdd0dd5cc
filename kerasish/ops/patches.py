"""Windows that slide over images and volumes: cut out, put back, and blocks of pixels.

All windows are cut by one function: for each place inside the window, a strided slice
of the whole tensor, which is a view. No index is ever computed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from kerasish.backend.contract import Shape
from kerasish.backend.windows import num_windows
from kerasish.errors import ShapeError, explain
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import add
from kerasish.ops.shape import (
    concatenate,
    pad,
    place,
    reshape,
    slice_to,
    squeeze,
    stack,
)
from kerasish.ops.windows import (
    checked_data_format,
    checked_padding,
    padding_pairs,
    per_axis,
)

Ints = int | Sequence[int]


class Windows(NamedTuple):
    """Windows that slide over some axes; each field has one number per axis.

    Attributes:
        size: Places inside a window.
        strides: Distance of one window from the next.
        dilation: Distance of the places of a window.
    """

    size: Shape
    strides: Shape
    dilation: Shape

    def counts(self, lengths: Sequence[int]) -> Shape:
        """Return how many windows fit along axes of these lengths."""
        each = zip(lengths, self.size, self.strides, self.dilation, strict=True)
        return tuple(num_windows(n, k, s, d, (0, 0)) for n, k, s, d in each)

    def slices(self, lengths: Sequence[int]) -> list[tuple[slice, ...]]:
        """Return, for each place inside the window, where it is in all windows."""
        counts = self.counts(lengths)
        found = []
        for offsets in itertools.product(*(range(k) for k in self.size)):
            starts = (o * d for o, d in zip(offsets, self.dilation, strict=True))
            each = zip(starts, counts, self.strides, strict=True)
            found.append(tuple(slice(a, a + n * s, s) for a, n, s in each))
        return found


def extract_patches(
    images: Any,
    size: Ints,
    strides: Ints | None = None,
    dilation_rate: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Return the windows of images, each laid out along the channels.

    Args:
        images: One image (height, width, channels) or a batch of them, or channels
            first. With a `size` of three numbers, volumes: see `extract_patches_3d`.
        size: Height and width of a window, or both at once.
        strides: Pixels from one window to the next; `size` by default.
        dilation_rate: Distance of the pixels of a window.
        padding: "valid" (whole windows only) or "same" (zeros around, so that there are
            as many windows as strides).
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Returns:
        (..., rows, columns, size * size * channels), or with the channels first; in a
        patch, channels change fastest, then columns.

    Raises:
        ShapeError: The images have another rank, or no window fits.
        ValueError: An argument is not understood.

    Example:
        >>> import numpy as np
        >>> extract_patches(np.ones((4, 4, 3)), 2).shape
        (2, 2, 12)
    """
    num_axes = 2 if isinstance(size, int) else len(size)
    operation = "extract_patches"
    per_axis(size, 3 if num_axes == 3 else 2, "size", operation)
    windows = _windows(operation, num_axes, size, strides, dilation_rate)
    return _patches(operation, images, windows, padding, data_format)


def extract_patches_3d(
    volumes: Any,
    size: Ints,
    strides: Ints | None = None,
    dilation_rate: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Return the windows of volumes, each laid out along the channels.

    Args:
        volumes: One volume (depth, height, width, channels) or a batch of them, or
            channels first.
        size: Depth, height and width of a window, or all at once.
        strides: Voxels from one window to the next; `size` by default.
        dilation_rate: Distance of the voxels of a window.
        padding: "valid" or "same", as for `extract_patches`.
        data_format: As for `extract_patches`.

    Returns:
        (..., depths, rows, columns, size * size * size * channels), or with the
        channels first.

    Raises:
        ShapeError: The volumes have another rank, or no window fits.
        ValueError: An argument is not understood.

    Example:
        >>> import numpy as np
        >>> extract_patches_3d(np.ones((4, 4, 4, 1)), 2).shape
        (2, 2, 2, 8)
    """
    operation = "extract_patches_3d"
    windows = _windows(operation, 3, size, strides, dilation_rate)
    return _patches(operation, volumes, windows, padding, data_format)


def _windows(
    operation: str, num_axes: int, size: Ints, strides: Ints | None, dilation: Ints
) -> Windows:
    """Return the windows that arguments given as numbers or sequences describe."""
    return Windows(
        per_axis(size, num_axes, "size", operation),
        per_axis(strides or size, num_axes, "strides", operation),
        per_axis(dilation, num_axes, "dilation_rate", operation),
    )


def _patches(
    operation: str, x: Any, windows: Windows, padding: str, data_format: str | None
) -> Any:
    x = convert(x)
    num_axes, ndim = len(windows.size), len(x.shape)
    if ndim not in (num_axes + 1, num_axes + 2):
        _refuse(operation, x, f"{num_axes + 1} axes, or {num_axes + 2} for a batch")
    last = checked_data_format(data_format, operation) == "channels_last"
    first = ndim - num_axes - 1 if last else ndim - num_axes
    lengths = x.shape[first : first + num_axes]
    margins = padding_pairs(checked_padding(padding, operation), lengths, *windows)
    after = ndim - first - num_axes
    if any(map(any, margins)):
        x = pad(x, [(0, 0)] * first + list(margins) + [(0, 0)] * after)
        lengths = x.shape[first : first + num_axes]
    if 0 in windows.counts(lengths):
        _refuse(operation, x, f"images that a window of {windows.size} fits into")
    whole = (slice(None),) * first
    cuts = [slice_to(x, slices=(*whole, *at)) for at in windows.slices(lengths)]
    return concatenate(cuts, -1 if last else first - 1)


def _refuse(operation: str, x: Any, expected: str) -> NoReturn:
    raise ShapeError(
        explain(
            f"{operation} cannot take this tensor.",
            got=f"shape {tuple(x.shape)}",
            expected=expected,
        )
    )


def unfold(
    x: Any,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Any:
    """Return the windows of images as columns ("im2col").

    Args:
        x: Images, (batch, channels, height, width).
        kernel_size: Height and width of a window, or both at once.
        dilation: Distance of the pixels of a window.
        padding: Rows and columns of zeros around each image.
        stride: Pixels from one window to the next.

    Returns:
        (batch, channels * kernel height * kernel width, windows).

    Raises:
        ShapeError: `x` is not of rank 4.

    Example:
        >>> import numpy as np
        >>> unfold(np.ones((1, 3, 4, 4)), 2).shape
        (1, 12, 9)
    """
    x = convert(x)
    if len(x.shape) != 4:
        _refuse("unfold", x, "(batch, channels, height, width)")
    windows, margin = _columns("unfold", kernel_size, stride, dilation, padding)
    if any(margin):
        x = pad(x, [(0, 0), (0, 0), *((m, m) for m in margin)])
    batch, channels, *lengths = x.shape
    slices = windows.slices(lengths)
    cuts = [slice_to(x, slices=(slice(None), slice(None), *at)) for at in slices]
    num_windows = math.prod(windows.counts(lengths))
    return reshape(stack(cuts, 2), (batch, channels * len(slices), num_windows))


def _columns(
    operation: str, kernel_size: Ints, stride: Ints, dilation: Ints, padding: Ints
) -> tuple[Windows, Shape]:
    """Return the windows, and the margins, that `unfold` and `fold` are told."""
    windows = Windows(
        per_axis(kernel_size, 2, "kernel_size", operation),
        per_axis(stride, 2, "stride", operation),
        per_axis(dilation, 2, "dilation", operation),
    )
    return windows, per_axis(padding, 2, "padding", operation, least=0)


def fold(
    x: Any,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Any:
    """Return images that are the sum of windows given as columns ("col2im").

    What `unfold` cut out goes back to where it was; where windows overlap, they add up.

    Args:
        x: Columns, (batch, channels * kernel height * kernel width, windows).
        output_size: Height and width of the images, or both at once.
        kernel_size: Height and width of a window, or both at once.
        dilation: Distance of the pixels of a window.
        padding: Rows and columns around each image that are dropped.
        stride: Pixels from one window to the next.

    Returns:
        (batch, channels, height, width).

    Raises:
        ShapeError: `x` is not of rank 3, or not what `unfold` gives for such images.

    Example:
        >>> import numpy as np
        >>> fold(np.ones((1, 4, 4)), 3, 2)[0, 0].tolist()
        [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    x = convert(x)
    windows, margin = _columns("fold", kernel_size, stride, dilation, padding)
    lengths = per_axis(output_size, 2, "output_size", "fold")
    padded = tuple(n + 2 * m for n, m in zip(lengths, margin, strict=True))
    counts, slices = windows.counts(padded), windows.slices(padded)
    shape, area = tuple(x.shape), len(slices)
    if len(shape) != 3 or shape[1] % area or shape[2] != math.prod(counts):
        _refuse("fold", x, f"(batch, channels * {area}, {math.prod(counts)} windows)")
    batch, channels = shape[0], shape[1] // area
    columns = reshape(x, (batch, channels, area, *counts))
    whole = (slice(None), slice(None))
    total = None
    for i, at in enumerate(slices):
        part = squeeze(slice_to(columns, slices=(*whole, slice(i, i + 1))), 2)
        form = (batch, channels, *padded)
        laid = place(part, shape=form, slices=(*whole, *at), value=0)
        total = laid if total is None else add(total, laid)
    inner = (slice(m, m + n) for m, n in zip(margin, lengths, strict=True))
    return slice_to(total, slices=(*whole, *inner))
