"""Windows cut out of images: from the middle, or from anywhere.

Both return the window in its wanted size even from images that are smaller: the largest
window of that shape is then scaled up.
"""

from __future__ import annotations

from typing import Any

from kerasish import ops, random
from kerasish.layers.preprocessing.image_layer import (
    BaseImagePreprocessingLayer,
    RandomImageLayer,
)
from kerasish.saving.registry import public
from kerasish.utils import box_geometry
from kerasish.utils.bounding_boxes import convert_format


def _largest_window(
    height: int, width: int, new_height: int, new_width: int
) -> tuple[int, int]:
    """Return height and width of the largest window of another's shape."""
    rows, columns = (
        int(width * new_height / new_width),
        int(height * new_width / new_height),
    )
    return max(min(height, rows), 1), max(min(width, columns), 1)


@public("keras.layers")
class CenterCrop(BaseImagePreprocessingLayer):
    """The middle of each image.

    Args:
        height: Height of the window in pixels.
        width: Its width.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Example:
        >>> import numpy as np
        >>> image = np.arange(16.0).reshape(4, 4, 1)
        >>> CenterCrop(2, 2)(image)[..., 0].tolist()
        [[5.0, 6.0], [9.0, 10.0]]
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self, height: int, width: int, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = height
        self.width = width

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return the shape of the images; nothing is drawn."""
        images = data["images"] if isinstance(data, dict) else data
        return {"input_shape": tuple(images.shape)}

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the middle of each image, in the layer's dtype."""
        images = self._as_images(images)
        size = self._size_of(images)
        if size.height < self.height or size.width < self.width:
            return ops.image.resize(
                images,
                (self.height, self.width),
                crop_to_aspect_ratio=True,
                data_format=self.data_format,
            )
        top, left = self._start(size.height, size.width)
        return self._window(images, top, left)

    def _start(self, height: int, width: int) -> tuple[int, int]:
        return (height - self.height) // 2, (width - self.width) // 2

    def _window(self, images: Any, top: int, left: int) -> Any:
        rows, columns = slice(top, top + self.height), slice(left, left + self.width)
        if self.data_format == "channels_last":
            return images[..., rows, columns, :]
        return images[..., rows, columns]

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the middle of each mask."""
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_labels(
        self, labels: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the labels as they are."""
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes of the windows."""
        shape = transformation["input_shape"]
        height, width = shape[self.height_axis], shape[self.width_axis]
        boxes = self._pixel_boxes(bounding_boxes, height, width)
        top, left = self._start(height, width)
        x = y = 1.0
        if height < self.height or width < self.width:
            rows, columns = _largest_window(height, width, self.height, self.width)
            top, left = (height - rows) // 2, (width - columns) // 2
            x, y = self.width / columns, self.height / rows
        placed = box_geometry.scaled(box_geometry.moved(boxes, -left, -top), x, y)
        return self._kept_boxes(bounding_boxes, placed, self.height, self.width)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the images' shape with the window's height and width."""
        return self._resized(input_shape, self.height, self.width)


@public("keras.layers")
class RandomCrop(RandomImageLayer):
    """A window from anywhere in the images, the same for a whole batch, in training.

    Args:
        height: Height of the window in pixels.
        width: Its width.
        seed: Number for repeatable windows.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        name: Name.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    As Keras's, it hands images on uncut at inference: use `CenterCrop` or `Resizing`
    there if what follows needs one size. Its boxes are Keras's too: moved by the
    window's row along x and by its column along y, and not cut at its lower and right
    edges.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, name=name, **kwargs)
        self.height = height
        self.width = width

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return the first row and column of the window."""
        size = self._size_of(data)
        rows, columns = size.height - self.height, size.width - self.width
        if training and rows >= 0 and columns >= 0:
            return self._draw_start(rows, seed), self._draw_start(columns, seed)
        height, width = _largest_window(
            size.height, size.width, self.height, self.width
        )
        return (size.height - height) // 2, (size.width - width) // 2

    def _draw_start(self, most: int, seed: Any) -> Any:
        if most == 0:
            return 0
        seed = self.generator if seed is None else seed
        return random.randint((), 0, most + 1, seed=seed)

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the windows while training, else the images as they are."""
        if not training:
            return images
        return self._window(images, transformation)

    def _window(self, images: Any, start: Any) -> Any:
        images = self._as_images(images)
        shape = tuple(images.shape)
        size = self._size_of(images)
        rows, columns = min(self.height, size.height), min(self.width, size.width)
        begin: list[Any] = [0] * len(shape)
        begin[self.height_axis], begin[self.width_axis] = start
        if all(isinstance(number, int) for number in start):
            # counted from the middle, a window may end at the image's edge
            rows = min(rows, size.height - start[0])
            columns = min(columns, size.width - start[1])
        extent: Any = self._resized(shape, rows, columns)
        window = ops.slice(images, ops.stack(begin), extent)
        if (rows, columns) == (self.height, self.width):
            return window
        return ops.image.resize(
            window, (self.height, self.width), data_format=self.data_format
        )

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the windows of the masks."""
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes of the windows."""
        if not training:
            return bounding_boxes
        known, dtype = str(self.bounding_box_format), self.compute_dtype
        size = (self.height, self.width)
        boxes = convert_format(bounding_boxes["boxes"], known, "xyxy", *size, dtype)
        top, left = (ops.negative(ops.cast(n, dtype)) for n in transformation)
        # as in Keras: the first of the two numbers moves x
        placed = ops.maximum(box_geometry.moved(boxes, top, left), 0.0)
        back = convert_format(placed, "xyxy", known, *size, dtype)
        return {**bounding_boxes, "boxes": back}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the images' shape with the window's height and width."""
        return self._resized(input_shape, self.height, self.width)
