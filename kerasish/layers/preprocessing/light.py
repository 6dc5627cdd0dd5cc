"""Images made lighter or darker, with more contrast or less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.layers.preprocessing.colour_layer import (
    LEVELS,
    RandomColourLayer,
    blended,
)
from kerasish.saving.registry import public


@public("keras.layers")
class RandomBrightness(RandomColourLayer):
    """One number added to all channels of each image, while training.

    Args:
        factor: Number f in [0, 1] for a share of the range from -f to f, or a pair of
            bounds in [-1, 1].
        value_range: Least and greatest value of a channel; results are cut to it.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Example:
        >>> import numpy as np
        >>> layer = RandomBrightness((0.2, 0.2), value_range=(0, 1))
        >>> layer(np.zeros((1, 1, 1, 2)), training=True).shape
        (1, 1, 1, 2)
    """

    def __init__(
        self,
        factor: Any,
        value_range: Sequence[float] = LEVELS,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed, **kwargs)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return what to add to each image, as "rgb_delta" of (batch, 1, 1, 1)."""
        if not training:
            return None
        low, high = self.value_range
        share = self._draw_each(data, seed, *self.factor)
        return {"rgb_delta": ops.multiply(share, high - low)}

    def _coloured(self, images: Any, transformation: Any) -> Any:
        delta = self._per_image(transformation["rgb_delta"])
        return self._within_range(ops.add(images, delta))


@public("keras.layers")
class RandomContrast(RandomColourLayer):
    """Each channel's distance from its mean over the image scaled, while training.

    Args:
        factor: Pair (lower, upper) in [0, 1]: contrast is multiplied by a number from
            1 - lower to 1 + upper; a number f stands for (0, f).
        value_range: Least and greatest value of a channel; results are cut to it.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        factor: Any,
        value_range: Sequence[float] = LEVELS,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed, **kwargs)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return what to multiply by, as "contrast_factor" of (batch, 1, 1, 1)."""
        if not training:
            return None
        lower, upper = self.factor
        return {"contrast_factor": self._draw_each(data, seed, 1 - lower, 1 + upper)}

    def _coloured(self, images: Any, transformation: Any) -> Any:
        factor = self._per_image(transformation["contrast_factor"])
        axes = (self.height_axis, self.width_axis)
        mean = ops.mean(images, axis=axes, keepdims=True)
        return self._within_range(blended(mean, images, factor))
