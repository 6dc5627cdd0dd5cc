"""Blocks of pixels traded for channels, and back."""

from __future__ import annotations

from typing import Any, NoReturn

from kerasish.errors import ShapeError, explain
from kerasish.ops.declare import convert
from kerasish.ops.shape import reshape, transpose
from kerasish.ops.windows import checked_data_format


def _refuse(operation: str, x: Any, expected: str) -> NoReturn:
    raise ShapeError(
        explain(
            f"{operation} cannot take these images.",
            got=f"shape {tuple(x.shape)}",
            expected=expected,
        )
    )


def _blocks(operation: str, x: Any, block_size: int, data_format: str) -> bool:
    """Check the arguments of the operations on blocks; return if channels are last."""
    if len(x.shape) != 4:
        _refuse(operation, x, "a batch of images, of rank 4")
    if block_size < 2:
        raise ValueError(
            explain(
                f"{operation} moves blocks of pixels.",
                got=f"block_size={block_size}",
                expected="at least 2",
            )
        )
    return checked_data_format(data_format, operation) == "channels_last"


def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Return images whose blocks of pixels are made of channels.

    Args:
        x: A batch of images, with channels last or first.
        block_size: Side of a block, at least 2.
        data_format: "channels_last" or "channels_first".

    Returns:
        Height and width times `block_size`, channels divided by its square.

    Raises:
        ShapeError: `x` is not of rank 4, or its channels do not divide so.

    References:
        Shi et al., "Real-Time Single Image and Video Super-Resolution Using an
        Efficient Sub-Pixel Convolutional Neural Network", CVPR 2016.

    Example:
        >>> import numpy as np
        >>> depth_to_space(np.ones((1, 2, 2, 12)), 2).shape
        (1, 4, 4, 3)
    """
    x = convert(x)
    last = _blocks("depth_to_space", x, block_size, data_format)
    channels = x.shape[-1 if last else 1]
    b, depth = block_size, channels // block_size**2
    if depth * b * b != channels:
        _refuse("depth_to_space", x, f"a multiple of {b * b} channels")
    if last:
        n, height, width, _ = x.shape
        cut = reshape(x, (n, height, width, b, b, depth))
        moved = transpose(cut, (0, 1, 3, 2, 4, 5))
        return reshape(moved, (n, height * b, width * b, depth))
    n, _, height, width = x.shape
    cut = reshape(x, (n, depth, b, b, height, width))
    moved = transpose(cut, (0, 1, 4, 2, 5, 3))
    return reshape(moved, (n, depth, height * b, width * b))


def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Return images whose channels are blocks of pixels; undoes `depth_to_space`.

    Args:
        x: A batch of images, with channels last or first.
        block_size: Side of a block, at least 2.
        data_format: "channels_last" or "channels_first".

    Returns:
        Height and width divided by `block_size`, channels times its square.

    Raises:
        ShapeError: `x` is not of rank 4, or its sides do not divide so.

    Example:
        >>> import numpy as np
        >>> space_to_depth(np.ones((1, 4, 4, 3)), 2).shape
        (1, 2, 2, 12)
    """
    x = convert(x)
    last = _blocks("space_to_depth", x, block_size, data_format)
    b = block_size
    n, height, width, depth = x.shape if last else (x.shape[i] for i in (0, 2, 3, 1))
    if height % b or width % b:
        _refuse("space_to_depth", x, f"sides that are multiples of {b}")
    if last:
        cut = reshape(x, (n, height // b, b, width // b, b, depth))
        moved = transpose(cut, (0, 1, 3, 2, 4, 5))
        return reshape(moved, (n, height // b, width // b, b * b * depth))
    cut = reshape(x, (n, depth, height // b, b, width // b, b))
    moved = transpose(cut, (0, 1, 3, 5, 2, 4))
    return reshape(moved, (n, depth * b * b, height // b, width // b))
