"""Images turned, moved, scaled and sheared at random.

A layer draws for every image what to do, and says by eight numbers where in the old
image each pixel of the new one is read: see `kerasish.ops.image.affine_transform`. The
rest is `RandomAffineLayer`'s. Boxes are mapped the other way, and kept upright.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from kerasish import ops
from kerasish.errors import unknown_name
from kerasish.layers.preprocessing.image_layer import RandomImageLayer

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")


class RandomAffineLayer(RandomImageLayer):
    """A layer that reads images at places that an affine map says, while training.

    Args:
        factor: As for `BaseImagePreprocessingLayer`.
        fill_mode: What lies outside an image: "reflect", "wrap", "constant" (see
            `fill_value`) or "nearest".
        interpolation: "bilinear" or "nearest"; masks are always read by the latter.
        seed: Number for repeatable draws.
        fill_value: What lies outside, for "constant".
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Raises:
        ValueError: There is no such fill mode or interpolation.
    """

    def __init__(
        self,
        factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, seed=seed, data_format=data_format, **kwargs)
        who = self._who()
        if fill_mode not in FILL_MODES:
            raise ValueError(unknown_name(f"fill_mode of {who}", fill_mode, FILL_MODES))
        if interpolation not in INTERPOLATIONS:
            kind = f"interpolation of {who}"
            raise ValueError(unknown_name(kind, interpolation, INTERPOLATIONS))
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.interpolation = interpolation

    @abstractmethod
    def _matrix(self, transformation: Any) -> Any:
        """Return where each image is read: (batch, 8), or (8,) for all."""

    @abstractmethod
    def _mapped(self, boxes: Any, transformation: Any, height: Any, width: Any) -> Any:
        """Return where boxes, as corners in pixels, come to lie."""

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the images, changed as drawn, in the layer's dtype."""
        return self._read(images, transformation, training, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks, changed as their images."""
        return self._read(segmentation_masks, transformation, training, "nearest")

    def _read(
        self, images: Any, transformation: Any, training: bool, interpolation: str
    ) -> Any:
        images = self._as_images(images)
        if not training or transformation is None:
            return images
        return ops.image.affine_transform(
            images,
            self._matrix(transformation),
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes around what was in them."""
        if not training or transformation is None:
            return bounding_boxes
        height, width = self._pixels(transformation)
        boxes = self._pixel_boxes(bounding_boxes, height, width)
        placed = self._mapped(boxes, transformation, height, width)
        return self._kept_boxes(bounding_boxes, placed, height, width)

    def _pixels(self, transformation: Any) -> tuple[Any, Any]:
        """Return height and width of the images."""
        shape = transformation["input_shape"]
        return shape[self.height_axis], shape[self.width_axis]

    def _shape(self, data: Any) -> tuple[Any, ...]:
        images = data["images"] if isinstance(data, dict) else data
        return tuple(images.shape)


def eight(*numbers: Any) -> Any:
    """Return eight numbers, tensors of one shape and floats, as one tensor (..., 8)."""
    like = next(n for n in numbers if not isinstance(n, float))
    filled = [ops.full_like(like, n) if isinstance(n, float) else n for n in numbers]
    return ops.stack(filled, axis=-1)
