"""What the layers that prepare images share.

`BaseImagePreprocessingLayer` takes one image, a batch, or a dict of images with their
labels, boxes and masks, draws a transformation once (`get_random_transformation`), and
applies it to each of them (`transform_images`, `transform_labels`, ...): these are what
a subclass defines, also a user's. `RandomImageLayer` adds the seed of those that draw.
A transformation is a dict of tensors, one draw for each image, under Keras's names;
None, or `training=False`, leaves everything as it is.
"""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from kerasish import ops, random
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.layers.layer import Layer
from kerasish.ops import windows
from kerasish.ops.operation import output_spec
from kerasish.utils import box_geometry
from kerasish.utils.bounding_boxes import convert_format

Transformation = Any


class ImageSize(NamedTuple):
    """How many images there are, and how large they are, in pixels."""

    batch: Any
    height: Any
    width: Any
    channels: Any


class BaseImagePreprocessingLayer(Layer):
    """What turns images, and all that belongs to them, into others of the same kind.

    Args:
        factor: Number f for the range (-f, f), or a pair (lower, upper); see
            `_FACTOR_BOUNDS`.
        bounding_box_format: Format of the boxes in dicts, such as "xyxy"; see
            `kerasish.utils.bounding_boxes`.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: `factor` is out of bounds, or there is no such data format.
    """

    # whether the layer has a `factor`, and what it may be
    _USE_BASE_FACTOR: ClassVar[bool] = True
    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (-1, 1)

    def __init__(
        self,
        factor: Any = None,
        bounding_box_format: str | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bounding_box_format = bounding_box_format
        self.data_format = windows.checked_data_format(data_format, self._who())
        is_last = self.data_format == "channels_last"
        self.height_axis, self.width_axis, self.channel_axis = (
            (-3, -2, -1) if is_last else (-2, -1, -3)
        )
        if self._USE_BASE_FACTOR:
            self._set_factor(0.0 if factor is None else factor)

    # settings -----------------------------------------------------------------------

    def _set_factor(self, factor: Any) -> None:
        """Keep `factor` as a range, `self.factor`."""
        self.factor = self._factor_range("factor", factor)

    def _factor_range(self, name: str, factor: Any) -> tuple[float, float]:
        """Return a setting as (lower, upper), within the layer's bounds.

        A number f stands for (-f, f), as much of it as the bounds allow.
        """
        if isinstance(factor, numbers.Real):
            size = abs(self._bounded(name, factor))
            return max(-size, self._FACTOR_BOUNDS[0]), size
        if not isinstance(factor, Sequence) or len(factor) != 2:
            raise self._not_a_factor(name, factor)
        lower, upper = sorted(self._bounded(name, number) for number in factor)
        return lower, upper

    def _bounded(self, name: str, number: Any) -> Any:
        least, greatest = self._FACTOR_BOUNDS
        if isinstance(number, numbers.Real) and least <= float(number) <= greatest:
            return number
        raise self._not_a_factor(name, number)

    def _not_a_factor(self, name: str, value: Any) -> ValueError:
        least, greatest = self._FACTOR_BOUNDS
        return ValueError(
            explain(
                f"{self._who()} cannot understand its `{name}`.",
                got=f"{name}={value!r}",
                expected=f"a number, or two of them, in [{least}, {greatest}]",
            )
        )

    # what subclasses define ---------------------------------------------------------

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Transformation:
        """Return what to do to this data: a dict of draws, or None for nothing.

        Args:
            data: What the layer was called with.
            training: Whether the layer is training.
            seed: Seed or `SeedGenerator` to draw with, in place of the layer's.
        """
        return None

    def transform_images(
        self, images: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """Return a batch of images, transformed, in the layer's dtype."""
        raise self._undefined("transform_images")

    def transform_labels(
        self, labels: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """Return a batch of labels that fit the transformed images."""
        raise self._undefined("transform_labels")

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """Return the boxes of the transformed images.

        Args:
            bounding_boxes: Dict of "boxes" (batch, boxes, 4) in the layer's
                `bounding_box_format`, and "labels" (batch, boxes).
            transformation: Of `get_random_transformation`.
            training: Whether the layer is training.
        """
        raise self._undefined("transform_bounding_boxes")

    def transform_segmentation_masks(
        self,
        segmentation_masks: Any,
        transformation: Transformation,
        training: bool = True,
    ) -> Any:
        """Return a batch of masks, one number for each pixel of the images."""
        raise self._undefined("transform_segmentation_masks")

    def _undefined(self, method: str) -> NotImplementedError:
        return NotImplementedError(
            explain(f"{self._who()} has no `{method}`.", fix="define it in the class")
        )

    # one of each --------------------------------------------------------------------

    def transform_single_image(
        self, image: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """Return one image, transformed."""
        return self._alone(self.transform_images, image, transformation, training)

    def transform_single_label(
        self, label: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """Return one label that fits the transformed image."""
        return self._alone(self.transform_labels, label, transformation, training)

    def transform_single_bounding_box(
        self, bounding_box: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """Return the boxes of one transformed image."""
        transform = self.transform_bounding_boxes
        return self._alone(transform, bounding_box, transformation, training)

    def transform_single_segmentation_mask(
        self,
        segmentation_mask: Any,
        transformation: Transformation,
        training: bool = True,
    ) -> Any:
        """Return one mask, transformed."""
        transform = self.transform_segmentation_masks
        return self._alone(transform, segmentation_mask, transformation, training)

    def _alone(
        self,
        transform: Callable[..., Any],
        value: Any,
        transformation: Transformation,
        training: bool,
    ) -> Any:
        batch = tree.map_structure(
            lambda x: ops.expand_dims(ops.convert_to_tensor(x), 0), value
        )
        changed = transform(batch, transformation, training=training)
        return tree.map_structure(lambda x: ops.squeeze(x, 0), changed)

    # calling ------------------------------------------------------------------------

    def call(self, data: Any, training: bool = True) -> Any:
        """Return images, or all that belongs to them, transformed.

        Args:
            data: One image (3 axes), a batch (4 axes), or a dict: "images" and any of
                "labels", "bounding_boxes" and "segmentation_masks". Other keys are
                handed on.
            training: Whether to draw a transformation.
        """
        is_batch = self._is_batched(data["images"] if isinstance(data, dict) else data)
        transformation = self.get_random_transformation(data, training=training)
        if not isinstance(data, dict):
            transform = (
                self.transform_images if is_batch else (self.transform_single_image)
            )
            return transform(data, transformation, training=training)
        changed = dict(data)
        for key, transform in self._transforms(is_batch).items():
            if key not in data:
                continue
            if key == "bounding_boxes":
                self._check_boxes(data[key])
            changed[key] = transform(data[key], transformation, training=training)
        return changed

    def _transforms(self, is_batch: bool) -> dict[str, Callable[..., Any]]:
        """Return what to do with each entry of a dict."""
        if is_batch:
            return {
                "images": self.transform_images,
                "bounding_boxes": self.transform_bounding_boxes,
                "labels": self.transform_labels,
                "segmentation_masks": self.transform_segmentation_masks,
            }
        return {
            "images": self.transform_single_image,
            "bounding_boxes": self.transform_single_bounding_box,
            "labels": self.transform_single_label,
            "segmentation_masks": self.transform_single_segmentation_mask,
        }

    def _is_batched(self, images: Any) -> bool:
        """Whether these images are a batch rather than one image."""
        ndim = len(images.shape)
        if ndim not in (3, 4):
            raise ShapeError(
                explain(
                    f"{self._who()} works on one image, or on a batch of them.",
                    got=f"shape {tuple(images.shape)}",
                    expected="3 axes, or 4 for a batch",
                    fix="give gray images a channel axis: ops.expand_dims(images, -1)",
                )
            )
        return ndim == 4

    def _check_boxes(self, boxes: Any) -> None:
        if self.bounding_box_format is None:
            raise ValueError(
                explain(
                    f"{self._who()} must know the format of the boxes it was given.",
                    got="bounding_box_format=None",
                    fix="give it one, such as bounding_box_format='xyxy'",
                )
            )
        if not isinstance(boxes, dict) or not {"boxes", "labels"} <= set(boxes):
            got = sorted(boxes) if isinstance(boxes, dict) else type(boxes).__name__
            raise ValueError(
                explain(
                    f"{self._who()} cannot understand these bounding boxes.",
                    got=str(got),
                    expected="a dict with 'boxes' and 'labels'",
                )
            )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the transformed images: the input's, unless redefined."""
        return input_shape

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the form of the outputs; that of a dict is found by tracing."""
        data = args[0] if args else kwargs.get("data")
        if isinstance(data, dict):
            return output_spec(self._called, args, kwargs)
        return super().compute_output_spec(*args, **kwargs)

    # helpers of subclasses ----------------------------------------------------------

    def _size_of(self, data: Any) -> ImageSize:
        """Return number and size of the images in data; one image is a batch of 1."""
        images = data["images"] if isinstance(data, dict) else data
        shape: Any = tuple(images.shape)
        batch = shape[0] if len(shape) == 4 else 1
        axes = (self.height_axis, self.width_axis, self.channel_axis)
        return ImageSize(batch, *(shape[axis] for axis in axes))

    def _resized(self, shape: Any, height: int, width: int) -> tuple[int | None, ...]:
        """Return the shape of images of another size."""
        changed = list(shape)
        changed[self.height_axis], changed[self.width_axis] = height, width
        return tuple(changed)

    def _as_images(self, images: Any) -> Any:
        """Return images in the layer's dtype."""
        return ops.cast(images, self.compute_dtype)

    def _pixel_boxes(self, boxes: dict[str, Any], height: Any, width: Any) -> Any:
        """Return boxes as corners in pixels, (batch, boxes, 4) in the layer's dtype.

        Args:
            boxes: Dict of "boxes" in the layer's format.
            height: Height of their images in pixels.
            width: Their width.
        """
        known = str(self.bounding_box_format)
        dtype = self.compute_dtype
        return convert_format(boxes["boxes"], known, "xyxy", height, width, dtype)

    def _kept_boxes(
        self, boxes: dict[str, Any], corners: Any, height: Any, width: Any
    ) -> dict[str, Any]:
        """Return a dict of boxes with others in it, cut at the edges of their images.

        Args:
            boxes: Dict of the boxes there were.
            corners: The new ones, as corners in pixels; what is outside the image gets
                the label -1.
            height: Height of the new images in pixels.
            width: Their width.
        """
        known = str(self.bounding_box_format)
        dtype = self.compute_dtype
        cut = box_geometry.clip_to_image_size(
            {**boxes, "boxes": corners}, height, width
        )
        back = convert_format(cut["boxes"], "xyxy", known, height, width, dtype)
        return {**cut, "boxes": back}

    def _unwrap_value_range(self, value_range: Sequence[float]) -> tuple[float, float]:
        """Return the least and the greatest value of a channel."""
        low, high = value_range
        return float(low), float(high)

    def _transform_value_range(
        self,
        images: Any,
        original_range: Sequence[float],
        target_range: Sequence[float],
        dtype: Any = "float32",
    ) -> Any:
        """Return images whose values lie in one range, brought to another.

        Args:
            images: Any shape.
            original_range: Least and greatest value there are, such as (0, 255).
            target_range: What these become.
            dtype: Of the result.
        """
        low, high = self._unwrap_value_range(original_range)
        new_low, new_high = self._unwrap_value_range(target_range)
        images = ops.cast(images, dtype)
        if (low, high) == (new_low, new_high):
            return images
        fraction = ops.divide(ops.subtract(images, low), high - low)
        return ops.add(ops.multiply(fraction, new_high - new_low), new_low)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as Keras's files hold them."""
        config = super().get_config()
        config["data_format"] = self.data_format
        if config.get("bounding_box_format") is None:
            config.pop("bounding_box_format", None)
        if "factor" not in inspect.signature(type(self).__init__).parameters:
            config.pop("factor", None)
        return config


class RandomImageLayer(BaseImagePreprocessingLayer):
    """A layer that draws a transformation for each image while training.

    The labels stay what they are, unless redefined.

    Args:
        factor: As for `BaseImagePreprocessingLayer`.
        seed: Number for repeatable draws.
        data_format: As for `BaseImagePreprocessingLayer`.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    def __init__(
        self,
        factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **kwargs)
        self.seed = seed
        self.generator = random.SeedGenerator(seed)

    def _draw(
        self,
        seed: Any,
        shape: Sequence[int],
        low: float = 0.0,
        high: float = 1.0,
        dtype: str | None = None,
    ) -> Any:
        """Return uniform numbers in [low, high), with a seed or the layer's own."""
        return random.uniform(
            shape,
            low,
            high,
            dtype=dtype or self.compute_dtype,
            seed=self.generator if seed is None else seed,
        )

    def _chosen(self, seed: Any, batch: int) -> Any:
        """Return which images to change: each with a chance drawn from `factor`."""
        chances = self._draw(seed, (batch,), *self.factor)
        return ops.less(self._draw(seed, (batch,)), chances)

    def transform_labels(
        self, labels: Any, transformation: Transformation, training: bool = True
    ) -> Any:
        """Return the labels: what an image shows stays the same."""
        return labels
