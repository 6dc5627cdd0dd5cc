"""`draw_bounding_boxes`: boxes around things, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish import ops
from kerasish.errors import DTypeError, explain
from kerasish.utils.bounding_boxes import convert_format
from kerasish.utils.image import pillow
from kerasish.visualization.images import as_pictures

_FONT_SIZE = 10  # pixels, at a scale of 1


def draw_bounding_boxes(
    images: Any,
    bounding_boxes: Mapping[str, Any],
    bounding_box_format: str,
    class_mapping: Mapping[int, str] | None = None,
    color: Sequence[int] = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> NDArray[np.uint8]:
    """Return images with boxes drawn on them.

    Args:
        images: Array of shape `(batch, height, width, 3)`, 0 to 255.
        bounding_boxes: Dict of `"boxes"`, shape `(batch, boxes, 4)`; `"labels"`, class
            numbers of shape `(batch, boxes)`, -1 for no box; and perhaps
            `"confidences"`, of the same shape.
        bounding_box_format: Such as "xyxy" or "rel_xywh"; see
            `keras.utils.bounding_boxes.convert_format`.
        class_mapping: Class -> name; without it no names are written.
        color: Red, green and blue, 0 to 255.
        line_thickness: Pixels.
        text_thickness: Of the letters, 1 for plain ones.
        font_scale: Of the letters; 1 for 10 pixels.
        data_format: "channels_last", "channels_first"; None for the setting in force.

    Returns:
        uint8 of shape `(batch, height, width, 3)`, whatever `data_format` is.

    Raises:
        ShapeError: `images` is no batch of images.
        DTypeError: `bounding_boxes` is not a dict.
        ValueError: It lacks boxes or labels, or has an unknown format.
        ImportError: Pillow is not installed.

    Example:
        >>> boxes = {"boxes": [[[2, 2, 7, 7]]], "labels": [[0]]}
        >>> images = np.zeros((1, 9, 9, 3), "uint8")
        >>> drawn = draw_bounding_boxes(images, boxes, "xyxy", line_thickness=1)
        >>> int(drawn[0, 2, 2, 0]), int(drawn[0, 4, 4, 0])
        (128, 0)
    """
    pictures = as_pictures(images, data_format)
    _check(bounding_boxes)
    height, width = pictures.shape[1:3]
    corners = ops.convert_to_numpy(
        convert_format(
            bounding_boxes["boxes"], bounding_box_format, "xyxy", height, width
        )
    )
    labels = ops.convert_to_numpy(bounding_boxes["labels"]).astype(int)
    certain = bounding_boxes.get("confidences")
    confidences = None if certain is None else ops.convert_to_numpy(certain)
    pen = _Pen(tuple(color), line_thickness, text_thickness, font_scale)
    drawn = []
    for index, picture in enumerate(pictures):
        texts = _texts(
            labels[index],
            None if confidences is None else confidences[index],
            class_mapping,
        )
        shown = labels[index] != -1
        drawn.append(pen.draw(picture, corners[index][shown], texts[shown]))
    return np.stack(drawn) if drawn else pictures


def _check(bounding_boxes: Any) -> None:
    if not isinstance(bounding_boxes, Mapping):
        raise DTypeError(
            explain(
                "`bounding_boxes` should be a dict.",
                got=f"{type(bounding_boxes).__name__}",
                expected='{"boxes": ..., "labels": ...}',
            )
        )
    missing = [name for name in ("boxes", "labels") if name not in bounding_boxes]
    if missing:
        raise ValueError(
            explain(
                "`bounding_boxes` should have the keys 'boxes' and 'labels'.",
                got=f"{sorted(bounding_boxes)}",
            )
        )


def _texts(
    labels: NDArray[Any],
    confidences: NDArray[Any] | None,
    names: Mapping[int, str] | None,
) -> NDArray[Any]:
    """Return what is written at each box; nothing without names."""
    texts = np.full(labels.shape, "", dtype=object)
    for index, label in enumerate(labels.tolist()):
        if names is None:
            continue
        texts[index] = str(names.get(label, label))
        if confidences is not None:
            texts[index] += f": {confidences[index]:.2f}"
    return texts


class _Pen:
    """Draws boxes and texts of one colour and size."""

    def __init__(
        self, color: tuple[int, ...], line: int, text: int, font_scale: float
    ) -> None:
        pillow()  # explains how to get it
        from PIL import ImageDraw, ImageFont

        self._color = color
        self._line = line
        self._stroke = max(0, text - 1)
        self._drawing = ImageDraw
        self._font = ImageFont.load_default(size=_FONT_SIZE * font_scale)

    def draw(
        self, picture: NDArray[np.uint8], corners: NDArray[Any], texts: NDArray[Any]
    ) -> NDArray[np.uint8]:
        """Return a picture with boxes, given by their corners, and texts."""
        image = pillow().fromarray(picture)
        canvas = self._drawing.Draw(image)
        for box, text in zip(corners.tolist(), texts.tolist(), strict=True):
            x1, x2 = sorted((box[0], box[2]))
            y1, y2 = sorted((box[1], box[3]))
            canvas.rectangle((x1, y1, x2, y2), outline=self._color, width=self._line)
            if text:
                self._write(canvas, x1, y1, text)
        return np.asarray(image)

    def _write(self, canvas: Any, x: float, y: float, text: str) -> None:
        style = {"font": self._font, "stroke_width": self._stroke}
        _, top, _, bottom = canvas.textbbox((0, 0), text, **style)
        # above the box, or inside it where there is no room
        above = y - bottom - self._line
        place = above if above + top >= 0 else y + self._line
        canvas.text((x, place), text, fill=self._color, **style)
