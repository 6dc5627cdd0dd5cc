"""Images as files, as Pillow's objects, and as arrays: `keras.utils.load_img` etc.

Pillow is an optional package, asked for when an image is read or written.
"""

from __future__ import annotations

import os
import pathlib
import warnings
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import floatx, image_data_format
from kerasish.errors import DTypeError, ShapeError, explain, unknown_name
from kerasish.ops.creation import convert_to_numpy
from kerasish.ops.declare import convert
from kerasish.ops.image_resize import resize

_FORMATS = ("channels_first", "channels_last")
_COLOR_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
# Modes of grayscale images with more than 8 bits, which stay as they are.
_DEEP_GRAY = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")


def pillow() -> Any:
    """Return Pillow's `PIL.Image`; explain how to get it if it is not installed."""
    try:
        import PIL.Image
    except ImportError as error:
        raise ImportError(
            explain("Images need the package Pillow.", fix="pip install pillow")
        ) from error
    return PIL.Image


def is_channels_first(data_format: str | None) -> bool:
    """Return whether channels come before height and width.

    Args:
        data_format: "channels_first", "channels_last", or None for the setting in
            force.

    Raises:
        ValueError: It is something else.
    """
    chosen = image_data_format() if data_format is None else data_format
    if chosen not in _FORMATS:
        raise ValueError(unknown_name("`data_format`", chosen, _FORMATS))
    return chosen == "channels_first"


def array_to_img(
    x: Any,
    data_format: str | None = None,
    scale: bool = True,
    dtype: str | None = None,
) -> Any:
    """Return an array as a Pillow image.

    Args:
        x: Array of shape `(height, width, channels)` with 1, 3 or 4 channels, or
            `(channels, height, width)`.
        data_format: "channels_last", "channels_first"; None for the setting in force.
        scale: Whether to spread the values over 0 to 255: the smallest becomes 0, the
            largest 255. Otherwise they are taken as they are.
        dtype: What to convert to before that; `floatx()` by default.

    Raises:
        ShapeError: `x` has another shape.
        ImportError: Pillow is not installed.

    Example:
        >>> array_to_img([[[0.0, 0.5, 1.0]]]).getpixel((0, 0))
        (0, 127, 255)
    """
    image = pillow()
    values = np.asarray(convert_to_numpy(x), dtype=dtype or floatx())
    if values.ndim != 3:
        raise ShapeError(
            explain(
                "Expected image array to have rank 3 (single image).",
                got=f"an array of shape {values.shape}",
                expected="(height, width, channels), or channels first",
            )
        )
    if is_channels_first(data_format):
        values = values.transpose(1, 2, 0)
    if scale:
        values = values - values.min()
        largest = values.max()
        if largest != 0:
            values = values / largest
        values = values * 255
    return _to_pillow(image, values)


def _to_pillow(image: Any, values: NDArray[Any]) -> Any:
    channels = values.shape[2]
    if channels == 1 and values.max() > 255:
        return image.fromarray(values[:, :, 0].astype("int32"))
    if channels == 1:
        return image.fromarray(values[:, :, 0].astype("uint8"))
    if channels in (3, 4):
        return image.fromarray(values.astype("uint8"))
    raise ShapeError(
        explain(
            f"Unsupported channel number: {channels}.",
            got=f"an image of shape {values.shape}",
            expected="1 channel (gray), 3 (RGB) or 4 (RGBA)",
        )
    )


