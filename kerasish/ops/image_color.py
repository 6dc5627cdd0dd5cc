"""Colours of images: gray, and between RGB and HSV."""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import DTypeError, ShapeError, explain
from kerasish.ops.elementwise import (
    absolute,
    add,
    divide,
    equal,
    floor,
    greater,
    maximum,
    minimum,
    multiply,
    subtract,
    where,
)
from kerasish.ops.image_format import as_floats, as_images
from kerasish.ops.shape import cast, concatenate, split
from kerasish.ops.windows import checked_data_format

# shares of red, green and blue in brightness (ITU-R BT.601)
_SHARES = (0.2989, 0.5870, 0.1140)


def _channel_axis(operation: str, data_format: str | None) -> int:
    return -1 if checked_data_format(data_format, operation) == "channels_last" else -3


def _three_channels(operation: str, images: Any, axis: int) -> list[Any]:
    """Return the channels, each with its axis of length 1.

    Raises:
        DTypeError: The pixels are whole numbers.
        ShapeError: There are not three channels.
    """
    dtype = dtypes.dtype_name(images.dtype)
    if not dtypes.is_float(dtype):
        raise DTypeError(
            explain(
                f"{operation} works on floats.",
                got=dtype,
                expected="pixels from 0 to 1",
                fix='ops.cast(images, "float32") / 255',
            )
        )
    if images.shape[axis] != 3:
        _refuse_channels(operation, images, "3 channels")
    return split(images, 3, axis)


def _refuse_channels(operation: str, images: Any, expected: str) -> None:
    raise ShapeError(
        explain(
            f"{operation} cannot use these channels.",
            got=f"images of shape {tuple(images.shape)}",
            expected=expected,
            fix="say which axis they are on with `data_format`",
        )
    )


def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Any:
    """Return the brightness of colour images: 0.2989 R + 0.587 G + 0.114 B.

    Args:
        images: One image or a batch, of three channels (gray images stay as they are).
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Returns:
        The same dtype, one channel; whole numbers are cut towards zero.

    Raises:
        ShapeError: There are neither 3 channels nor 1, or too many or few axes.

    Example:
        >>> rgb_to_grayscale([[[1.0, 1.0, 1.0]]]).round(3).tolist()
        [[[1.0]]]
    """
    images = as_images("rgb_to_grayscale", images)
    axis = _channel_axis("rgb_to_grayscale", data_format)
    channels = images.shape[axis]
    if channels == 1:
        return images
    if channels != 3:
        _refuse_channels("rgb_to_grayscale", images, "3 channels, or 1 (gray)")
    red, green, blue = split(as_floats(images), 3, axis)
    first, second, third = _SHARES
    gray = add(multiply(red, first), multiply(green, second))
    gray = add(gray, multiply(blue, third))
    return cast(gray, dtypes.dtype_name(images.dtype))


def rgb_to_hsv(images: Any, data_format: str | None = None) -> Any:
    """Return hue, saturation and value of colour images.

    Args:
        images: One image or a batch, of three channels from 0 to 1, floating.
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Returns:
        The same shape, all from 0 to 1; hue is 0 for red, 1/3 for green, 2/3 for blue,
        and 0 for grays.

    Raises:
        DTypeError: The pixels are whole numbers.
        ShapeError: There are not three channels, or too many or few axes.

    References:
        A. R. Smith, "Color Gamut Transform Pairs", SIGGRAPH 1978.

    Example:
        >>> rgb_to_hsv([[[0.5, 0.0, 0.0]]]).tolist()
        [[[0.0, 1.0, 0.5]]]
    """
    images = as_images("rgb_to_hsv", images)
    axis = _channel_axis("rgb_to_hsv", data_format)
    red, green, blue = _three_channels("rgb_to_hsv", images, axis)
    # of three channels this is faster than a reduction of an axis so short
    value = maximum(maximum(red, green), blue)
    spread = subtract(value, minimum(minimum(red, green), blue))
    saturation = _ratio(spread, value)
    # sixths of a turn, times the spread: 0 at red, 2 at green, 4 at blue
    turned = where(
        equal(value, red),
        subtract(green, blue),
        where(
            equal(value, green),
            add(subtract(blue, red), multiply(spread, 2.0)),
            add(subtract(red, green), multiply(spread, 4.0)),
        ),
    )
    hue = _fraction(_ratio(turned, multiply(spread, 6.0)))
    return concatenate([hue, saturation, value], axis)


def _fraction(turns: Any) -> Any:
    return subtract(turns, floor(turns))


def _ratio(x: Any, y: Any) -> Any:
    """Return x / y, and 0 where y is not positive."""
    something = greater(y, 0)
    return multiply(divide(x, add(y, equal(y, 0))), something)


def hsv_to_rgb(images: Any, data_format: str | None = None) -> Any:
    """Return red, green and blue of images given as hue, saturation and value.

    Args:
        images: One image or a batch, of three channels from 0 to 1, floating; hue may
            be any number of turns.
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Raises:
        DTypeError: The pixels are whole numbers.
        ShapeError: There are not three channels, or too many or few axes.

    Example:
        >>> hsv_to_rgb([[[0.0, 1.0, 0.5]]]).tolist()
        [[[0.5, 0.0, 0.0]]]
    """
    images = as_images("hsv_to_rgb", images)
    axis = _channel_axis("hsv_to_rgb", data_format)
    hue, saturation, value = _three_channels("hsv_to_rgb", images, axis)
    sixths = multiply(_fraction(hue), 6.0)
    # how much of each is in the pure colour of this hue: trapezoids over the circle
    red = _within(subtract(absolute(subtract(sixths, 3.0)), 1.0))
    green = _within(subtract(2.0, absolute(subtract(sixths, 2.0))))
    blue = _within(subtract(2.0, absolute(subtract(sixths, 4.0))))
    white = subtract(1.0, saturation)
    mixed = [
        multiply(add(white, multiply(saturation, pure)), value)
        for pure in (red, green, blue)
    ]
    return concatenate(mixed, axis)


def _within(x: Any) -> Any:
    return minimum(maximum(x, 0.0), 1.0)
