"""`keras.utils.bounding_boxes`: boxes around things in images, in their many formats.

A format is a word for four numbers: corners (`xyxy`, `yxyx`), corner and size (`xywh`),
or centre and size (`center_xywh`, `center_yxhw`), in pixels; after `rel_`, as fractions
of the image's width and height. Every conversion goes through `xyxy`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError, explain, unknown_name

Four = tuple[Any, Any, Any, Any]


def _from_yxyx(y1: Any, x1: Any, y2: Any, x2: Any) -> Four:
    return x1, y1, x2, y2


def _from_xywh(x: Any, y: Any, width: Any, height: Any) -> Four:
    return x, y, ops.add(x, width), ops.add(y, height)


def _to_xywh(x1: Any, y1: Any, x2: Any, y2: Any) -> Four:
    return x1, y1, ops.subtract(x2, x1), ops.subtract(y2, y1)


def _from_center(x: Any, y: Any, width: Any, height: Any) -> Four:
    half_width, half_height = ops.multiply(width, 0.5), ops.multiply(height, 0.5)
    return (
        ops.subtract(x, half_width),
        ops.subtract(y, half_height),
        ops.add(x, half_width),
        ops.add(y, half_height),
    )


def _to_center(x1: Any, y1: Any, x2: Any, y2: Any) -> Four:
    x, y = ops.multiply(ops.add(x1, x2), 0.5), ops.multiply(ops.add(y1, y2), 0.5)
    return x, y, ops.subtract(x2, x1), ops.subtract(y2, y1)


def _from_center_yxhw(y: Any, x: Any, height: Any, width: Any) -> Four:
    return _from_center(x, y, width, height)


def _to_center_yxhw(x1: Any, y1: Any, x2: Any, y2: Any) -> Four:
    x, y, width, height = _to_center(x1, y1, x2, y2)
    return y, x, height, width


def _same(x1: Any, y1: Any, x2: Any, y2: Any) -> Four:
    return x1, y1, x2, y2


# Format -> how to get to xyxy, and back.
_FORMATS: dict[str, tuple[Callable[..., Four], Callable[..., Four]]] = {
    "xyxy": (_same, _same),
    "yxyx": (_from_yxyx, _from_yxyx),
    "xywh": (_from_xywh, _to_xywh),
    "center_xywh": (_from_center, _to_center),
    "center_yxhw": (_from_center_yxhw, _to_center_yxhw),
}
_RELATIVE = ("xyxy", "yxyx", "xywh", "center_xywh")
FORMATS = (*_FORMATS, *(f"rel_{name}" for name in _RELATIVE))


def convert_format(
    boxes: Any,
    source: str,
    target: str,
    height: float | None = None,
    width: float | None = None,
    dtype: str = "float32",
) -> Any:
    """Return boxes in another format.

    Args:
        boxes: Tensor of shape `(..., 4)`, or a dict that has it as `"boxes"`.
        source: Format of `boxes`, one of `FORMATS`, in any case.
        target: Format wanted.
        height: Height of the image in pixels; needed between pixels and fractions.
        width: Its width.
        dtype: Of the result.

    Returns:
        Tensor of the shape of `boxes`, or a dict like it.

    Raises:
        ValueError: An unknown format, or `height` and `width` are needed.
        ShapeError: The last axis does not have four numbers.

    Example:
        >>> convert_format([[10.0, 20.0, 40.0, 80.0]], "xyxy", "xywh").tolist()
        [[10.0, 20.0, 30.0, 60.0]]
    """
    source, target = _known(source), _known(target)
    if isinstance(boxes, dict):
        converted = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return {**boxes, "boxes": converted}
    boxes = ops.cast(ops.convert_to_tensor(boxes), dtype)
    if len(boxes.shape) < 1 or boxes.shape[-1] != 4:
        raise ShapeError(
            explain(
                "Boxes are four numbers each.",
                got=f"a tensor of shape {tuple(boxes.shape)}",
                expected="(..., 4)",
            )
        )
    if source == target:
        return boxes
    four: Any = ops.split(boxes, 4, axis=-1)
    four = _FORMATS[source.removeprefix("rel_")][0](*four)
    if _is_relative(source) != _is_relative(target):
        four = _rescaled(four, height, width, to_pixels=_is_relative(source))
    four = _FORMATS[target.removeprefix("rel_")][1](*four)
    return ops.concatenate(list(four), axis=-1)


def _known(name: str) -> str:
    if name.lower() not in FORMATS:
        raise ValueError(unknown_name("format of boxes", name, FORMATS))
    return name.lower()


def _is_relative(name: str) -> bool:
    return name.startswith("rel_")


def _rescaled(
    four: Four, height: float | None, width: float | None, to_pixels: bool
) -> Four:
    if height is None or width is None:
        raise ValueError(
            explain(
                "Between pixels and fractions, the size of the image is needed.",
                got=f"height={height}, width={width}",
                fix="pass `height` and `width`",
            )
        )
    change = ops.multiply if to_pixels else ops.divide
    sizes = (width, height, width, height)
    x1, y1, x2, y2 = (change(x, size) for x, size in zip(four, sizes, strict=True))
    return x1, y1, x2, y2