def img_to_array(
    img: Any, data_format: str | None = None, dtype: str | None = None
) -> NDArray[Any]:
    """Return a Pillow image as an array.

    Args:
        img: The image, or an array of 2 or 3 axes.
        data_format: "channels_last", "channels_first"; None for the setting in force.
        dtype: Of the result; `floatx()` by default.

    Returns:
        Array of shape `(height, width, channels)` (channels first where asked for).
        Values are the image's: 0 to 255 as a rule.

    Raises:
        ShapeError: An array of another number of axes.

    Example:
        >>> img_to_array(pillow().new("L", (3, 2))).shape
        (2, 3, 1)
    """
    first = is_channels_first(data_format)
    values = np.asarray(img, dtype=dtype or floatx())
    if values.ndim == 2:
        return values[np.newaxis] if first else values[:, :, np.newaxis]
    if values.ndim != 3:
        raise ShapeError(
            explain(
                f"Unsupported image shape: {values.shape}.",
                expected="2 axes, or 3 with the channels",
            )
        )
    return values.transpose(2, 0, 1) if first else values


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array into an image file.

    Args:
        path: Path or open binary file.
        x: Array, as in `array_to_img`.
        data_format: "channels_last", "channels_first"; None for the setting in force.
        file_format: Such as "png"; told by the path's ending by default.
        scale: Whether to spread the values over 0 to 255.
        kwargs: Passed to Pillow's `Image.save`, such as `quality`.
    """
    img = array_to_img(x, data_format=data_format, scale=scale)
    if str(file_format).lower() == "jpg":
        file_format = "jpeg"  # Pillow's name
    name = file_format or (
        pathlib.Path(path).suffix[1:] if isinstance(path, (str, os.PathLike)) else ""
    )
    if img.mode == "RGBA" and name.lower() in ("jpg", "jpeg"):
        warnings.warn(
            "The JPEG format does not support RGBA images, converting to RGB.",
            stacklevel=2,
        )
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Return an image file as a Pillow image.

    Args:
        path: Path, or `io.BytesIO` with the file's content.
        color_mode: "rgb", "rgba" or "grayscale".
        target_size: `(height, width)` to resize to; the file's own size by default.
        interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: Whether to cut what does not fit before resizing, evenly on
            both sides, instead of distorting the image.

    Raises:
        ValueError: An unknown `color_mode` or `interpolation`.
        DTypeError: `path` is neither a path nor a `BytesIO`.
        ImportError: Pillow is not installed.
    """
    image = pillow()
    if color_mode not in _COLOR_MODES:
        raise ValueError(unknown_name("`color_mode`", color_mode, _COLOR_MODES))
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(
            unknown_name("interpolation method", interpolation, _INTERPOLATIONS)
        )
    with image.open(_content(path)) as opened:
        img = _in_mode(opened, color_mode)
    if target_size is None:
        return img
    height, width = target_size
    box = middle_box(img.size, (width, height)) if keep_aspect_ratio else None
    resample = getattr(image.Resampling, interpolation.upper())
    if img.size == (width, height):
        return img
    return img.resize((width, height), resample, box=box)


def _content(path: Any) -> BytesIO:
    if isinstance(path, BytesIO):
        return path
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise DTypeError(
            explain(
                "An image is read from a file.",
                got=f"path={path!r} of type {type(path).__name__}",
                expected="a path, or io.BytesIO",
            )
        )
    with open(path, "rb") as file:
        return BytesIO(file.read())


def _in_mode(img: Any, color_mode: str) -> Any:
    if color_mode == "grayscale" and img.mode in _DEEP_GRAY:
        img.load()
        return img.copy()
    return img.convert(_COLOR_MODES[color_mode])


def middle_box(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, ...]:
    """Return the largest middle box `(x0, y0, x1, y1)` with the target's proportions.

    Args:
        size: `(width, height)` of the image.
        target: `(width, height)` wanted.
    """
    crop_width = min(size[0], size[1] * target[0] // target[1])
    crop_height = min(size[1], size[0] * target[1] // target[0])
    x, y = (size[0] - crop_width) // 2, (size[1] - crop_height) // 2
    return x, y, x + crop_width, y + crop_height


def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str | None = "channels_last",
    **kwargs: Any,
) -> Any:
    """Return images in another size, cut to its proportions first, not distorted.

    Args:
        x: Image of shape `(height, width, channels)`, or a batch of such.
        size: `(height, width)` wanted.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        data_format: "channels_last" or "channels_first".
        kwargs: None is taken; `backend_module` is ignored.

    Returns:
        float32; a NumPy array for one, else a tensor.

    Raises:
        ShapeError: `x` is no image, or `size` not two numbers.

    Example:
        >>> smart_resize(np.ones((20, 30, 3)), (5, 5)).shape
        (5, 5, 3)
    """
    kwargs.pop("backend_module", None)
    if kwargs:
        raise TypeError(f"smart_resize() got unexpected keyword arguments: {[*kwargs]}")
    if len(size) != 2:
        message = f"Expected `size` to be a tuple of 2 integers, but got: {size}."
        raise ShapeError(message)
    on_host = isinstance(x, np.ndarray)
    images = convert(np.asarray(x, "float32") if on_host else x)
    if len(images.shape) not in (3, 4):
        raise ShapeError(
            explain(
                "Expected an image array.",
                got=f"an array of shape {tuple(images.shape)}",
                expected="(height, width, channels), or a batch of such",
            )
        )
    resized = resize(
        images,
        tuple(size),
        interpolation=interpolation,
        crop_to_aspect_ratio=True,
        data_format=data_format,
    )
    return convert_to_numpy(resized) if on_host else resized
