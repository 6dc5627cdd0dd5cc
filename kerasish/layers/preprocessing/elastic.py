"""Images distorted at random as if they were of rubber."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops, random
from kerasish.errors import explain, unknown_name
from kerasish.layers.preprocessing.affine import FILL_MODES, INTERPOLATIONS
from kerasish.layers.preprocessing.image_layer import RandomImageLayer
from kerasish.ops.image_warp import displaced
from kerasish.saving.registry import public

# of the image's longer and shorter side, at distortion 1: strength, and smoothness
_STRENGTH, _SMOOTHNESS = 0.1, 0.05
_LEAST_WIDTH = 1e-3  # of a Gaussian, in pixels: it then changes nothing


@public("keras.layers")
class RandomElasticTransform(RandomImageLayer):
    """Some images distorted by a smooth field of their own, while training.

    Args:
        factor: Largest chance of an image to be changed, or a pair (lower, upper): each
            image draws its chance in that range, in [0, 1].
        scale: Largest distortion, or a pair (lower, upper), in [0, 1]; one is drawn for
            a batch.
        interpolation: "bilinear" or "nearest"; masks are always read by the latter.
        fill_mode: What lies outside an image: "reflect", "wrap", "constant" (see
            `fill_value`) or "nearest".
        fill_value: What lies outside, for "constant".
        value_range: Least and greatest value of a channel; results are cut to it.
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    Raises:
        ValueError: There is no such interpolation or fill mode.

    References:
        Simard, Steinkraus & Platt, "Best Practices for Convolutional Neural Networks
        Applied to Visual Document Analysis", ICDAR 2003.
    """

    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, seed=seed, data_format=data_format, **kwargs)
        who = self._who()
        if interpolation not in INTERPOLATIONS:
            kind = f"interpolation of {who}"
            raise ValueError(unknown_name(kind, interpolation, INTERPOLATIONS))
        if fill_mode not in FILL_MODES:
            raise ValueError(unknown_name(f"fill_mode of {who}", fill_mode, FILL_MODES))
        self.scale = self._factor_range("scale", scale)
        self.interpolation = interpolation
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.value_range = value_range

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return which images to distort, by how much, and the noise to do it with.

        "noise" (batch, height, width, 2) is what images and masks share; without it,
        the transforms draw with "seed".
        """
        if not training:
            return None
        size = self._size_of(data)
        seed = self.generator if seed is None else seed
        lower, upper = self.scale
        return {
            "apply_transform": self._chosen(seed, size.batch),
            "distortion_factor": self._draw(seed, (), lower, upper),
            "seed": seed,
            "noise": self._noise(seed, size),
        }

    def _noise(self, seed: Any, size: Any) -> Any:
        shape = (size.batch, size.height, size.width, 2)
        return random.normal(shape, dtype=self.compute_dtype, seed=seed)

    def _field(self, transformation: Any, size: Any) -> Any:
        """Return how far each pixel is moved down and right, in pixels."""
        noise = transformation.get("noise")
        if noise is None:
            noise = self._noise(transformation["seed"], size)
        distortion = ops.cast(transformation["distortion_factor"], self.compute_dtype)
        shorter = _SMOOTHNESS * min(size.height, size.width)
        longer = _STRENGTH * max(size.height, size.width)
        width = ops.maximum(ops.multiply(distortion, shorter), _LEAST_WIDTH)
        # the filter reaches three widths of the widest Gaussian there may be
        reach = int(6 * shorter * max(self.scale)) | 1
        smooth = ops.image.gaussian_blur(
            noise, (reach, reach), ops.stack([width, width]), "channels_last"
        )
        return ops.multiply(
            smooth, ops.multiply(width, ops.multiply(distortion, longer))
        )

    def _distorted(self, images: Any, transformation: Any, interpolation: str) -> Any:
        changed = displaced(
            images,
            self._field(transformation, self._size_of(images)),
            interpolation,
            self.fill_mode,
            self.fill_value,
            self.data_format,
        )
        chosen = ops.reshape(transformation["apply_transform"], (-1, 1, 1, 1))
        return ops.where(chosen, changed, images)

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the images, those chosen distorted, cut to the range of values."""
        images = self._as_images(images)
        if not training or transformation is None:
            return images
        changed = self._distorted(images, transformation, self.interpolation)
        return ops.clip(changed, *self._unwrap_value_range(self.value_range))

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks, distorted as their images."""
        masks = self._as_images(segmentation_masks)
        if not training or transformation is None:
            return masks
        return self._distorted(masks, transformation, "nearest")

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Raise: boxes cannot follow a distortion; Keras's cannot either."""
        raise NotImplementedError(
            explain(
                f"{self._who()} cannot distort bounding boxes.",
                got="data with 'bounding_boxes'",
                fix="use RandomPerspective or RandomShear, or leave the boxes out",
            )
        )
