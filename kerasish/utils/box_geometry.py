"""Bounding boxes moved, cut and mapped: what layers that change images do to boxes.

Boxes are corners in pixels here, `(x1, y1, x2, y2)` in the last axis; see
`kerasish.utils.bounding_boxes` for other formats.
"""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.backend import dtypes
from kerasish.utils.bounding_boxes import convert_format


def clip_to_image_size(
    bounding_boxes: dict[str, Any],
    height: float | None = None,
    width: float | None = None,
    bounding_box_format: str = "xyxy",
) -> dict[str, Any]:
    """Return boxes cut at the edges of their image.

    Args:
        bounding_boxes: Dict of "boxes" (..., 4) and, it may be, "labels" (...).
        height: Height of the image in pixels.
        width: Its width.
        bounding_box_format: Format of the boxes.

    Returns:
        A dict like it; boxes of which nothing is left have the label -1.

    Example:
        >>> boxes = {"boxes": [[-2.0, 1.0, 3.0, 9.0]], "labels": [4]}
        >>> clip_to_image_size(boxes, height=6, width=8)["boxes"].tolist()
        [[0.0, 1.0, 3.0, 6.0]]
    """
    given = ops.convert_to_tensor(bounding_boxes["boxes"])
    dtype = dtypes.dtype_name(given.dtype)
    dtype = dtype if dtypes.is_float(dtype) else "float32"
    boxes = convert_format(given, bounding_box_format, "xyxy", height, width, dtype)
    limits = ops.cast([width, height, width, height], dtype)
    boxes = ops.minimum(ops.maximum(boxes, 0.0), limits)
    cut = {**bounding_boxes}
    if "labels" in bounding_boxes:
        cut["labels"] = _labels_of(boxes, bounding_boxes["labels"])
    cut["boxes"] = convert_format(
        boxes, "xyxy", bounding_box_format, height, width, dtype
    )
    return cut


def _labels_of(boxes: Any, labels: Any) -> Any:
    """Return the labels, -1 for boxes without an area."""
    sizes = ops.subtract(boxes[..., 2:], boxes[..., :2])
    is_left = ops.greater(ops.min(sizes, axis=-1), 0)
    labels = ops.convert_to_tensor(labels)
    return ops.where(is_left, labels, ops.cast(-1, dtypes.dtype_name(labels.dtype)))


def moved(boxes: Any, x: Any, y: Any) -> Any:
    """Return boxes moved to the right by x and down by y; numbers, or one per image."""
    steps = ops.stack([x, y, x, y], axis=-1)
    return ops.add(boxes, ops.cast(steps, dtypes.dtype_name(boxes.dtype)))


def scaled(boxes: Any, x: Any, y: Any) -> Any:
    """Return boxes with all x and all y multiplied by a number each."""
    factors = ops.cast([x, y, x, y], dtypes.dtype_name(boxes.dtype))
    return ops.multiply(boxes, factors)


def corners(boxes: Any) -> Any:
    """Return the four corners (..., 4, 2) of boxes, as pairs (x, y)."""
    x1, y1, x2, y2 = ops.unstack(boxes, axis=-1)
    points = [x1, y1, x2, y1, x2, y2, x1, y2]
    return ops.reshape(ops.stack(points, axis=-1), (*boxes.shape[:-1], 4, 2))


def around(points: Any) -> Any:
    """Return the least upright boxes (..., 4) around points (..., points, 2)."""
    return ops.concatenate(
        [ops.min(points, axis=-2), ops.max(points, axis=-2)], axis=-1
    )
