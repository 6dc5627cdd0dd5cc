"""Images mirrored at random."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import unknown_name
from kerasish.layers.preprocessing.image_layer import RandomImageLayer
from kerasish.saving.registry import public

_HORIZONTAL, _VERTICAL = "horizontal", "vertical"
_BOTH = "horizontal_and_vertical"


@public("keras.layers")
class RandomFlip(RandomImageLayer):
    """Each image mirrored or not, with even chances, while training.

    Args:
        mode: "horizontal" (left and right change places), "vertical" or
            "horizontal_and_vertical" (both at once, or none).
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Raises:
        ValueError: There is no such mode.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        mode: str = _BOTH,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        modes = (_HORIZONTAL, _VERTICAL, _BOTH)
        if mode not in modes:
            raise ValueError(unknown_name(f"mode of {self._who()}", mode, modes))
        self.mode = mode

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return whether to flip each image, as "flips" of shape (batch, 1, 1, 1)."""
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        shape = tuple(images.shape)
        ones = (shape[0], 1, 1, 1) if len(shape) == 4 else (1, 1, 1)
        draws = self._draw(seed, ones, dtype="float32")
        return {"flips": ops.less_equal(draws, 0.5), "input_shape": shape}

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the images, those that were drawn mirrored."""
        images = self._as_images(images)
        if not training or transformation is None:
            return images
        return ops.where(
            transformation["flips"], ops.flip(images, self._axes()), images
        )

    def _axes(self) -> tuple[int, ...]:
        axes = {_HORIZONTAL: (self.width_axis,), _VERTICAL: (self.height_axis,)}
        return axes.get(self.mode, (self.height_axis, self.width_axis))

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks, mirrored with their images."""
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes, mirrored with their images."""
        if not training or transformation is None:
            return bounding_boxes
        shape = transformation["input_shape"]
        height, width = shape[self.height_axis], shape[self.width_axis]
        boxes = self._pixel_boxes(bounding_boxes, height, width)
        x1, y1, x2, y2 = ops.unstack(boxes, axis=-1)
        if self.mode != _VERTICAL:
            x1, x2 = ops.subtract(width, x2), ops.subtract(width, x1)
        if self.mode != _HORIZONTAL:
            y1, y2 = ops.subtract(height, y2), ops.subtract(height, y1)
        flips = ops.reshape(transformation["flips"], (-1, 1, 1))
        flipped = ops.where(flips, ops.stack([x1, y1, x2, y2], axis=-1), boxes)
        return self._kept_boxes(bounding_boxes, flipped, height, width)
