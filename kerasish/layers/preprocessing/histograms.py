"""Images whose levels are spread over the whole range, by what levels they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.layers.preprocessing.colour_layer import LEVELS, ColourLayer
from kerasish.saving.registry import public

_TOP = LEVELS[1]


@public("keras.layers")
class AutoContrast(ColourLayer):
    """Each channel of each image stretched to the whole range of values.

    Done at inference too. A channel of one value stays as it is.

    Args:
        value_range: Least and greatest value of a channel.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Example:
        >>> import numpy as np
        >>> AutoContrast()(np.array([50.0, 100.0]).reshape(1, 2, 1)).ravel().tolist()
        [0.0, 255.0]
    """

    _USE_BASE_FACTOR = False

    def __init__(self, value_range: Sequence[float] = LEVELS, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = value_range

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the images, stretched, in the layer's dtype."""
        levels = self._from_range(self._as_images(images), LEVELS)
        axes = (self.height_axis, self.width_axis)
        low = ops.min(levels, axis=axes, keepdims=True)
        high = ops.max(levels, axis=axes, keepdims=True)
        width = ops.subtract(high, low)
        is_flat = ops.equal(width, 0)
        scale = ops.divide(float(_TOP), ops.where(is_flat, 1.0, width))
        stretched = ops.multiply(ops.subtract(levels, low), scale)
        return self._to_range(ops.where(is_flat, levels, stretched), LEVELS)


@public("keras.layers")
class Equalization(ColourLayer):
    """Levels replaced by the share of pixels that are no lighter, while training.

    The pixels are those of one channel of all images of the batch, as in Keras. A
    channel of one level stays as it is.

    Args:
        value_range: Least and greatest value of a channel.
        bins: How many levels to tell apart.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    References:
        Gonzalez & Woods, "Digital Image Processing", histogram equalization.

    Example:
        >>> import numpy as np
        >>> image = np.array([10.0, 20.0, 30.0]).reshape(1, 3, 1)
        >>> Equalization()(image, training=True).ravel().tolist()
        [0.0, 128.0, 255.0]
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        value_range: Sequence[float] = LEVELS,
        bins: int = 256,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.bins = bins

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the images, equalized, in the layer's dtype."""
        images = self._as_images(images)
        if not training:
            return images
        # counts of pixels are exact in float32, not in shorter floats
        levels = self._transform_value_range(images, self.value_range, LEVELS)
        first = ops.moveaxis(levels, self.channel_axis, 0)
        rows = ops.reshape(first, (first.shape[0], -1))
        equalized = ops.reshape(self._equalized(rows), first.shape)
        placed = ops.moveaxis(equalized, 0, self.channel_axis)
        return self._to_range(placed, LEVELS)

    def _equalized(self, rows: Any) -> Any:
        """Return levels (channels, pixels) equalized, each row by itself."""
        share = ops.divide(rows, float(_TOP))
        bins = binned(ops.multiply(share, self.bins - 1.0), self.bins)
        num_pixels = float(rows.shape[1])
        counts = ops.bincount(bins, minlength=self.bins)
        total = ops.cumsum(ops.cast(counts, "float32"), axis=1)
        # pixels of the darkest level there is: they become 0
        darkest = ops.where(ops.greater(total, 0), total, num_pixels)
        darkest = ops.min(darkest, axis=1, keepdims=True)
        others = ops.subtract(num_pixels, darkest)
        is_flat = ops.equal(others, 0)
        above = ops.subtract(total, darkest)
        share = ops.divide(above, ops.where(is_flat, 1.0, others))
        table = ops.round(ops.multiply(share, float(_TOP)))
        found = ops.take_along_axis(table, bins, axis=1)
        return ops.where(is_flat, rows, found)


def binned(numbers: Any, count: int) -> Any:
    """Return numbers cut towards 0, from 0 to count - 1, int32."""
    return ops.clip(ops.cast(numbers, "int32"), 0, count - 1)
