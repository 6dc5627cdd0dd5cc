"""Images of any size brought to one size."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import explain
from kerasish.layers.preprocessing.image_layer import BaseImagePreprocessingLayer
from kerasish.saving.registry import public
from kerasish.utils import box_geometry


@public("keras.layers")
class Resizing(BaseImagePreprocessingLayer):
    """Images scaled to a height and a width, whole numbers staying whole numbers.

    Masks are scaled without mixing pixels.

    Args:
        height: Height of the results in pixels.
        width: Their width.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: Whether to cut off what does not fit the new shape, rather
            than distort; the largest window in the middle stays.
        pad_to_aspect_ratio: Whether to add borders instead.
        fill_mode: What borders hold; only "constant".
        fill_value: The constant.
        antialias: Whether to blur while making images smaller.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Raises:
        ValueError: Both to crop and to pad.

    Example:
        >>> import numpy as np
        >>> Resizing(2, 3)(np.zeros((5, 8, 8, 1))).shape
        (5, 2, 3, 1)
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(
                explain(
                    f"{self._who()} can keep the aspect ratio in one way only.",
                    got="crop_to_aspect_ratio=True, pad_to_aspect_ratio=True",
                    fix="leave out one of them",
                )
            )
        self.height = height
        self.width = width
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.antialias = antialias

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return height and width of the images; nothing is drawn."""
        size = self._size_of(data)
        return size.height, size.width

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the images, in the new size and their own dtype."""
        return self._scaled(images, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the masks in the new size."""
        return self._scaled(segmentation_masks, "nearest")

    def _scaled(self, images: Any, interpolation: str) -> Any:
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def transform_labels(
        self, labels: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the labels as they are."""
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes of the resized images."""
        height, width = transformation
        boxes = self._pixel_boxes(bounding_boxes, height, width)
        x, y = self.width / width, self.height / height
        if self.crop_to_aspect_ratio or self.pad_to_aspect_ratio:
            x = y = max(x, y) if self.crop_to_aspect_ratio else min(x, y)
        # whole pixels are cut off or added before the image
        left = int((self.width - width * x) / 2)
        top = int((self.height - height * y) / 2)
        placed = box_geometry.moved(box_geometry.scaled(boxes, x, y), left, top)
        return self._kept_boxes(bounding_boxes, placed, self.height, self.width)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the images' shape with the new height and width."""
        return self._resized(input_shape, self.height, self.width)
