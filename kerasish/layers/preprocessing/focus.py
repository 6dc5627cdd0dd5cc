"""Images blurred or sharpened at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.errors import explain
from kerasish.layers.preprocessing.colour_layer import (
    LEVELS,
    RandomColourLayer,
    blended,
    spread,
)
from kerasish.ops import windows
from kerasish.saving.registry import public

# a pixel and its neighbours in the smoothed image, in thirteenths
_SMOOTH = [[1, 1, 1], [1, 5, 1], [1, 1, 1]]


@public("keras.layers")
class RandomGaussianBlur(RandomColourLayer):
    """Each image blurred by a Gaussian filter or not, while training.

    Args:
        factor: Chance, a number or a pair of bounds in [0, 1] from which one is drawn
            for each image; a number f stands for (0, f).
        kernel_size: Side of the filter in pixels, odd, or (width, height), as Keras's
            layer has them.
        sigma: Pair of bounds in [0, 1], or a number s for (0, s): standard deviation
            of the filter in pixels, drawn once for the batch along each axis.
        value_range: Least and greatest value of a channel; results are cut to it.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Raises:
        ValueError: `factor` or `sigma` is out of bounds, or the size is not odd.
    """

    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Sequence[float] = LEVELS,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed, data_format, **kwargs)
        self.kernel_size = self._odd(kernel_size)
        self.sigma = self._factor_range("sigma", sigma)

    def _odd(self, kernel_size: Any) -> tuple[int, ...]:
        sizes = windows.per_axis(kernel_size, 2, "kernel_size", self._who())
        if all(size > 0 and size % 2 for size in sizes):
            return sizes
        raise ValueError(
            explain(
                f"{self._who()} needs a filter with a pixel in its middle.",
                got=f"kernel_size={kernel_size!r}",
                expected="odd numbers",
            )
        )

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return which images to blur and how far.

        "should_apply_blur" (batch,), and "blur_factor" (2,): standard deviations along
        width and height, in pixels.
        """
        if not training:
            return None
        return {
            "should_apply_blur": self._draw_chosen(data, seed),
            "blur_factor": self._draw(seed, (2,), *self.sigma),
        }

    def _coloured(self, images: Any, transformation: Any) -> Any:
        blurred = ops.image.gaussian_blur(
            images,
            self.kernel_size[::-1],
            ops.flip(transformation["blur_factor"]),
            data_format=self.data_format,
        )
        is_blurred = spread(transformation["should_apply_blur"])
        return self._within_range(ops.where(is_blurred, blurred, images))


@public("keras.layers")
class RandomSharpness(RandomColourLayer):
    """Each image sharpened or smoothed, while training.

    Args:
        factor: Pair of bounds in [0, 1], or a number f for (0, f): 0 smooths, 0.5
            changes nothing, 1 sharpens.
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
        """Return how sharp to make each image, as "factor" (batch,)."""
        if not training:
            return None
        shape = (self._size_of(data).batch,)
        return {"factor": self._draw(seed, shape, *self.factor)}

    def _coloured(self, images: Any, transformation: Any) -> Any:
        share = ops.multiply(self._per_image(transformation["factor"]), 2.0)
        return self._within_range(blended(self._smoothed(images), images, share))

    def _smoothed(self, images: Any) -> Any:
        """Return each channel averaged with its neighbours; zeros are around it."""
        weights = ops.divide(ops.cast(_SMOOTH, self.compute_dtype), 13.0)
        channels = images.shape[self.channel_axis]
        kernel = ops.broadcast_to(
            ops.reshape(weights, (3, 3, 1, 1)), (3, 3, channels, 1)
        )
        return ops.depthwise_conv(
            images, kernel, padding="same", data_format=self.data_format
        )
