"""Images in another size: each axis is multiplied by a matrix of weights.

Pixels are squares whose centres lie at 0.5, 1.5, ...; every new pixel is a weighted
mean of the old ones around its centre. Smoothing before shrinking ("antialias") is
widening the weights by the shrinkage. (K. Turkowski, "Filters for Common Resampling
Tasks", Graphics Gems I, 1990; R. Keys, "Cubic Convolution Interpolation for Digital
Image Processing", 1981.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.ops import reduction, rules
from kerasish.ops.creation import arange
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import (
    absolute,
    add,
    divide,
    floor,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    maximum,
    minimum,
    multiply,
    subtract,
    where,
)
from kerasish.ops.image_format import as_batch, rounded_to
from kerasish.ops.indexing import get_item, take
from kerasish.ops.products import matmul
from kerasish.ops.shape import cast, expand_dims, moveaxis, pad, slice_to, swapaxes
from kerasish.ops.trigonometry import sin

# Weights that sum up to less see nothing: they are not scaled up to 1.
_FAINT = 1000 * 2.0**-23


def _triangle(x: Any) -> Any:
    return maximum(subtract(1.0, x), 0.0)


def _cubic(x: Any) -> Any:
    """Keys (1981), eq. 15: a = -1/2, exact for polynomials up to the second degree."""
    near = _polynomial(x, (1.5, -2.5, 0.0, 1.0))
    far = _polynomial(x, (-0.5, 2.5, -4.0, 2.0))
    return where(less(x, 1.0), near, where(less(x, 2.0), far, 0.0))


def _polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    total = coefficients[0]
    for coefficient in coefficients[1:]:
        total = add(multiply(total, x), coefficient)
    return total


def _lanczos(radius: float) -> Callable[[Any], Any]:
    """Return sinc(x) sinc(x / radius), a sinc under the middle of a wider one."""

    def weight(x: Any) -> Any:
        angle = multiply(x, math.pi)
        waves = multiply(sin(angle), sin(multiply(angle, 1 / radius)))
        below = multiply(angle, multiply(angle, 1 / radius))
        centre = less(x, 1e-6)
        value = divide(waves, where(centre, 1.0, below))
        return where(centre, 1.0, where(greater(x, radius), 0.0, value))

    return weight


KERNELS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("linear", "bilinear", "trilinear"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
}
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


def resample(x: Any, axis: int, weights: Any) -> Any:
    """Return x with an axis multiplied by a matrix of weights, (new, old)."""
    lines = moveaxis(x, axis, -1)
    return moveaxis(matmul(lines, swapaxes(weights, 0, 1)), -1, axis)


def _weights(
    length: int,
    new_length: int,
    scale: Any,
    translation: Any,
    kernel: Callable[[Any], Any],
    antialias: bool,
    dtype: str,
) -> Any:
    """Return the weight of each old pixel in each new one, (new, old).

    Args:
        length: Old length.
        new_length: New length.
        scale: New pixels per old one.
        translation: New place of the old beginning, in new pixels.
        kernel: Weight of a pixel at a distance, in pixels.
        antialias: Whether to widen the weights by the shrinkage.
        dtype: Of the result.
    """
    step = divide(convert(1.0, dtype), convert(scale, dtype))
    centres = subtract(add(arange(new_length, dtype=dtype), 0.5), translation)
    centres = subtract(multiply(centres, step), 0.5)
    old = arange(length, dtype=dtype)
    distance = absolute(subtract(expand_dims(centres, 1), expand_dims(old, 0)))
    if antialias:
        distance = divide(distance, maximum(step, 1.0))
    found = kernel(distance)
    total = reduction.sum(found, 1, keepdims=True)
    seen = greater(absolute(total), _FAINT)
    found = multiply(divide(found, where(seen, total, 1.0)), seen)
    inside = logical_and(
        greater_equal(centres, -0.5), less_equal(centres, length - 0.5)
    )
    return multiply(found, expand_dims(inside, 1))


def scale_and_translate(
    images: Any,
    output_shape: Sequence[Any],
    scale: Any,
    translation: Any,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Any:
    """Return images stretched and moved along some axes.

    The point x of an axis comes to x * scale + translation, in pixels. What lies
    outside the old images is 0.

    Args:
        images: Any shape.
        output_shape: Shape of the result; an axis that is not in `spatial_dims` may be
            None.
        scale: Factor for each of `spatial_dims`; may be a tensor.
        translation: Pixels to move by, for each of `spatial_dims`; may be a tensor.
        spatial_dims: The axes.
        method: "linear" ("bilinear", "trilinear"), "cubic" ("bicubic", "tricubic"),
            "lanczos3" or "lanczos5".
        antialias: Whether to smooth before shrinking.

    Returns:
        The shape asked for, in the dtype of the images; whole numbers are rounded.

    Raises:
        ShapeError: `output_shape` has another rank, or differs on other axes.
        ValueError: There is no such method.

    Example:
        >>> scale_and_translate([1.0, 2.0], (4,), [1.0], [2.0], (0,), "linear").tolist()
        [0.0, 0.0, 1.0, 2.0]
    """
    if method not in KERNELS:
        raise ValueError(unknown_name("method", method, KERNELS))
    images = convert(images)
    axes = [rules.normalize_axis(int(a), len(images.shape)) for a in spatial_dims]
    _require_same_elsewhere(images, output_shape, axes)
    dtype = dtypes.dtype_name(images.dtype)
    result = cast(images, dtype if dtype in ("float32", "float64") else "float32")
    working = dtypes.dtype_name(result.dtype)
    scale, translation = convert(scale, working), convert(translation, working)
    for i, axis in enumerate(axes):
        weights = _weights(
            images.shape[axis],
            output_shape[axis],
            get_item(scale, i),
            get_item(translation, i),
            KERNELS[method],
            antialias,
            working,
        )
        result = resample(result, axis, weights)
    return rounded_to(result, dtype)


def _require_same_elsewhere(
    images: Any, output_shape: Sequence[Any], axes: Sequence[int]
) -> None:
    wanted, given = tuple(output_shape), tuple(images.shape)
    others = set(range(len(given))) - set(axes)
    if len(wanted) != len(given) or any(
        wanted[a] not in (None, given[a]) for a in others
    ):
        raise ShapeError(
            explain(
                "scale_and_translate changes the axes in `spatial_dims` only.",
                got=f"images {given}, output_shape={wanted}, axes {tuple(axes)}",
            )
        )


def resize(
    images: Any,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Any:
    """Return images in another size.

    Args:
        images: One image or a batch.
        size: (height, width).
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        antialias: Whether to smooth before shrinking.
        crop_to_aspect_ratio: Whether to cut the margins off first that would distort.
        pad_to_aspect_ratio: Whether to add the margins first without which the images
            would be distorted.
        fill_mode: How to add margins: "constant".
        fill_value: What to fill them with.
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Returns:
        The same dtype; whole numbers are rounded.

    Raises:
        ShapeError: The images have too many or few axes.
        ValueError: An argument is not understood.

    Example:
        >>> resize([[[1.0], [3.0]]], (1, 4)).ravel().tolist()
        [1.0, 1.5, 2.5, 3.0]
    """
    height, width = _size(size)
    _require_known(interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode)
    images, layout = as_batch("resize", images, data_format)
    if crop_to_aspect_ratio:
        images = _cropped_to_aspect(images, height, width)
    elif pad_to_aspect_ratio:
        images = _padded_to_aspect(images, height, width, fill_value)
    if tuple(images.shape[1:3]) == (height, width):
        return layout.restore(images)
    if interpolation == "nearest":
        resized = _nearest(_nearest(images, 1, height), 2, width)
    else:
        shape = (images.shape[0], height, width, images.shape[3])
        factors = [height / images.shape[1], width / images.shape[2]]
        resized = scale_and_translate(
            images, shape, factors, [0.0, 0.0], (1, 2), interpolation, antialias
        )
    return layout.restore(resized)


def _size(size: Sequence[int]) -> tuple[int, int]:
    if len(size) != 2:
        raise ValueError(
            explain(
                "resize needs a height and a width.",
                got=f"size={tuple(size)}",
                expected="two whole numbers",
            )
        )
    return int(size[0]), int(size[1])


def _require_known(interpolation: str, crop: bool, margin: bool, mode: str) -> None:
    if interpolation not in INTERPOLATIONS:
        raise ValueError(unknown_name("interpolation", interpolation, INTERPOLATIONS))
    if crop and margin:
        raise ValueError(
            explain(
                "resize either crops or pads.",
                got="crop_to_aspect_ratio=True and pad_to_aspect_ratio=True",
                fix="leave one of them out",
            )
        )
    if mode != "constant":
        raise ValueError(unknown_name("fill mode of resize", mode, ["constant"]))


def _cropped_to_aspect(images: Any, height: int, width: int) -> Any:
    _, rows, columns, _ = images.shape
    kept_rows = max(min(rows, int(columns * height / width)), 1)
    kept_columns = max(min(columns, int(rows * width / height)), 1)
    top, left = (rows - kept_rows) // 2, (columns - kept_columns) // 2
    return slice_to(
        images,
        slices=(
            slice(None),
            slice(top, top + kept_rows),
            slice(left, left + kept_columns),
        ),
    )


def _padded_to_aspect(images: Any, height: int, width: int, value: float) -> Any:
    _, rows, columns, _ = images.shape
    more_rows = max(int(columns * height / width), rows) - rows
    more_columns = max(int(rows * width / height), columns) - columns
    # as in Keras both margins are equal: of an odd number, one line is left out
    margins = [(m // 2, m // 2) for m in (more_rows, more_columns)]
    return pad(images, [(0, 0), *margins, (0, 0)], constant_values=value)


def _nearest(images: Any, axis: int, length: int) -> Any:
    """Return, of each new pixel's centre, the old pixel it lies in."""
    old = images.shape[axis]
    places = floor(multiply(add(arange(length, dtype="float64"), 0.5), old / length))
    return take(images, cast(minimum(places, old - 1), "int32"), axis)
