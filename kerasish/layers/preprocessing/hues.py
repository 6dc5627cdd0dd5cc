"""Images whose hue, saturation or colourfulness changes at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.layers.preprocessing.colour_layer import (
    LEVELS,
    RandomColourLayer,
    blended,
    spread,
)
from kerasish.saving.registry import public


@public("keras.layers")
class RandomHue(RandomColourLayer):
    """The hue of each image turned by one angle, forward or back, while training.

    Args:
        factor: Pair of bounds in [0, 1], in half turns; a number f stands for (0, f).
        value_range: Least and greatest value of a channel; results are cut to it.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

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
        """Return how far to turn each hue, in whole turns, as "factor" (batch,)."""
        if not training:
            return None
        shape = (self._size_of(data).batch,)
        half_turns = self._draw(seed, shape, *self.factor)
        is_forward = ops.less(self._draw(seed, shape), 0.5)
        direction = ops.where(is_forward, 0.5, -0.5)
        return {"factor": ops.multiply(half_turns, direction)}

    def _coloured(self, images: Any, transformation: Any) -> Any:
        shares = self._from_range(images, (0, 1))
        hsv = ops.image.rgb_to_hsv(shares, data_format=self.data_format)
        hue, saturation, value = ops.split(hsv, 3, self.channel_axis)
        hue = ops.add(hue, self._per_image(transformation["factor"]))
        turned = ops.concatenate([hue, saturation, value], self.channel_axis)
        rgb = ops.image.hsv_to_rgb(turned, data_format=self.data_format)
        return self._within_range(self._to_range(rgb, (0, 1)))


@public("keras.layers")
class RandomSaturation(RandomColourLayer):
    """The saturation of each image multiplied by one number, while training.

    The number is u / (1 - u) of a u drawn from the factor: 0.5 changes nothing, 0 gives
    gray images, and towards 1 colours become pure. As in Keras, saturations are cut to
    `value_range`, whatever the images' range is.

    Args:
        factor: Number f for the range from -f to f, or a pair of bounds in [-1, 1].
        value_range: Least and greatest value of a channel.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

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
        """Return what to multiply each saturation by, as "factor" (batch,)."""
        if not training:
            return None
        drawn = self._draw(seed, (self._size_of(data).batch,), *self.factor)
        rest = ops.maximum(ops.subtract(1.0, drawn), 1e-7)
        return {"factor": ops.divide(drawn, rest)}

    def _coloured(self, images: Any, transformation: Any) -> Any:
        hsv = ops.image.rgb_to_hsv(images, data_format=self.data_format)
        hue, saturation, value = ops.split(hsv, 3, self.channel_axis)
        factor = self._per_image(transformation["factor"])
        saturation = self._within_range(ops.multiply(saturation, factor))
        changed = ops.concatenate([hue, saturation, value], self.channel_axis)
        return ops.image.hsv_to_rgb(changed, data_format=self.data_format)


@public("keras.layers")
class RandomColorDegeneration(RandomColourLayer):
    """Each image blended with its own gray version, while training.

    Args:
        factor: Share of the gray version: number f for the range from -f to f, or a
            pair of bounds in [-1, 1]. Below 0, colours become stronger.
        value_range: Least and greatest value of a channel; results are cut to it.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

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
        """Return the share of the gray version, as "factor" of (batch, 1, 1, 1)."""
        if not training:
            return None
        return {"factor": self._draw_each(data, seed, *self.factor)}

    def _coloured(self, images: Any, transformation: Any) -> Any:
        share = self._per_image(transformation["factor"])
        return self._within_range(blended(images, self._gray(images), share))


@public("keras.layers")
class RandomGrayscale(RandomColourLayer):
    """Each image made gray or not, with all its channels, while training.

    Args:
        factor: Chance that an image is made gray, in [0, 1].
        data_format: "channels_last" or "channels_first"; the global setting by default.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Raises:
        ValueError: `factor` is no chance.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        factor: float = 0.5,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = self._bounded("factor", factor)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return whether to make each image gray, booleans (batch, 1, 1, 1)."""
        if not training:
            return None
        return ops.less(self._draw_each(data, seed, 0.0, 1.0), self.factor)

    def _coloured(self, images: Any, transformation: Any) -> Any:
        return ops.where(spread(transformation), self._gray(images), images)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments but the seed, as Keras's files do."""
        config = super().get_config()
        config.pop("seed", None)
        return config
