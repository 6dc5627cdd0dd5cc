"""Images filtered: blurred, edges found, and compared by their structure.

All filters here are products of one along the rows and one along the columns. Each is
applied as a product with a band matrix: one large matrix product is faster than many
shifted copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain
from kerasish.ops import reduction
from kerasish.ops.creation import arange
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import (
    add,
    divide,
    exp,
    maximum,
    minimum,
    multiply,
    square,
    subtract,
)
from kerasish.ops.image_format import as_batch, as_floats
from kerasish.ops.image_resize import resample
from kerasish.ops.indexing import get_item, take
from kerasish.ops.shape import (
    concatenate,
    expand_dims,
    pad,
    slice_to,
    stack,
)
from kerasish.ops.windows import per_axis


def _bell(size: int, sigma: Any, dtype: str) -> Any:
    """Return a Gaussian of standard deviation `sigma` at `size` places, sum 1."""
    places = subtract(arange(size, dtype=dtype), (size - 1) / 2)
    width = multiply(square(convert(sigma, dtype)), 2.0)
    values = exp(divide(square(places), multiply(width, -1.0)))
    return divide(values, reduction.sum(values))


def _band(taps: Any, length: int, before: int) -> Any:
    """Return the (length, length) matrix that weighs neighbours by `taps`.

    Neighbours outside count as zero.

    Args:
        taps: Weights of the neighbours.
        length: Of the axis.
        before: How many of the taps come before the element itself.
    """
    size = taps.shape[0]
    here, there = expand_dims(arange(length), 1), expand_dims(arange(length), 0)
    place = add(subtract(there, here), before + 1)
    # one zero at either end is what all places outside the taps read
    return take(pad(taps, 1), minimum(maximum(place, 0), size + 1))


def _filtered(images: Any, taps: Sequence[Any]) -> Any:
    """Return a batch filtered by `taps` along the rows' axis and the columns'."""
    for axis, weights in zip((1, 2), taps, strict=True):
        before = (weights.shape[0] - 1) // 2
        images = resample(images, axis, _band(weights, images.shape[axis], before))
    return images


def gaussian_blur(
    images: Any,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Sequence[Any] = (1.0, 1.0),
    data_format: str | None = None,
) -> Any:
    """Return images smoothed by a Gaussian filter; zeros are around them.

    Args:
        images: One image or a batch; whole numbers become floats.
        kernel_size: Height and width of the filter.
        sigma: Its standard deviations along the height and the width, in pixels; may
            be tensors.
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Raises:
        ShapeError: The images have too many or few axes.
        ValueError: `kernel_size` is not two numbers.

    Example:
        >>> blurred = gaussian_blur([[[0.0], [1.0], [0.0]]])
        >>> [round(float(x), 3) for x in blurred.ravel()]
        [0.124, 0.204, 0.124]
    """
    sizes = per_axis(kernel_size, 2, "kernel_size", "gaussian_blur")
    images, layout = as_batch("gaussian_blur", as_floats(images), data_format)
    dtype = dtypes.dtype_name(images.dtype)
    widths = convert(sigma)
    taps = [_bell(size, get_item(widths, i), dtype) for i, size in enumerate(sizes)]
    return layout.restore(_filtered(images, taps))


def sobel_edges(images: Any, data_format: str | None = None) -> Any:
    """Return how steeply images rise downwards and to the right, by Sobel's filter.

    The outermost pixels are repeated around the images, so that they have no edges of
    their own.

    Args:
        images: One image or a batch; whole numbers become floats.
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Returns:
        The shape of the images and one axis more of length 2: along the height, and
        along the width.

    Raises:
        ShapeError: The images have too many or few axes.

    Example:
        >>> sobel_edges([[[0.0], [1.0], [2.0]]])[0, 1, 0].tolist()
        [0.0, 8.0]
    """
    images, layout = as_batch("sobel_edges", as_floats(images), data_format)
    dtype = dtypes.dtype_name(images.dtype)
    for axis in (1, 2):
        images = _with_edges_repeated(images, axis)
    smooth, rise = (convert(t, dtype) for t in ([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0]))
    inner = (slice(None), slice(1, -1), slice(1, -1))
    edges = [
        layout.restore(slice_to(_filtered(images, taps), slices=inner))
        for taps in ((rise, smooth), (smooth, rise))
    ]
    return stack(edges, -1)


def _with_edges_repeated(x: Any, axis: int) -> Any:
    whole = (slice(None),) * axis
    first = slice_to(x, slices=(*whole, slice(0, 1)))
    last = slice_to(x, slices=(*whole, slice(x.shape[axis] - 1, None)))
    return concatenate([first, x, last], axis)


def ssim(
    image1: Any,
    image2: Any,
    max_val: Any = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Any:
    """Return the structural similarity of images, at most 1.

    Args:
        image1: One image or a batch; whole numbers become floats.
        image2: What to compare with, of the same shape.
        max_val: The largest value a pixel can have.
        filter_size: Side of the window over which structure is compared, in pixels.
        filter_sigma: Standard deviation of the Gaussian weights in the window.
        k1: Keeps dark windows from deciding.
        k2: Keeps flat windows from deciding.
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Returns:
        One number for each image: the mean over windows and channels.

    Raises:
        ShapeError: The shapes differ, or the images are smaller than the window.

    References:
        Wang, Bovik, Sheikh & Simoncelli, "Image Quality Assessment: From Error
        Visibility to Structural Similarity", IEEE TIP 2004, eq. 13.

    Example:
        >>> import numpy as np
        >>> float(ssim(np.ones((16, 16, 1)), np.ones((16, 16, 1))))
        1.0
    """
    x, layout = as_batch("ssim", as_floats(image1), data_format)
    y, _ = as_batch("ssim", as_floats(image2), data_format)
    _require_comparable(x, y, filter_size)
    taps = _bell(filter_size, filter_sigma, dtypes.dtype_name(x.dtype))
    mean_x, mean_y = _window_mean(x, taps), _window_mean(y, taps)
    product = multiply(mean_x, mean_y)
    squares = add(square(mean_x), square(mean_y))
    both = subtract(_window_mean(multiply(x, y), taps), product)
    each = subtract(_window_mean(add(square(x), square(y)), taps), squares)
    c1, c2 = (square(multiply(convert(max_val, x.dtype), k)) for k in (k1, k2))
    brightness = divide(add(multiply(product, 2.0), c1), add(squares, c1))
    structure = divide(add(multiply(both, 2.0), c2), add(each, c2))
    found = reduction.mean(multiply(brightness, structure), (1, 2, 3))
    return found if layout.is_batch else get_item(found, 0)


def _require_comparable(x: Any, y: Any, filter_size: int) -> None:
    if tuple(x.shape) != tuple(y.shape) or min(x.shape[1:3]) < filter_size:
        raise ShapeError(
            explain(
                "ssim cannot compare these images.",
                got=f"shapes {tuple(x.shape)} and {tuple(y.shape)}",
                expected=f"equal shapes, of at least {filter_size} pixels a side",
                fix="choose a smaller filter_size for small images",
            )
        )


def _window_mean(images: Any, taps: Any) -> Any:
    """Return the weighted mean over each window that lies inside the images."""
    size = taps.shape[0]
    before = (size - 1) // 2
    whole = _filtered(images, (taps, taps))
    inner = (slice(before, n - (size - 1 - before)) for n in images.shape[1:3])
    return slice_to(whole, slices=(slice(None), *inner))
