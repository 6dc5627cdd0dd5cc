"""`draw_segmentation_masks`: which thing a pixel belongs to, as a colour over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish import ops
from kerasish.errors import DTypeError, ShapeError, explain
from kerasish.utils.image import is_channels_first
from kerasish.visualization.images import as_pictures


def draw_segmentation_masks(
    images: Any,
    segmentation_masks: Any,
    num_classes: int | None = None,
    color_mapping: Mapping[int, Sequence[int]] | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> NDArray[np.uint8]:
    """Return images with the classes of their pixels drawn over them.

    Args:
        images: Array of shape `(batch, height, width, channels)`, 0 to 255.
        segmentation_masks: Integers of shape `(batch, height, width)`, with an axis of
            size 1 for the channel or without: the class of each pixel.
        num_classes: Only classes below this are drawn; all by default.
        color_mapping: Class -> red, green and blue, 0 to 255. By default class i has
            the colour (i, 127 i, 31 i) modulo 255: class 0 is black.
        alpha: How opaque colours are, in [0, 1].
        blend: Whether the image shines through; otherwise `alpha` is taken for 1.
        ignore_index: A class that is not drawn.
        data_format: "channels_last", "channels_first"; None for the setting in force.

    Returns:
        uint8 of shape `(batch, height, width, channels)`, whatever `data_format` is.

    Raises:
        ShapeError: `images` is no batch of images, or the masks do not fit.
        DTypeError: The masks are not integers.
        ValueError: `color_mapping` lacks a class.

    Example:
        >>> images = np.zeros((1, 1, 2, 3), "uint8")
        >>> draw_segmentation_masks(images, np.array([[[0, 1]]]), alpha=1.0).tolist()
        [[[[0, 0, 0], [1, 127, 31]]]]
    """
    pictures = as_pictures(images, data_format)
    masks = _as_masks(segmentation_masks, pictures, data_format)
    if num_classes is None:
        num_classes = int(masks.max(initial=-1)) + 1
    palette = _palette(num_classes, color_mapping)
    drawn = (masks >= 0) & (masks < num_classes) & (masks != ignore_index)
    colors = palette[np.where(drawn, masks, 0)] if num_classes else pictures
    share = alpha if blend else 1.0
    # in float32, as in Keras: cut to whole numbers, the last digit shows
    mixed = np.float32(share) * colors.astype("float32")
    mixed += np.float32(1 - share) * pictures.astype("float32")
    return np.where(drawn[..., np.newaxis], mixed, pictures).astype("uint8")


def _as_masks(
    masks: Any, pictures: NDArray[np.uint8], data_format: str | None
) -> NDArray[Any]:
    values = ops.convert_to_numpy(masks)
    if values.dtype.kind not in "iu":
        raise DTypeError(
            explain(
                "`segmentation_masks` must be in integer dtype.",
                got=f"dtype {values.dtype}",
                fix="take the class of each pixel: `masks.argmax(-1)`",
            )
        )
    if values.ndim == 4:
        axis = 1 if is_channels_first(data_format) else 3
        values = values.squeeze(axis) if values.shape[axis] == 1 else values
    if values.shape != pictures.shape[:3]:
        raise ShapeError(
            explain(
                "The masks do not fit the images.",
                got=f"masks of shape {values.shape}",
                expected=f"{pictures.shape[:3]}",
            )
        )
    return values


def _palette(
    num_classes: int, colors: Mapping[int, Sequence[int]] | None
) -> NDArray[Any]:
    numbers = np.arange(num_classes)[:, np.newaxis]
    if colors is None:
        colored: NDArray[Any] = numbers * np.array([1, 127, 31]) % 255
        return colored
    missing = [number for number in range(num_classes) if number not in colors]
    if missing:
        raise ValueError(
            explain(
                "`color_mapping` lacks a class.",
                got=f"colours for {sorted(colors)}",
                expected=f"a colour for {missing} too",
            )
        )
    return np.array([colors[number] for number in range(num_classes)])
