"""Several changes of images out of many, chosen at random: the layers are others'.

`ComposedLayer` holds the layers by name, draws for all of them, and applies the ones
that a drawn tensor names: a choice is data, so that a traced model chooses anew in each
step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from kerasish import ops, random
from kerasish.layers.preprocessing.colour_layer import LEVELS, RandomColourLayer
from kerasish.layers.preprocessing.focus import RandomSharpness
from kerasish.layers.preprocessing.histograms import AutoContrast, Equalization
from kerasish.layers.preprocessing.hues import RandomColorDegeneration
from kerasish.layers.preprocessing.image_layer import BaseImagePreprocessingLayer
from kerasish.layers.preprocessing.light import RandomBrightness, RandomContrast
from kerasish.layers.preprocessing.movement import RandomRotation, RandomTranslation
from kerasish.layers.preprocessing.stretching import RandomShear
from kerasish.layers.preprocessing.tones import RandomPosterization, Solarization
from kerasish.saving.registry import snake_case

_BITS = 8

Maker = Callable[..., BaseImagePreprocessingLayer]


class ComposedLayer(RandomColourLayer):
    """What applies layers of a list, some of them, in an order drawn.

    Args:
        value_range: Least and greatest value of a channel.
        factor: How strong changes are: a pair of bounds in [0, 1], or a number f for
            (0, f); handed to all layers.
        interpolation: Of what moves pixels: "bilinear" or "nearest".
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        value_range: Sequence[float] = LEVELS,
        factor: Any = None,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed, data_format, **kwargs)
        self.interpolation = interpolation
        self._steps = {
            snake_case(step.__name__): step(
                **settings,
                data_format=self.data_format,
                dtype=self.dtype_policy,
                bounding_box_format=self.bounding_box_format,
            )
            for step, settings in self._choices()
        }

    def _choices(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return the layers' classes and their settings, in Keras's order."""
        strength, colours = self.factor, {"value_range": self.value_range}
        moves = {"fill_mode": "reflect", "interpolation": self.interpolation}
        most_bits = max(int(strength[1] * _BITS), 1)
        return [
            (RandomShear, {"x_factor": strength, "y_factor": strength, **moves}),
            (
                RandomTranslation,
                {"height_factor": strength, "width_factor": strength, **moves},
            ),
            (RandomRotation, {"factor": strength, **moves}),
            (RandomBrightness, {"factor": strength, **colours}),
            (RandomColorDegeneration, {"factor": strength, **colours}),
            (RandomContrast, {"factor": strength, **colours}),
            (RandomSharpness, {"factor": strength, **colours}),
            (RandomPosterization, {"factor": (1, most_bits), **colours}),
            (
                Solarization,
                {
                    "addition_factor": strength,
                    "threshold_factor": strength,
                    **colours,
                },
            ),
            (AutoContrast, colours),
            (Equalization, colours),
        ]

    # drawing ------------------------------------------------------------------------

    def _seed(self, seed: Any) -> Any:
        return self.generator if seed is None else seed

    def _draw_transforms(self, data: Any, seed: Any) -> dict[str, Any]:
        """Return a transformation for each layer, by name."""
        seed = self._seed(seed)
        return {
            name: step.get_random_transformation(data, training=True, seed=seed)
            for name, step in self._steps.items()
        }

    def _draw_indices(self, count: int, below: int, seed: Any) -> Any:
        """Return which layers to apply, int32 (count,)."""
        return random.randint((count,), 0, below, dtype="int32", seed=self._seed(seed))

    # applying -----------------------------------------------------------------------

    def _applied(self, method: str, values: Any, transformation: Any) -> Any:
        """Return values changed by the layers of `transformation`, in their order.

        Args:
            method: Of the layers, such as "transform_images".
            values: Its argument, in the layer's dtype.
            transformation: "layer_idxes", int32 (n,), and "transforms" by name. An
                index beyond the last layer's changes nothing.
        """
        branches = [
            self._branch(getattr(step, method), transformation["transforms"][name])
            for name, step in self._steps.items()
        ]
        indices = transformation["layer_idxes"]
        for i in range(indices.shape[0]):
            values = ops.switch(indices[i], [*branches, _unchanged], values)
        return values

    def _branch(
        self, transform: Callable[..., Any], drawn: Any
    ) -> Callable[[Any], Any]:
        return lambda values: transform(values, drawn, training=True)


def _unchanged(values: Any) -> Any:
    return values
