"""What the networks for small devices have in common: widths, sizes, small steps.

MobileNet, MobileNetV2, MobileNetV3 and EfficientNet rely on it.
"""

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


def normalized(x: Any, name: str | None, **options: Any) -> Any:
    """Return features normalized over the batch."""
    axis = 1 if channel_axis() == 1 else -1
    return layers.BatchNormalization(axis=axis, name=name, **options)(x)


def round_to_eight(number: float) -> int:
    """Return the nearest multiple of 8 that is not much smaller, at least 8.

    Example:
        >>> round_to_eight(11.2), round_to_eight(22.4)
        (16, 24)
    """
    rounded = max(8, int(number + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * number else rounded


def sides(shape: Shape) -> tuple[int | None, int | None]:
    """Return height and width of an image's shape."""
    first = 1 if image_data_format() == "channels_first" else 0
    return shape[first], shape[first + 1]


def margins(x: Any, kernel: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the margins with which a stride of 2 halves an image, rounded up.

    Args:
        x: Features.
        kernel: Height and width of the convolution's kernel, an odd number.
    """
    half = kernel // 2
    height, width = (
        (half - 1 if side is None or side % 2 == 0 else half, half)
        for side in sides(tuple(x.shape[1:]))
    )
    return height, width


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
