"""Pooling layers: the largest element, or the mean, of windows on the spatial axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.layers.defaults import with_defaults
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops import windows
from kerasish.saving.registry import public

Lengths = int | Sequence[int]


class BasePooling(Layer):
    """Windows of each channel, each made one number; `rank` is the number of axes.

    Args:
        pool_size: Lengths of the window, one for all spatial axes or one for each.
        strides: Places between windows; the window's lengths by default.
        padding: "valid" (none) or "same" (as many outputs as strides in the input);
            padding never counts.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        name: Name of the layer.
        **kwargs: As for `Layer`.
    """

    rank: ClassVar[int]
    pool: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        pool_size: Lengths,
        strides: Lengths | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        who, rank = self._who(), self.rank
        self.pool_size = windows.per_axis(pool_size, rank, "pool_size", who)
        steps = self.pool_size if strides is None else strides
        self.strides = windows.per_axis(steps, rank, "strides", who)
        self.padding = windows.checked_padding(padding, who)
        self.data_format = windows.checked_data_format(data_format, who)
        self.input_spec = InputSpec(ndim=rank + 2)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return one number for each window of each channel."""
        self.compute_output_shape(inputs.shape)
        pool = type(self).pool
        return pool(
            inputs, self.pool_size, self.strides, self.padding, self.data_format
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the number of windows on each spatial axis.

        Raises:
            ShapeError: The window does not fit into the input.
        """
        shape = tuple(input_shape)
        self.check_shape(shape)
        lengths = windows.spatial_of(shape, self.data_format)
        axes = zip(lengths, self.pool_size, self.strides, strict=True)
        outputs = [windows.output_length(*axis, 1, self.padding) for axis in axes]
        windows.refuse_empty(self._who(), shape, self.pool_size, outputs)
        channels = windows.channels_of(shape, self.data_format)
        return windows.with_spatial(shape[0], outputs, channels, self.data_format)


class BaseMaxPooling(BasePooling):
    """The largest element of each window; arguments as for `BasePooling`."""

    pool = staticmethod(ops.max_pool)

    def __init__(
        self,
        pool_size: Lengths = 2,
        strides: Lengths | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class BaseAveragePooling(BasePooling):
    """The mean of each window; arguments as for `BasePooling`."""

    pool = staticmethod(ops.average_pool)


@public("keras.layers")
class MaxPooling1D(BaseMaxPooling):
    """The largest element of windows on one axis; arguments as for `BasePooling`.

    Example:
        >>> MaxPooling1D()([[[1.0], [3.0], [2.0], [0.0]]]).reshape(-1)
        array([3., 2.], dtype=float32)
    """

    rank = 1


@public("keras.layers")
@with_defaults(pool_size=(2, 2))
class MaxPooling2D(BaseMaxPooling):
    """The largest element of windows on two axes; arguments as for `BasePooling`.

    Example:
        >>> MaxPooling2D().compute_output_shape((None, 26, 26, 32))
        (None, 13, 13, 32)
    """

    rank = 2


@public("keras.layers")
@with_defaults(pool_size=(2, 2, 2))
class MaxPooling3D(BaseMaxPooling):
    """The largest element of windows on three axes; arguments as for `BasePooling`.

    Example:
        >>> MaxPooling3D().compute_output_shape((None, 8, 8, 8, 3))
        (None, 4, 4, 4, 3)
    """

    rank = 3


@public("keras.layers")
class AveragePooling1D(BaseAveragePooling):
    """The mean of windows on one axis; arguments as for `BasePooling`.

    Example:
        >>> AveragePooling1D(2)([[[1.0], [3.0], [2.0], [0.0]]]).reshape(-1)
        array([2., 1.], dtype=float32)
    """

    rank = 1


@public("keras.layers")
class AveragePooling2D(BaseAveragePooling):
    """The mean of windows on two axes; arguments as for `BasePooling`.

    Example:
        >>> AveragePooling2D(2).compute_output_shape((None, 26, 26, 32))
        (None, 13, 13, 32)
    """

    rank = 2


@public("keras.layers")
class AveragePooling3D(BaseAveragePooling):
    """The mean of windows on three axes; arguments as for `BasePooling`.

    Example:
        >>> AveragePooling3D(2).compute_output_shape((None, 8, 8, 8, 3))
        (None, 4, 4, 4, 3)
    """

    rank = 3
