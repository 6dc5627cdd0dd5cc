"""Adaptive pooling layers: windows chosen so that the output has a given size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops import windows
from kerasish.saving.registry import public

Lengths = int | Sequence[int]


class BaseAdaptivePooling(Layer):
    """The input in a fixed number of windows; `rank` is the number of spatial axes.

    Window i of an axis reaches from floor(i * length / size) to
    ceil((i + 1) * length / size).

    Args:
        output_size: Lengths of the output, one for all spatial axes or one for each.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `Layer`.
    """

    rank: ClassVar[int]
    pool: ClassVar[Callable[..., Any]]

    def __init__(
        self, output_size: Lengths, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        who = self._who()
        self.output_size = windows.per_axis(output_size, self.rank, "output_size", who)
        self.data_format = windows.checked_data_format(data_format, who)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        """Return one number for each window of each channel."""
        pool = type(self).pool
        return pool(inputs, self.output_size, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with `output_size` as spatial lengths."""
        channels = windows.channels_of(input_shape, self.data_format)
        return windows.with_spatial(
            input_shape[0], self.output_size, channels, self.data_format
        )


class BaseAdaptiveMaxPooling(BaseAdaptivePooling):
    """The largest element of each window; arguments as for `BaseAdaptivePooling`."""

    pool = staticmethod(ops.adaptive_max_pool)


class BaseAdaptiveAveragePooling(BaseAdaptivePooling):
    """The mean of each window; arguments as for `BaseAdaptivePooling`."""

    pool = staticmethod(ops.adaptive_average_pool)


@public("keras.layers")
class AdaptiveMaxPooling1D(BaseAdaptiveMaxPooling):
    """The largest element of windows on one axis; see `BaseAdaptivePooling`.

    Example:
        >>> AdaptiveMaxPooling1D(2)([[[1.0], [3.0], [2.0]]]).reshape(-1)
        array([3., 3.], dtype=float32)
    """

    rank = 1


@public("keras.layers")
class AdaptiveMaxPooling2D(BaseAdaptiveMaxPooling):
    """The largest element of windows on two axes; see `BaseAdaptivePooling`.

    Example:
        >>> AdaptiveMaxPooling2D(2).compute_output_shape((None, None, None, 3))
        (None, 2, 2, 3)
    """

    rank = 2


@public("keras.layers")
class AdaptiveMaxPooling3D(BaseAdaptiveMaxPooling):
    """The largest element of windows on three axes; see `BaseAdaptivePooling`.

    Example:
        >>> AdaptiveMaxPooling3D(2).compute_output_shape((None, 5, 5, 5, 3))
        (None, 2, 2, 2, 3)
    """

    rank = 3


@public("keras.layers")
class AdaptiveAveragePooling1D(BaseAdaptiveAveragePooling):
    """The mean of windows on one axis; see `BaseAdaptivePooling`.

    Example:
        >>> AdaptiveAveragePooling1D(2)([[[1.0], [3.0], [2.0]]]).reshape(-1)
        array([2. , 2.5], dtype=float32)
    """

    rank = 1


@public("keras.layers")
class AdaptiveAveragePooling2D(BaseAdaptiveAveragePooling):
    """The mean of windows on two axes; see `BaseAdaptivePooling`.

    Example:
        >>> AdaptiveAveragePooling2D(2).compute_output_shape((None, None, None, 3))
        (None, 2, 2, 3)
    """

    rank = 2


@public("keras.layers")
class AdaptiveAveragePooling3D(BaseAdaptiveAveragePooling):
    """The mean of windows on three axes; see `BaseAdaptivePooling`.

    Example:
        >>> AdaptiveAveragePooling3D(2).compute_output_shape((None, 5, 5, 5, 3))
        (None, 2, 2, 2, 3)
    """

    rank = 3
