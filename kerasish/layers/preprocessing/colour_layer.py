"""What the layers share that change colours and leave everything in its place.

A subclass defines `_coloured(images, transformation)`, for a batch of images in the
layer's dtype. Factors of a transformation may have any shape with one number for each
image: (batch,) and (batch, 1, 1, 1) are Keras's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.layers.preprocessing.image_layer import (
    BaseImagePreprocessingLayer,
    RandomImageLayer,
)

# what images are brought to where a step counts in levels
LEVELS = (0, 255)


class ColourLayer(BaseImagePreprocessingLayer):
    """A layer that changes colours only: labels, boxes and masks stay as they are."""

    value_range: Sequence[float] = LEVELS

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the images in their new colours, in the layer's dtype."""
        images = self._as_images(images)
        if not training or transformation is None:
            return images
        return self._coloured(images, transformation)

    def _coloured(self, images: Any, transformation: Any) -> Any:
        """Return a batch in its new colours."""
        raise self._undefined("_coloured")

    def transform_labels(
        self, labels: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the labels as they are."""
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes as they are."""
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks as they are."""
        return segmentation_masks

    # helpers of subclasses ----------------------------------------------------------

    def _per_image(self, factor: Any) -> Any:
        """Return one number for each image, to be multiplied with a batch."""
        return ops.cast(spread(factor), self.compute_dtype)

    def _within_range(self, images: Any) -> Any:
        low, high = self.value_range
        return ops.clip(images, low, high)

    def _from_range(self, images: Any, target: Sequence[float]) -> Any:
        """Return images of the layer's range, brought to another."""
        return self._transform_value_range(
            images, self.value_range, target, dtype=self.compute_dtype
        )

    def _to_range(self, images: Any, source: Sequence[float]) -> Any:
        """Return images of another range, brought to the layer's."""
        return self._transform_value_range(
            images, source, self.value_range, dtype=self.compute_dtype
        )

    def _gray(self, images: Any) -> Any:
        """Return the images' brightness, with one channel."""
        return ops.image.rgb_to_grayscale(images, data_format=self.data_format)


class RandomColourLayer(ColourLayer, RandomImageLayer):
    """A layer that changes the colours of each image by a draw while training.

    Args:
        factor: As for `BaseImagePreprocessingLayer`.
        value_range: Least and greatest value of a channel.
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    def __init__(
        self,
        factor: Any = None,
        value_range: Sequence[float] = LEVELS,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor=factor, seed=seed, data_format=data_format, **kwargs)
        self.value_range = value_range

    def _draw_each(self, data: Any, seed: Any, low: float, high: float) -> Any:
        """Return a uniform number for each image, shape (batch, 1, 1, 1)."""
        return self._draw(seed, (self._size_of(data).batch, 1, 1, 1), low, high)

    def _draw_chosen(self, data: Any, seed: Any) -> Any:
        """Return whether each image was chosen, shape (batch,).

        The chance is itself drawn for each image, from the layer's factor.
        """
        shape = (self._size_of(data).batch,)
        chance = self._draw(seed, shape, *self.factor)
        return ops.less(self._draw(seed, shape), chance)


def spread(factor: Any) -> Any:
    """Return one value for each image in a shape that broadcasts with a batch."""
    return ops.reshape(factor, (-1, 1, 1, 1))


def blended(images: Any, others: Any, share: Any) -> Any:
    """Return `images + share * (others - images)`: 0 for the first, 1 for the second.

    Args:
        images: A batch.
        others: Another, of a shape that broadcasts with it.
        share: One number for each image, any number; beyond 0 and 1 the difference is
            made larger.
    """
    return ops.add(images, ops.multiply(ops.subtract(others, images), share))
