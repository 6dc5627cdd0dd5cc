"""Images turned and moved at random: affine maps that keep sizes."""

from __future__ import annotations

import math
from typing import Any

from kerasish import ops
from kerasish.layers.preprocessing.affine import RandomAffineLayer, eight
from kerasish.saving.registry import public
from kerasish.utils import box_geometry


@public("keras.layers")
class RandomRotation(RandomAffineLayer):
    """Each image turned about its middle by an angle of its own, while training.

    Args:
        factor: Fraction f of a full turn for angles in (-f, f), or a pair (lower,
            upper), in [-1, 1]; positive is counter-clockwise.
        fill_mode: What lies outside an image: "reflect", "wrap", "constant" (see
            `fill_value`) or "nearest".
        interpolation: "bilinear" or "nearest".
        seed: Number for repeatable draws.
        fill_value: What lies outside, for "constant".
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            factor,
            fill_mode,
            interpolation,
            seed,
            fill_value,
            data_format,
            **kwargs,
        )

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return "angle" of each image, in degrees, and its "rotation_matrix"."""
        if not training:
            return None
        size = self._size_of(data)
        lower, upper = self.factor
        angle = self._draw(seed, (size.batch,), 360 * lower, 360 * upper)
        matrix = self._rotation(angle, size.height, size.width)
        is_batch = len(self._shape(data)) == 4
        return {
            "angle": angle,
            "rotation_matrix": matrix if is_batch else ops.squeeze(matrix, 0),
            "image_height": size.height,
            "image_width": size.width,
            "batch_size": size.batch,
        }

    def _rotation(self, degrees: Any, height: Any, width: Any) -> Any:
        angle = ops.multiply(degrees, math.pi / 180)
        c, s = ops.cos(angle), ops.sin(angle)
        x, y = (width - 1) / 2, (height - 1) / 2
        # the middle stays: x = c x - s y + t_x, y = s x + c y + t_y
        t_x = ops.subtract(x, ops.subtract(ops.multiply(c, x), ops.multiply(s, y)))
        t_y = ops.subtract(y, ops.add(ops.multiply(s, x), ops.multiply(c, y)))
        return eight(c, ops.negative(s), t_x, s, c, t_y, 0.0, 0.0)

    def _matrix(self, transformation: Any) -> Any:
        return transformation["rotation_matrix"]

    def _pixels(self, transformation: Any) -> tuple[Any, Any]:
        return transformation["image_height"], transformation["image_width"]

    def _mapped(self, boxes: Any, transformation: Any, height: Any, width: Any) -> Any:
        matrix = ops.reshape(transformation["rotation_matrix"], (-1, 8))
        turn = ops.reshape(matrix[:, :6], (-1, 1, 2, 3))
        points = ops.subtract(
            box_geometry.corners(boxes), turn[..., 2:][..., 0][:, :, None, :]
        )
        # the inverse of a rotation is its transpose: points as rows, times it
        return box_geometry.around(ops.matmul(points, turn[..., :2]))


@public("keras.layers")
class RandomTranslation(RandomAffineLayer):
    """Each image moved by a distance of its own, while training.

    Args:
        height_factor: Fraction f of the height for moves in (-f, f), or a pair (lower,
            upper), in [-1, 1]; positive is down.
        width_factor: Likewise of the width; positive is to the right.
        fill_mode: What lies outside an image: "reflect", "wrap", "constant" (see
            `fill_value`) or "nearest".
        interpolation: "bilinear" or "nearest".
        seed: Number for repeatable draws.
        fill_value: What lies outside, for "constant".
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            None, fill_mode, interpolation, seed, fill_value, data_format, **kwargs
        )
        self.height_factor = height_factor
        self.width_factor = width_factor
        ranges = self._factor_range("height_factor", height_factor)
        self.height_lower, self.height_upper = ranges
        ranges = self._factor_range("width_factor", width_factor)
        self.width_lower, self.width_upper = ranges

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return "translations": how far right and down, in pixels, (batch, 2)."""
        if not training:
            return None
        size = self._size_of(data)
        down = self._draw(seed, (size.batch,), self.height_lower, self.height_upper)
        right = self._draw(seed, (size.batch,), self.width_lower, self.width_upper)
        steps = [ops.multiply(right, size.width), ops.multiply(down, size.height)]
        return {
            "translations": ops.stack(steps, axis=-1),
            "input_shape": self._shape(data),
        }

    def _matrix(self, transformation: Any) -> Any:
        right, down = ops.unstack(transformation["translations"], axis=-1)
        back = ops.negative(right), ops.negative(down)
        return eight(1.0, 0.0, back[0], 0.0, 1.0, back[1], 0.0, 0.0)

    def _mapped(self, boxes: Any, transformation: Any, height: Any, width: Any) -> Any:
        right, down = ops.split(transformation["translations"], 2, axis=-1)
        return box_geometry.moved(boxes, right, down)
