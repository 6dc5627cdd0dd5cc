"""Images warped: each new pixel is read at a place of the old image.

A transform maps the column x and row y of a new pixel to where it is read. Transforms
may be tensors, so that augmentation can draw them.
"""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes
from kerasish.backend.contract import Shape
from kerasish.errors import ShapeError, explain
from kerasish.graph.registry import operation
from kerasish.ops.creation import arange, ones_like, zeros_like
from kerasish.ops.elementwise import add, divide, multiply, negative
from kerasish.ops.image_filter import gaussian_blur
from kerasish.ops.image_format import as_batch
from kerasish.ops.image_sampling import order_of, require_mode, sample
from kerasish.ops.indexing import get_item
from kerasish.ops.shape import (
    broadcast_to,
    cast,
    concatenate,
    expand_dims,
    reshape,
    split,
    squeeze,
    stack,
)
from kerasish.ops.solving import solve_of


def _grid(height: int, width: int, dtype: str) -> tuple[Any, Any]:
    """Return row and column of each pixel, flat: (1, height * width)."""
    shape = (height, width)
    rows = broadcast_to(expand_dims(arange(height, dtype=dtype), 1), shape)
    columns = broadcast_to(expand_dims(arange(width, dtype=dtype), 0), shape)
    return reshape(rows, (1, -1)), reshape(columns, (1, -1))


def _working(dtype: Any) -> str:
    """Return the dtype of the coordinates in images of a dtype."""
    return "float64" if dtypes.dtype_name(dtype) == "float64" else "float32"


def _warp(images: Any, rows: Any, columns: Any, order: int, fill: Any) -> Any:
    """Return a batch of images read at rows and columns, (batch, height * width)."""
    batch = images.shape[0]
    places = [broadcast_to(c, (batch, c.shape[1])) for c in (rows, columns)]
    return reshape(sample(images, places, order, fill), images.shape)


def _parameters(name: str, value: Any, shape: Shape, images: Any) -> Any:
    """Return the parameters of transforms, one set for each image or one for all.

    Raises:
        ShapeError: They are neither.
    """
    batch = images.shape[0]
    value = cast(value, _working(images.dtype))
    value = expand_dims(value, 0) if len(value.shape) == len(shape) else value
    if tuple(value.shape[1:]) != shape or value.shape[0] not in (1, batch):
        raise ShapeError(
            explain(
                f"`{name}` does not fit the images.",
                got=f"shape {tuple(value.shape)} and {batch} images",
                expected=f"shape {shape}, or {(batch, *shape)}",
            )
        )
    return value


def _numbers(parameters: Any) -> list[Any]:
    """Return each parameter of (batch, count) as (batch, 1)."""
    return split(parameters, parameters.shape[1], 1)


def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Return images read at the places an affine, or projective, transform says.

    Pixel (x, y) of the result is the one at ((a0 x + a1 y + a2) / k,
    (b0 x + b1 y + b2) / k) with k = c0 x + c1 y + 1.

    Args:
        images: One image or a batch.
        transform: a0, a1, a2, b0, b1, b2, c0, c1: (8,) for all images, or (batch, 8).
            May be a tensor. (Keras documents c0 and c1 thus, but does not divide.)
        interpolation: "nearest" or "bilinear".
        fill_mode: What lies outside: see `map_coordinates`.
        fill_value: The value of it, if `fill_mode` is "constant".
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Raises:
        ShapeError: The images have too many or few axes, or the transforms do not fit.
        ValueError: The interpolation or the fill mode is unknown.

    Example:
        >>> shift = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
        >>> affine_transform([[[1.0], [2.0], [3.0]]], shift).ravel().tolist()
        [2.0, 3.0, 0.0]
    """
    order = order_of(interpolation)
    require_mode(fill_mode)
    images, layout = as_batch("affine_transform", images, data_format)
    given = _parameters("transform", transform, (8,), images)
    fill = (fill_mode, fill_value)
    return layout.restore(_projected(images, _numbers(given), order, fill))


def _projected(images: Any, h: list[Any], order: int, fill: Any) -> Any:
    """Return a batch of images, each pixel read where eight numbers say."""
    y, x = _grid(images.shape[1], images.shape[2], _working(images.dtype))
    depth = add(add(multiply(h[6], x), multiply(h[7], y)), 1.0)
    columns = divide(add(add(multiply(h[0], x), multiply(h[1], y)), h[2]), depth)
    rows = divide(add(add(multiply(h[3], x), multiply(h[4], y)), h[5]), depth)
    return _warp(images, rows, columns, order, fill)


def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Return images in a perspective that brings four points to four others.

    Args:
        images: One image or a batch.
        start_points: Four points (x, y) of the images: (4, 2) for all, or
            (batch, 4, 2). May be a tensor.
        end_points: Where they come to, likewise.
        interpolation: "nearest" or "bilinear".
        fill_value: The value of what lies outside.
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Raises:
        ShapeError: The images have too many or few axes, or the points do not fit.
        ValueError: The interpolation is unknown, or three points lie on a line
            (NumPy's `LinAlgError`).

    Example:
        >>> corners = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]]
        >>> perspective_transform([[[1.0], [2.0]]], corners, corners).ravel().tolist()
        [1.0, 2.0]
    """
    order = order_of(interpolation)
    images, layout = as_batch("perspective_transform", images, data_format)
    start = _parameters("start_points", start_points, (4, 2), images)
    end = _parameters("end_points", end_points, (4, 2), images)
    fill = ("constant", fill_value)
    return layout.restore(_projected(images, homography(end, start), order, fill))


