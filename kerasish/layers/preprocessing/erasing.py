"""Images with a part of them hidden at random."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops, random
from kerasish.errors import explain
from kerasish.layers.preprocessing.image_layer import RandomImageLayer
from kerasish.saving.registry import public


@public("keras.layers")
class RandomErasing(RandomImageLayer):
    """Some images with a rectangle of noise, or of one colour, in them, while training.

    Masks and boxes stay as they are.

    Args:
        factor: Largest chance of an image to be changed, or a pair (lower, upper): each
            image draws its chance in that range, in [0, 1].
        scale: Largest area of the rectangle as a fraction of the image's, or a pair
            (lower, upper); height and width draw one each, and take its root.
        fill_value: A number, or three of them for the channels; None is noise.
        value_range: Least and greatest value of a channel.
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Raises:
        ValueError: `scale` is out of bounds, or the fill value is not understood.

    References:
        Zhong et al., "Random Erasing Data Augmentation", AAAI 2020.
    """

    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, seed=seed, data_format=data_format, **kwargs)
        self.scale = self._factor_range("scale", scale)
        self.fill_value = self._checked_fill(fill_value)
        self.value_range = value_range

    def _checked_fill(self, value: Any) -> Any:
        if value is None or isinstance(value, numbers.Real):
            return value
        if isinstance(value, (list, tuple)) and len(value) == 3:
            return value
        raise ValueError(
            explain(
                f"{self._who()} cannot understand its `fill_value`.",
                got=f"fill_value={value!r}",
                expected="a number, three numbers, or None for noise",
            )
        )

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return which images to change, where, and to what.

        "apply_erasing" (batch,), "batch_masks" (bool) and "fill_value" of the images'
        shape.
        """
        if not training:
            return None
        size = self._size_of(data)
        images = data["images"] if isinstance(data, dict) else data
        rows = self._interval(seed, size.batch, size.height)
        columns = self._interval(seed, size.batch, size.width)
        inside = ops.logical_and(
            self._along(rows, self.height_axis), self._along(columns, self.width_axis)
        )
        shape = (size.batch, *tuple(images.shape)[-3:])
        return {
            "apply_erasing": self._chosen(seed, size.batch),
            "batch_masks": ops.broadcast_to(inside, shape),
            "fill_value": self._fill(seed, tuple(images.shape)),
        }

    def _interval(self, seed: Any, batch: int, length: int) -> Any:
        """Return which of the pixels of an axis to erase, (batch, length) of bool."""
        sizes = ops.sqrt(self._draw(seed, (batch, 1), *self.scale, dtype="float32"))
        places = self._draw(seed, (batch, 1), dtype="float32")
        sizes = ops.multiply(sizes, length)
        start = ops.multiply(places, ops.subtract(float(length), sizes))
        # a pixel belongs to the interval that its middle is in
        middles = ops.add(ops.arange(length, dtype="float32"), 0.5)
        return ops.logical_and(
            ops.greater_equal(middles, start),
            ops.less(middles, ops.add(start, sizes)),
        )

    def _along(self, chosen: Any, axis: int) -> Any:
        """Return (batch, length) as (batch, ...) with the length at an axis."""
        shape = [chosen.shape[0], 1, 1, 1]
        shape[axis] = chosen.shape[1]
        return ops.reshape(chosen, shape)

    def _fill(self, seed: Any, shape: tuple[int, ...]) -> Any:
        low, high = self._unwrap_value_range(self.value_range)
        if self.fill_value is None:
            seed = self.generator if seed is None else seed
            noise = random.normal(shape, dtype=self.compute_dtype, seed=seed)
            return self._transform_value_range(
                ops.clip(noise, 0.0, 1.0), (0, 1), (low, high), self.compute_dtype
            )
        colour = ops.cast(self.fill_value, self.compute_dtype)
        if len(colour.shape) == 1 and self.data_format == "channels_first":
            colour = ops.reshape(colour, (-1, 1, 1))
        return ops.clip(ops.broadcast_to(colour, shape), low, high)

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the images, those chosen with a rectangle erased."""
        images = self._as_images(images)
        if not training or transformation is None:
            return images
        chosen = ops.reshape(transformation["apply_erasing"], (-1, 1, 1, 1))
        erased = ops.logical_and(chosen, transformation["batch_masks"])
        fill = ops.cast(transformation["fill_value"], self.compute_dtype)
        return ops.where(erased, fill, images)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks as they are."""
        return segmentation_masks

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes as they are."""
        return bounding_boxes
