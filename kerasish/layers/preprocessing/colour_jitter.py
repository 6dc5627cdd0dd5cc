"""Brightness, contrast, saturation and hue changed together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.layers.preprocessing.colour_layer import LEVELS, RandomColourLayer
from kerasish.layers.preprocessing.hues import RandomHue, RandomSaturation
from kerasish.layers.preprocessing.light import RandomBrightness, RandomContrast
from kerasish.saving.registry import public


@public("keras.layers")
class RandomColorJitter(RandomColourLayer):
    """Brightness, contrast, saturation and hue of each image changed, while training.

    Args:
        value_range: Least and greatest value of a channel.
        brightness_factor: As for `RandomBrightness`; None leaves it out.
        contrast_factor: As for `RandomContrast`.
        saturation_factor: As for `RandomSaturation`.
        hue_factor: As for `RandomHue`.
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        value_range: Sequence[float] = LEVELS,
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            value_range=value_range, seed=seed, data_format=data_format, **kwargs
        )
        self.brightness_factor = brightness_factor
        self.contrast_factor = contrast_factor
        self.saturation_factor = saturation_factor
        self.hue_factor = hue_factor
        given: Any = [
            (RandomBrightness, brightness_factor),
            (RandomContrast, contrast_factor),
            (RandomSaturation, saturation_factor),
            (RandomHue, hue_factor),
        ]
        self._steps = [
            step(
                factor,
                value_range=value_range,
                data_format=self.data_format,
                dtype=self.dtype_policy,
            )
            for step, factor in given
            if factor is not None
        ]

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the images in their new colours; each step draws for itself."""
        images = self._as_images(images)
        if not training:
            return images
        for step in self._steps:
            drawn = step.get_random_transformation(images, seed=self.generator)
            images = step.transform_images(images, drawn)
        return images
