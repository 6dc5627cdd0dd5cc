"""What MobileNet and MobileNetV2 have in common: widths, sizes, and small steps."""

from __future__ import annotations

import warnings
from typing import Any

from kerasish import layers
from kerasish.applications.building import Request, Shape, channel_axis
from kerasish.backend import image_data_format
from kerasish.errors import explain

SIZES = (96, 128, 160, 192, 224)


def relu6(x: Any, name: str) -> Any:
    """Return features between 0 and 6."""
    return layers.ReLU(6.0, name=name)(x)


def normalized(x: Any, name: str, **options: Any) -> Any:
    """Return features normalized over the batch."""
    axis = 1 if channel_axis() == 1 else -1
    return layers.BatchNormalization(axis=axis, name=name, **options)(x)


def sides(shape: Shape) -> tuple[int | None, int | None]:
    """Return height and width of an image's shape."""
    first = 1 if image_data_format() == "channels_first" else 0
    return shape[first], shape[first + 1]


def trained_size(request: Request, sizes: tuple[int, ...]) -> int:
    """Return the size of images whose published weights are taken.

    Args:
        request: What is wanted.
        sizes: The sizes of images that there are weights for.
    """
    if request.input_shape is None or len(request.input_shape) != 3:
        return 224
    height, width = sides(tuple(request.input_shape))
    if height == width and height in sizes:
        return int(height)
    if request.pretrained:
        warnings.warn(
            f"There are no weights for images of {height} x {width}; those for 224 x "
            "224 are loaded.",
            stacklevel=4,
        )
    return 224


def check_width(request: Request, alpha: float, known: tuple[float, ...]) -> None:
    """Raise a ValueError if there are no published weights of this width."""
    if request.pretrained and alpha not in known:
        raise ValueError(
            explain(
                "There are no weights of ImageNet for this width.",
                got=f"alpha={alpha}",
                expected="one of " + ", ".join(str(width) for width in known),
                fix="pass weights=None, or one of these widths",
            )
        )
