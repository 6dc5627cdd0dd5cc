"""Layers that make the spatial axes longer without weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.errors import unknown_name
from kerasish.layers.defaults import with_defaults
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops import windows
from kerasish.ops.image_resize import resize
from kerasish.saving.registry import public

Lengths = int | Sequence[int]
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class BaseUpSampling(Layer):
    """Each place repeated along `rank` spatial axes.

    Args:
        size: Times each place is repeated, one for all spatial axes or one for each.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `Layer`.
    """

    rank: ClassVar[int]

    def __init__(
        self, size: Lengths = 2, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        who = self._who()
        self.size: Any = windows.per_axis(size, self.rank, "size", who)
        self.data_format = windows.checked_data_format(data_format, who)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _times(self) -> tuple[int, ...]:
        return (self.size,) if isinstance(self.size, int) else self.size

    def call(self, inputs: Any) -> Any:
        """Return the input with each place repeated."""
        shape = list(inputs.shape)
        first = 1 if self.data_format == "channels_last" else 2
        split: list[int] = shape[:first]
        wide: list[int] = shape[:first]
        for length, times in zip(shape[first:], self._times, strict=False):
            split += [length, 1]
            wide += [length, times]
        rest = shape[first + self.rank :]
        repeated = ops.broadcast_to(ops.reshape(inputs, split + rest), wide + rest)
        return ops.reshape(repeated, self.compute_output_shape(shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the spatial lengths multiplied."""
        lengths = windows.spatial_of(input_shape, self.data_format)
        longer = [
            None if n is None else n * times
            for n, times in zip(lengths, self._times, strict=True)
        ]
        channels = windows.channels_of(input_shape, self.data_format)
        return windows.with_spatial(input_shape[0], longer, channels, self.data_format)


@public("keras.layers")
class UpSampling1D(BaseUpSampling):
    """Each step repeated; (batch, steps, channels).

    Args:
        size: Times each step is repeated.
        **kwargs: As for `Layer`.

    Example:
        >>> UpSampling1D()([[[5.0], [6.0]]]).reshape(-1)
        array([5., 5., 6., 6.], dtype=float32)
    """

    rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__((size,), "channels_last", **kwargs)
        self.size = size


@public("keras.layers")
class UpSampling2D(BaseUpSampling):
    """Images made larger, by repeating places or by interpolation.

    Args:
        size: Times larger, one for both spatial axes or one for each.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        interpolation: "nearest" (repeated), "bilinear", "bicubic", "lanczos3" or
            "lanczos5".
        **kwargs: As for `Layer`.

    Example:
        >>> UpSampling2D((1, 2)).compute_output_shape((None, 5, 5, 3))
        (None, 5, 10, 3)
    """

    rank = 2

    def __init__(
        self,
        size: Lengths = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(size, data_format, **kwargs)
        self.interpolation = interpolation.lower()
        if self.interpolation not in _INTERPOLATIONS:
            kind = f"interpolation of {self._who()}"
            raise ValueError(unknown_name(kind, interpolation, _INTERPOLATIONS))

    def call(self, inputs: Any) -> Any:
        """Return the larger images."""
        if self.interpolation == "nearest":
            return super().call(inputs)
        shape = self.compute_output_shape(inputs.shape)
        return resize(
            inputs,
            windows.spatial_of(shape, self.data_format),
            interpolation=self.interpolation,
            data_format=self.data_format,
        )


@public("keras.layers")
@with_defaults(size=(2, 2, 2))
class UpSampling3D(BaseUpSampling):
    """Each place repeated along three axes; arguments as for `BaseUpSampling`.

    Example:
        >>> UpSampling3D().compute_output_shape((None, 2, 3, 4, 1))
        (None, 4, 6, 8, 1)
    """

    rank = 3
