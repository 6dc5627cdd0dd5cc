"""Images zoomed and sheared at random: affine maps that change sizes."""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops
from kerasish.layers.preprocessing.affine import RandomAffineLayer, eight
from kerasish.saving.registry import public
from kerasish.utils import box_geometry


@public("keras.layers")
class RandomZoom(RandomAffineLayer):
    """Each image scaled about its middle, while training.

    Args:
        height_factor: Fraction f for changes in (-f, f), or a pair (lower, upper), in
            (-1, 1]; positive zooms out: the image gets smaller.
        width_factor: Likewise for the width; the height's draws by default, which keep
            the aspect ratio.
        fill_mode: What lies outside an image: "reflect", "wrap", "constant" (see
            `fill_value`) or "nearest".
        interpolation: "bilinear" or "nearest".
        seed: Number for repeatable draws.
        fill_value: What lies outside, for "constant".
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (-1 + 1e-6, 1)

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
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
        if width_factor is not None:
            ranges = self._factor_range("width_factor", width_factor)
            self.width_lower, self.width_upper = ranges

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return "height_zoom" and "width_zoom", (batch, 1): old over new lengths."""
        if not training:
            return None
        shape = (self._size_of(data).batch, 1)
        tall = self._draw(seed, shape, 1 + self.height_lower, 1 + self.height_upper)
        wide = tall
        if self.width_factor is not None:
            wide = self._draw(seed, shape, 1 + self.width_lower, 1 + self.width_upper)
        return {
            "height_zoom": tall,
            "width_zoom": wide,
            "input_shape": self._shape(data),
        }

    def _matrix(self, transformation: Any) -> Any:
        height, width = self._pixels(transformation)
        tall = ops.reshape(transformation["height_zoom"], (-1,))
        wide = ops.reshape(transformation["width_zoom"], (-1,))
        x = ops.multiply(ops.subtract(1, wide), (width - 1) / 2)
        y = ops.multiply(ops.subtract(1, tall), (height - 1) / 2)
        return eight(wide, 0.0, x, 0.0, tall, y, 0.0, 0.0)

    def _mapped(self, boxes: Any, transformation: Any, height: Any, width: Any) -> Any:
        wide, tall = transformation["width_zoom"], transformation["height_zoom"]
        lengths = ops.stack([wide, tall, wide, tall], axis=-1)
        x, y = (width - 1) / 2, (height - 1) / 2
        shifted = ops.divide(box_geometry.moved(boxes, -x, -y), lengths)
        return box_geometry.moved(shifted, x, y)


@public("keras.layers")
class RandomShear(RandomAffineLayer):
    """Each image with its rows, or columns, pushed along one another, while training.

    Args:
        x_factor: Largest f for shears of either sign, or a pair (lower, upper) of
            sizes, in [0, 1]: how far right a pixel goes for each row above it.
        y_factor: Likewise along the columns.
        interpolation: "bilinear" or "nearest".
        fill_mode: What lies outside an image: "reflect", "wrap", "constant" (see
            `fill_value`) or "nearest".
        fill_value: What lies outside, for "constant".
        data_format: "channels_last" or "channels_first"; the global setting by default.
        seed: Number for repeatable draws.
        **kwargs: As for `BaseImagePreprocessingLayer`.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS: ClassVar[tuple[float, float]] = (0, 1)

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            None, fill_mode, interpolation, seed, fill_value, data_format, **kwargs
        )
        self.x_factor = self._shear_range("x_factor", x_factor)
        self.y_factor = self._shear_range("y_factor", y_factor)

    def _shear_range(self, name: str, factor: Any) -> tuple[float, float]:
        """Return a setting as a range; one number, and what it became, have signs."""
        is_pair = isinstance(factor, (list, tuple)) and len(factor) == 2
        if is_pair and factor[0] == -factor[1]:
            factor = factor[1]
        lower, upper = self._factor_range(name, factor)
        return (lower, upper) if isinstance(factor, (list, tuple)) else (-upper, upper)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Return "shear_factor", (batch, 2): along x and along y."""
        if not training:
            return None
        batch = self._size_of(data).batch
        ranges = (self.x_factor, self.y_factor)
        sizes = [self._draw(seed, (batch, 1), *bounds) for bounds in ranges]
        signs = ops.where(ops.less(self._draw(seed, (batch, 2)), 0.5), -1.0, 1.0)
        factors = ops.multiply(ops.concatenate(sizes, axis=1), signs)
        return {"shear_factor": factors, "input_shape": self._shape(data)}

    def _matrix(self, transformation: Any) -> Any:
        x, y = ops.unstack(transformation["shear_factor"], axis=-1)
        return eight(1.0, x, 0.0, y, 1.0, 0.0, 0.0, 0.0)

    def _mapped(self, boxes: Any, transformation: Any, height: Any, width: Any) -> Any:
        """Return the boxes, sheared as Keras does: in fractions, along x, then y."""
        x, y = ops.split(transformation["shear_factor"], 2, axis=-1)
        x, y = ops.multiply(x, width / height), ops.multiply(y, height / width)
        x1, y1, x2, y2 = ops.unstack(boxes, axis=-1)
        x1, x2 = _sheared(x1, x2, x, y1, y2)
        y1, y2 = _sheared(y1, y2, y, x1, x2)
        return ops.stack([x1, y1, x2, y2], axis=-1)


def _sheared(low: Any, high: Any, factor: Any, start: Any, end: Any) -> tuple[Any, Any]:
    """Return the ends of an interval that shifts along another axis's interval."""
    at_start, at_end = ops.multiply(factor, start), ops.multiply(factor, end)
    return (
        ops.subtract(low, ops.maximum(at_start, at_end)),
        ops.subtract(high, ops.minimum(at_start, at_end)),
    )
