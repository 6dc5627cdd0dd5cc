"""Images mixed with other images of their batch, and their labels with them."""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops, random
from kerasish.layers.preprocessing.image_layer import RandomImageLayer
from kerasish.saving.registry import public

# a Beta distribution below this is a coin: its draws are 0 or 1 in float32
_LEAST_ALPHA = 1e-2


class MixingLayer(RandomImageLayer):
    """What mixes each image with another of the batch.

    A transformation has "permutation_order" (batch,), the other image of each, and
    "mix_weight", with one number for each image: the share of its own label.
    """

    _USE_BASE_FACTOR = False

    def _order(self, data: Any, seed: Any) -> Any:
        places = ops.arange(self._size_of(data).batch, dtype="int32")
        return random.shuffle(places, seed=self._seed(seed))

    def _seed(self, seed: Any) -> Any:
        return self.generator if seed is None else seed

    def transform_labels(
        self, labels: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return each label mixed with that of the other image, in the layer's dtype.

        Labels should be one-hot, or numbers to be predicted.
        """
        if not training or transformation is None:
            return labels
        return self._weighted(labels, transformation)

    def _weighted(self, values: Any, transformation: Any) -> Any:
        """Return the mean of each value and that of its other, by "mix_weight"."""
        values = ops.cast(values, self.compute_dtype)
        ones = (1,) * (len(values.shape) - 1)
        weight = ops.reshape(transformation["mix_weight"], (-1, *ones))
        weight = ops.cast(weight, self.compute_dtype)
        own = ops.multiply(values, weight)
        rest = ops.multiply(_others(values, transformation), ops.subtract(1.0, weight))
        return ops.add(own, rest)


@public("keras.layers")
class MixUp(MixingLayer):
    """Each image averaged with another of the batch, and its label, while training.

    Boxes of both stay. Where Keras 3.15 always mixes masks with the first of the batch,
    and puts the labels of boxes behind each other, here both follow the images.

    Args:
        alpha: Parameter of the Beta distribution of the weights: 1 for uniform ones,
            less for images that are mostly their own.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    References:
        Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
    """

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.alpha = alpha

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return "mix_weight" (batch,) and "permutation_order" (batch,)."""
        if not training:
            return None
        weight = random.beta(
            (self._size_of(data).batch,),
            self.alpha,
            self.alpha,
            dtype=self.compute_dtype,
            seed=self._seed(seed),
        )
        return {"mix_weight": weight, "permutation_order": self._order(data, seed)}

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the images, mixed, in the layer's dtype."""
        images = self._as_images(images)
        if not training or transformation is None:
            return images
        return self._weighted(images, transformation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks, mixed as the images are."""
        return self.transform_labels(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the boxes of each image and those of the other behind them."""
        if not training or transformation is None:
            return bounding_boxes
        return {
            key: ops.concatenate([values, _others(values, transformation)], axis=1)
            for key, values in bounding_boxes.items()
        }


@public("keras.layers")
class CutMix(MixingLayer):
    """A rectangle of each image replaced by that of another, while training.

    Args:
        factor: Pair of bounds in [0, 1] of the parameter of a Beta distribution, drawn
            for each image, of which comes the share that is kept; a number f stands
            for (0, f).
        seed: Number for repeatable draws.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    References:
        Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with
        Localizable Features", ICCV 2019.
    """

    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._set_factor(factor)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return what to cut; None for a single image, which has no other.

        "batch_masks", booleans of the images' shape, say where the other image goes;
        "mix_weight" is (batch, 1, 1, 1), the share of pixels that stay.
        """
        images = data["images"] if isinstance(data, dict) else data
        if not training or len(images.shape) != 4:
            return None
        masks = self._rectangles(data, seed)
        axes = (1, 2, 3)
        taken = ops.mean(ops.cast(masks, "float32"), axis=axes, keepdims=True)
        return {
            "permutation_order": self._order(data, seed),
            "batch_masks": ops.broadcast_to(masks, images.shape),
            "mix_weight": ops.subtract(1.0, taken),
        }

    def _rectangles(self, data: Any, seed: Any) -> Any:
        """Return where the other image goes; the channel axis has length 1."""
        batch, height, width, _ = self._size_of(data)
        alpha = self._draw(seed, (batch,), *self.factor, dtype="float32")
        alpha = ops.maximum(alpha, _LEAST_ALPHA)
        kept = random.beta(
            (batch,), alpha, alpha, dtype="float32", seed=self._seed(seed)
        )
        # both sides shrink alike: lengths are sqrt(1 - kept), eq. 2 of the paper
        side = ops.sqrt(ops.subtract(1.0, kept))
        rows = self._interval(seed, side, height, self.height_axis)
        columns = self._interval(seed, side, width, self.width_axis)
        return ops.logical_and(rows, columns)

    def _interval(self, seed: Any, share: Any, length: int, axis: int) -> Any:
        """Return which places of an axis lie in an interval that begins anywhere.

        Args:
            seed: To draw with.
            share: Of the axis, (batch,).
            length: Of the axis.
            axis: Negative; the result has `length` there, the batch first, and 1 else.
        """
        size = ops.round(ops.multiply(share, float(length)))
        free = ops.subtract(float(length), size)
        drawn = self._draw(seed, tuple(share.shape), dtype="float32")
        start = ops.floor(ops.multiply(drawn, ops.add(free, 1.0)))
        start = ops.reshape(ops.minimum(start, free), (-1, 1))
        end = ops.add(start, ops.reshape(size, (-1, 1)))
        places = ops.arange(length, dtype="float32")
        inside = ops.logical_and(
            ops.greater_equal(places, start), ops.less(places, end)
        )
        shape = [-1, 1, 1, 1]
        shape[axis] = length
        return ops.reshape(inside, shape)

    def transform_images(
        self, images: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the images with a part of others, in the layer's dtype."""
        images = self._as_images(images)
        if not training or transformation is None:
            return images
        return self._patched(images, transformation["batch_masks"], transformation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks with the same parts of others."""
        if not training or transformation is None:
            return segmentation_masks
        # masks need not have as many channels as the images
        where = ops.take(transformation["batch_masks"], 0, axis=self.channel_axis)
        if len(segmentation_masks.shape) == 4:
            where = ops.expand_dims(where, self.channel_axis)
        return self._patched(segmentation_masks, where, transformation)

    def _patched(self, values: Any, where: Any, transformation: Any) -> Any:
        return ops.where(where, _others(values, transformation), values)


def _others(values: Any, transformation: Any) -> Any:
    """Return what belongs to the other image of each."""
    return ops.take(values, transformation["permutation_order"], axis=0)
