"""Batches of images on the host, as all functions here take them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.utils.image import is_channels_first

Color = tuple[int, int, int]


def as_pictures(
    images: Any,
    data_format: str | None = None,
    value_range: tuple[float, float] = (0, 255),
) -> NDArray[np.uint8]:
    """Return a new batch of images as uint8, channels last.

    Args:
        images: Array or tensor of shape `(batch, height, width, channels)`.
        data_format: "channels_last", "channels_first"; None for the setting in force.
        value_range: The numbers that stand for black and for white.

    Raises:
        ShapeError: `images` is no batch of images.
    """
    values = np.array(ops.convert_to_numpy(images))
    if values.ndim != 4:
        raise ShapeError(
            explain(
                "`images` must be a batch of images.",
                got=f"an array of shape {values.shape}",
                expected="(batch, height, width, channels)",
                fix="put a single image into a batch: `images[None]`",
            )
        )
    if is_channels_first(data_format):
        values = values.transpose(0, 2, 3, 1)
    if tuple(value_range) != (0, 255):
        low, high = value_range
        values = (values.astype("float64") - low) / (high - low) * 255
    if values.dtype.kind == "f":
        values = np.nan_to_num(values)
    pictures: NDArray[np.uint8] = np.clip(values, 0, 255).astype("uint8")
    return pictures