def homography(sources: Any, targets: Any) -> list[Any]:
    """Return the h with u = (h0 x + h1 y + h2) / (h6 x + h7 y + 1), v with h3 to h5.

    Args:
        sources: Points (x, y), (batch, 4, 2).
        targets: Points (u, v), likewise.

    Returns:
        Eight tensors (batch, 1).
    """
    batch = max(sources.shape[0], targets.shape[0])
    shape = (batch, 4, 2)
    sources, targets = broadcast_to(sources, shape), broadcast_to(targets, shape)
    x, y = (get_item(sources, (..., i)) for i in range(2))
    u, v = (get_item(targets, (..., i)) for i in range(2))
    one, zero = ones_like(x), zeros_like(x)
    # both equations of a point, multiplied by the denominator, are linear in h
    of_u = [x, y, one, zero, zero, zero, *(negative(multiply(u, c)) for c in (x, y))]
    of_v = [zero, zero, zero, x, y, one, *(negative(multiply(v, c)) for c in (x, y))]
    matrix = concatenate([stack(of_u, -1), stack(of_v, -1)], 1)
    right = expand_dims(concatenate([u, v], 1), -1)
    h = squeeze(solve_of(matrix, right), -1)
    return _numbers(h)


def elastic_transform(
    images: Any,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Any:
    """Return images distorted by a smooth random field of displacements.

    Args:
        images: One image or a batch; each is distorted in its own way.
        alpha: Strength: the displacements have a standard deviation of 0.28 times it,
            in pixels.
        sigma: Smoothness: the width of the Gaussian filter that smooths noise to the
            field, in pixels.
        interpolation: "nearest" or "bilinear".
        fill_mode: What lies outside: see `map_coordinates`.
        fill_value: The value of it, if `fill_mode` is "constant".
        seed: Integer, `SeedGenerator`, or None.
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Raises:
        ShapeError: The images have too many or few axes.
        ValueError: The interpolation or the fill mode is unknown.

    References:
        Simard, Steinkraus & Platt, "Best Practices for Convolutional Neural Networks
        Applied to Visual Document Analysis", ICDAR 2003.

    Example:
        >>> import numpy as np
        >>> elastic_transform(np.ones((4, 4, 1)), seed=1).shape
        (4, 4, 1)
    """
    order = order_of(interpolation)
    require_mode(fill_mode)
    images, layout = as_batch("elastic_transform", images, data_format)
    batch, height, width, _ = images.shape
    dtype = _working(images.dtype)
    # one draw for both directions: as two channels of an image
    shape = (batch, height, width, 2)
    noise = operation("random_normal")(shape, stddev=sigma, dtype=dtype, seed=seed)
    reach = int(6 * sigma) | 1
    field = gaussian_blur(noise, (reach, reach), (sigma, sigma), "channels_last")
    field = multiply(field, alpha)
    return layout.restore(_displaced(images, field, order, (fill_mode, fill_value)))


def displaced(
    images: Any,
    field: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Any:
    """Return images, each pixel read some way from its place.

    Args:
        images: One image or a batch.
        field: How far down and to the right, in pixels: (batch, height, width, 2).
        interpolation: "nearest" or "bilinear".
        fill_mode: What lies outside: see `map_coordinates`.
        fill_value: The value of it, if `fill_mode` is "constant".
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.
    """
    order = order_of(interpolation)
    require_mode(fill_mode)
    images, layout = as_batch("displaced", images, data_format)
    return layout.restore(_displaced(images, field, order, (fill_mode, fill_value)))


def _displaced(images: Any, field: Any, order: int, fill: Any) -> Any:
    """Return a batch, channels last, read at its pixels' places plus a field."""
    batch, height, width, _ = images.shape
    down, across = (
        reshape(get_item(field, (..., i)), (batch, height * width)) for i in range(2)
    )
    y, x = _grid(height, width, _working(images.dtype))
    return _warp(images, add(y, down), add(x, across), order, fill)
