"""As many boxes for each image as for any other."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.layers.preprocessing.image_layer import BaseImagePreprocessingLayer
from kerasish.saving.registry import public


@public("keras.layers")
class MaxNumBoundingBoxes(BaseImagePreprocessingLayer):
    """The first boxes of each image, filled up where there are too few.

    Args:
        max_number: How many boxes there will be.
        fill_value: What the numbers and the labels of boxes added are.
        **kwargs: As for `BaseImagePreprocessingLayer`; `bounding_box_format` is needed.

    Example:
        >>> import numpy as np
        >>> boxes = {"boxes": np.ones((1, 1, 4)), "labels": np.ones((1, 1))}
        >>> layer = MaxNumBoundingBoxes(3, bounding_box_format="xyxy")
        >>> data = {"images": np.zeros((1, 2, 2, 3)), "bounding_boxes": boxes}
        >>> layer(data)["bounding_boxes"]["labels"].tolist()
        [[1.0, -1.0, -1.0]]
    """

    _USE_BASE_FACTOR = False

    def __init__(self, max_number: int, fill_value: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_number = int(max_number)
        self.fill_value = int(fill_value)

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the images as they are."""
        return images

    def transform_labels(
        self, labels: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the labels as they are."""
        return labels

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the masks as they are."""
        return segmentation_masks

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return boxes and labels, `max_number` of them for each image."""
        boxes = bounding_boxes["boxes"][:, : self.max_number]
        labels = bounding_boxes["labels"][:, : self.max_number]
        missing = self.max_number - labels.shape[1]
        if missing > 0:
            fill = self.fill_value
            steps = ((0, 0), (0, missing))
            boxes = ops.pad(boxes, (*steps, (0, 0)), constant_values=fill)
            labels = ops.pad(labels, steps, constant_values=fill)
        return {**bounding_boxes, "boxes": boxes, "labels": labels}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; Keras's configs leave out the fill."""
        config = super().get_config()
        if self.fill_value == -1:
            del config["fill_value"]
        return config
