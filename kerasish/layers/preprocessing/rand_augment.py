"""A few of many changes of images, the same for the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.layers.preprocessing.colour_layer import LEVELS
from kerasish.layers.preprocessing.composed import ComposedLayer
from kerasish.saving.registry import public


@public("keras.layers")
class RandAugment(ComposedLayer):
    """Some of eleven changes applied to the batch one after another, while training.

    Masks and boxes move with the images.

    Args:
        value_range: Least and greatest value of a channel.
        num_ops: How many changes; the same one may come twice.
        factor: How strong they are: a pair of bounds in [0, 1], or a number f for
            (0, f).
        interpolation: Of what moves pixels: "bilinear" or "nearest".
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    References:
        Cubuk et al., "RandAugment: Practical Automated Data Augmentation with a Reduced
        Search Space", NeurIPS 2020.
    """

    def __init__(
        self,
        value_range: Sequence[float] = LEVELS,
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            value_range, factor, interpolation, seed, data_format, **kwargs
        )
        self.num_ops = num_ops

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return "transforms", of each layer by name, and "layer_idxes" (num_ops,)."""
        if not training:
            return None
        return {
            "transforms": self._draw_transforms(data, seed),
            "layer_idxes": self._draw_indices(self.num_ops, len(self._steps), seed),
        }

    def _coloured(self, images: Any, transformation: Any) -> Any:
        return self._applied("transform_images", images, transformation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks, moved with their images, in the layer's dtype."""
        masks = self._as_images(segmentation_masks)
        if not training or transformation is None:
            return masks
        return self._applied("transform_segmentation_masks", masks, transformation)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes, moved with their images."""
        if not training or transformation is None:
            return bounding_boxes
        boxes = ops.cast(bounding_boxes["boxes"], self.compute_dtype)
        labels = ops.cast(bounding_boxes["labels"], self.compute_dtype)
        given = {**bounding_boxes, "boxes": boxes, "labels": labels}
        return self._applied("transform_bounding_boxes", given, transformation)
