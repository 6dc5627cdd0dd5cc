"""Images seen from another side at random."""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops
from kerasish.errors import explain, unknown_name
from kerasish.layers.preprocessing.affine import INTERPOLATIONS
from kerasish.layers.preprocessing.image_layer import RandomImageLayer
from kerasish.ops.image_warp import homography
from kerasish.saving.registry import public
from kerasish.utils import box_geometry


@public("keras.layers")
class RandomPerspective(RandomImageLayer):
    """Some images with their corners pulled apart or together, while training.

    Args:
        factor: Largest chance of an image to be changed, or a pair (lower, upper): each
            image draws its chance in that range, in [0, 1].
        scale: How far corners go, in [0, 1]: at 1, half the height and width. The upper
            left corner stays.
        interpolation: "bilinear" or "nearest"; masks are always read by the latter.
        fill_value: What lies outside an image.
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Raises:
        ValueError: `scale` is out of bounds, or there is no such interpolation.
    """

    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, seed=seed, data_format=data_format, **kwargs)
        if not 0 <= scale <= 1:
            raise ValueError(
                explain(
                    f"{self._who()} cannot pull corners that far.",
                    got=f"scale={scale}",
                    expected="0 <= scale <= 1",
                )
            )
        if interpolation not in INTERPOLATIONS:
            kind = f"interpolation of {self._who()}"
            raise ValueError(unknown_name(kind, interpolation, INTERPOLATIONS))
        self.scale = scale
        self.interpolation = interpolation
        self.fill_value = fill_value

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return which images to change, and where their four corners come to.

        Points are (x, y): "start_points" and "end_points", (batch, 4, 2).
        """
        if not training:
            return None
        size = self._size_of(data)
        right, low = size.width - 1.0, size.height - 1.0
        corners = ops.cast(
            [[[0.0, 0.0], [right, 0.0], [0.0, low], [right, low]]], self.compute_dtype
        )
        start = ops.broadcast_to(corners, (size.batch, 4, 2))
        reach = self.scale / 2
        draws = self._draw(seed, (size.batch, 4, 2), -reach, reach)
        images = data["images"] if isinstance(data, dict) else data
        return {
            "apply_perspective": self._chosen(seed, size.batch),
            "start_points": start,
            # coordinates that are 0 stay 0
            "end_points": ops.add(start, ops.multiply(start, draws)),
            "input_shape": tuple(images.shape),
        }

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the images, those chosen in another perspective."""
        return self._seen(images, transformation, training, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks, changed as their images."""
        return self._seen(segmentation_masks, transformation, training, "nearest")

    def _seen(
        self, images: Any, transformation: Any, training: bool, interpolation: str
    ) -> Any:
        images = self._as_images(images)
        if not training or transformation is None:
            return images
        changed = ops.image.perspective_transform(
            images,
            transformation["start_points"],
            transformation["end_points"],
            interpolation=interpolation,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
        chosen = ops.reshape(transformation["apply_perspective"], (-1, 1, 1, 1))
        return ops.where(chosen, changed, images)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes around what was in them."""
        if not training or transformation is None:
            return bounding_boxes
        shape = transformation["input_shape"]
        height, width = shape[self.height_axis], shape[self.width_axis]
        boxes = self._pixel_boxes(bounding_boxes, height, width)
        h = homography(transformation["start_points"], transformation["end_points"])
        points = box_geometry.corners(boxes)
        placed = box_geometry.around(_projected(points, ops.concatenate(h, axis=1)))
        chosen = ops.reshape(transformation["apply_perspective"], (-1, 1, 1))
        placed = ops.where(chosen, placed, boxes)
        return self._kept_boxes(bounding_boxes, placed, height, width)


def _projected(points: Any, h: Any) -> Any:
    """Return where points (batch, boxes, 4, 2) go by eight numbers (batch, 8)."""
    ones = ops.ones_like(h[:, :1])
    matrix = ops.reshape(ops.concatenate([h, ones], axis=1), (-1, 1, 3, 3))
    extended = ops.concatenate([points, ops.ones_like(points[..., :1])], axis=-1)
    found = ops.matmul(extended, ops.swapaxes(matrix, -1, -2))
    return ops.divide(found[..., :2], found[..., 2:])
