"""Images whose levels are changed one by one: inverted, made fewer, turned around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.layers.preprocessing.colour_layer import (
    LEVELS,
    RandomColourLayer,
    spread,
)
from kerasish.saving.registry import public

_BITS = 8  # of a level from 0 to 255


@public("keras.layers")
class RandomInvert(RandomColourLayer):
    """Each image replaced by the greatest value minus the image, or not, in training.

    Args:
        factor: Chance, a number or a pair of bounds in [0, 1] from which one is drawn
            for each image; a number f stands for (0, f).
        value_range: Least and greatest value of a channel.
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Sequence[float] = LEVELS,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed, data_format, **kwargs)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return which images to invert, as "apply_inversion" (batch,)."""
        if not training:
            return None
        return {"apply_inversion": self._draw_chosen(data, seed)}

    def _coloured(self, images: Any, transformation: Any) -> Any:
        inverted = ops.subtract(self.value_range[1], images)
        return ops.where(spread(transformation["apply_inversion"]), inverted, images)


@public("keras.layers")
class RandomPosterization(RandomColourLayer):
    """Each image with only its highest bits left, while training.

    Args:
        factor: Pair (lower, upper) in [1, 8]: how many of 8 bits are left, lower to
            upper - 1; a number f stands for (1, f).
        value_range: Least and greatest value of a channel.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (1, _BITS)

    def __init__(
        self,
        factor: Any,
        value_range: Sequence[float] = LEVELS,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed, data_format, **kwargs)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return how many bits to drop, as "shift_factor" (batch,), whole numbers."""
        if not training:
            return None
        low, high = self.factor
        drawn = self._draw(seed, (self._size_of(data).batch,), low, high, "float32")
        # rounding can bring a draw up to `high` itself
        most = max(int(high) - 1, int(low))
        bits = ops.minimum(ops.floor(drawn), most)
        return {"shift_factor": ops.cast(ops.subtract(_BITS, bits), "uint8")}

    def _coloured(self, images: Any, transformation: Any) -> Any:
        step = ops.power(2.0, self._per_image(transformation["shift_factor"]))
        levels = ops.floor(self._from_range(images, LEVELS))
        kept = ops.multiply(ops.floor(ops.divide(levels, step)), step)
        return self._to_range(kept, LEVELS)


@public("keras.layers")
class Solarization(RandomColourLayer):
    """Each image made lighter, then turned to its negative where it is light.

    Both steps count in levels from 0 to 255, and are done while training.

    Args:
        addition_factor: Pair of bounds in [0, 1], or a number f for (0, f): share of
            255 that is added to an image.
        threshold_factor: The same for the level from which on it is turned around.
        value_range: Least and greatest value of a channel.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Example:
        >>> import numpy as np
        >>> layer = Solarization(threshold_factor=(0.5, 0.5))
        >>> image = np.array([100.0, 200.0]).reshape(1, 1, 2, 1)
        >>> layer(image, training=True).ravel().tolist()
        [100.0, 55.0]
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Sequence[float] = LEVELS,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range=value_range, seed=seed, **kwargs)
        self.addition_factor = self._factor_range("addition_factor", addition_factor)
        self.threshold_factor = self._factor_range("threshold_factor", threshold_factor)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return "additions" and "thresholds", levels, both (batch, 1, 1, 1)."""
        if not training:
            return None
        return {
            "additions": self._draw_levels(data, seed, self.addition_factor),
            "thresholds": self._draw_levels(data, seed, self.threshold_factor),
        }

    def _draw_levels(self, data: Any, seed: Any, bounds: Any) -> Any:
        low, high = bounds
        return self._draw_each(data, seed, low * LEVELS[1], high * LEVELS[1])

    def _coloured(self, images: Any, transformation: Any) -> Any:
        levels = self._from_range(images, LEVELS)
        added = ops.add(levels, self._per_image(transformation["additions"]))
        lighter = ops.clip(added, *LEVELS)
        is_dark = ops.less(lighter, self._per_image(transformation["thresholds"]))
        turned = ops.where(is_dark, lighter, ops.subtract(LEVELS[1], lighter))
        return self._to_range(turned, LEVELS)
