"""Resizing images while they are read, on the host.

The methods of `keras.ops.image.resize` are computed by it; three more that only
`image_dataset_from_directory` knows are matrices of weights, made here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import backend_scope
from kerasish.ops import image_resize
from kerasish.ops.creation import convert_to_numpy
from kerasish.ops.declare import convert
from kerasish.utils.image import middle_box

Weights = NDArray[np.float64]


def _gaussian(distance: Weights) -> Weights:
    return np.where(distance < 1.5, np.exp(-2 * distance**2), 0.0)  # sigma = 1/2


def _mitchell(distance: Weights) -> Weights:
    """Mitchell & Netravali (1988), eq. 8, with B = C = 1/3."""
    x = distance
    near = (7 * x**3 - 12 * x**2) / 6 + 8 / 9
    far = -7 / 18 * x**3 + 2 * x**2 - 10 / 3 * x + 16 / 9
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


_KERNELS: dict[str, Callable[[Weights], Weights]] = {
    "gaussian": _gaussian,
    "mitchellcubic": _mitchell,
}
INTERPOLATIONS = (*image_resize.INTERPOLATIONS, "area", *_KERNELS)


def resize_on_host(
    image: NDArray[Any],
    size: tuple[int, int],
    interpolation: str,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
) -> NDArray[Any]:
    """Return an image in another size.

    Args:
        image: Array of shape `(height, width, channels)`.
        size: `(height, width)` wanted.
        interpolation: One of `INTERPOLATIONS`.
        crop_to_aspect_ratio: Whether to cut what does not fit before.
        pad_to_aspect_ratio: Whether to add black margins after.

    Returns:
        float32; for "nearest", the image's own dtype, as in Keras.
    """
    if crop_to_aspect_ratio:
        image = _cropped(image, size)
    if not pad_to_aspect_ratio:
        return _resize(image, size, interpolation)
    # In float32, as in Keras: its rounding decides about whole pixels.
    old, new = np.array(image.shape[:2], "f4"), np.array(size, "f4")
    height, width = old / (old / new).max()
    resized = _resize(image, (int(height), int(width)), interpolation)
    padded = np.zeros((*size, image.shape[2]), resized.dtype)
    top, left = int((size[0] - height) / 2), int((size[1] - width) / 2)
    padded[top : top + int(height), left : left + int(width)] = resized
    return padded


def _resize(
    image: NDArray[Any], size: tuple[int, int], interpolation: str
) -> NDArray[Any]:
    if interpolation in image_resize.INTERPOLATIONS:
        return _resize_by_ops(image, size, interpolation)
    image = image.astype("float32")
    for axis, length in enumerate(size):
        weights = _weights(image.shape[axis], length, interpolation)
        image = np.moveaxis(np.tensordot(weights, image, (1, axis)), 0, axis)
    return image.astype("float32")


def _resize_by_ops(
    image: NDArray[Any], size: tuple[int, int], interpolation: str
) -> NDArray[Any]:
    if interpolation != "nearest":
        image = image.astype("float32")
    # Batches are made on the host, whatever backend the model computes on.
    with backend_scope("numpy"):
        resized = image_resize.resize(
            convert(image), size, interpolation, data_format="channels_last"
        )
        return convert_to_numpy(resized)


def _cropped(image: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    height, width = image.shape[:2]
    x0, y0, x1, y1 = middle_box((width, height), (size[1], size[0]))
    return image[y0:y1, x0:x1]


def _weights(length: int, new_length: int, interpolation: str) -> Weights:
    """Return the weight of each old pixel in each new one, (new, old)."""
    step = length / new_length
    if interpolation == "area":
        low = np.arange(new_length)[:, np.newaxis] * step
        old = np.arange(length)
        covered = np.minimum(low + step, old + 1) - np.maximum(low, old)
        overlap: Weights = np.maximum(covered, 0) / step
        return overlap
    centres = (np.arange(new_length) + 0.5) * step
    distance = np.abs(centres[:, np.newaxis] - (np.arange(length) + 0.5))
    weights = _KERNELS[interpolation](distance)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights
