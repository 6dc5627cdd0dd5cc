"""Global pooling layers: the largest element, or the mean, of all spatial places."""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops import windows
from kerasish.saving.registry import public


class BaseGlobalPooling(Layer):
    """All places of each channel made one number; `rank` is the number of axes.

    Args:
        data_format: "channels_last" or "channels_first"; the global setting by default.
        keepdims: Whether to keep the spatial axes, with length 1.
        **kwargs: As for `Layer`.
    """

    rank: ClassVar[int]

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = windows.checked_data_format(data_format, self._who())
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.built = True

    @property
    def _axes(self) -> tuple[int, ...]:
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (batch, channels), with the spatial axes if they are kept."""
        channels = windows.channels_of(input_shape, self.data_format)
        ones = (1,) * self.rank if self.keepdims else ()
        return windows.with_spatial(input_shape[0], ones, channels, self.data_format)


class BaseGlobalMaxPooling(BaseGlobalPooling):
    """The largest element of each channel; arguments as for `BaseGlobalPooling`."""

    def call(self, inputs: Any) -> Any:
        """Return (batch, channels), with the spatial axes if they are kept."""
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


class BaseGlobalAveragePooling(BaseGlobalPooling):
    """The mean of each channel; arguments as for `BaseGlobalPooling`."""

    def call(self, inputs: Any) -> Any:
        """Return (batch, channels), with the spatial axes if they are kept."""
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)


@public("keras.layers")
class GlobalMaxPooling1D(BaseGlobalMaxPooling):
    """The largest element along one axis; arguments as for `BaseGlobalPooling`.

    Example:
        >>> GlobalMaxPooling1D()([[[1.0], [3.0], [2.0]]])
        array([[3.]], dtype=float32)
    """

    rank = 1


@public("keras.layers")
class GlobalMaxPooling2D(BaseGlobalMaxPooling):
    """The largest element of two axes; arguments as for `BaseGlobalPooling`.

    Example:
        >>> GlobalMaxPooling2D().compute_output_shape((None, 7, 7, 64))
        (None, 64)
    """

    rank = 2


@public("keras.layers")
class GlobalMaxPooling3D(BaseGlobalMaxPooling):
    """The largest element of three axes; arguments as for `BaseGlobalPooling`.

    Example:
        >>> GlobalMaxPooling3D().compute_output_shape((None, 4, 7, 7, 64))
        (None, 64)
    """

    rank = 3


@public("keras.layers")
class GlobalAveragePooling1D(BaseGlobalAveragePooling):
    """The mean along one axis; arguments as for `BaseGlobalPooling`.

    Steps that are masked do not count; where all are, the mean is not a number.

    Example:
        >>> GlobalAveragePooling1D()([[[1.0], [3.0], [2.0]]])
        array([[2.]], dtype=float32)
    """

    rank = 1

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return (batch, channels), or (batch, 1, channels) if the axis is kept.

        Args:
            inputs: (batch, steps, channels), or the channels before the steps.
            mask: Which steps count, (batch, steps); all by default.
        """
        if mask is None:
            return super().call(inputs)
        (steps,) = self._axes
        channels = 3 - steps
        counted = ops.expand_dims(ops.cast(mask, inputs.dtype), channels)
        total = ops.sum(ops.multiply(inputs, counted), steps, self.keepdims)
        return ops.divide(total, ops.sum(counted, steps, self.keepdims))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return None: there are no steps any more."""
        return None


@public("keras.layers")
class GlobalAveragePooling2D(BaseGlobalAveragePooling):
    """The mean of two axes; arguments as for `BaseGlobalPooling`.

    Example:
        >>> GlobalAveragePooling2D().compute_output_shape((None, 7, 7, 64))
        (None, 64)
    """

    rank = 2


@public("keras.layers")
class GlobalAveragePooling3D(BaseGlobalAveragePooling):
    """The mean of three axes; arguments as for `BaseGlobalPooling`.

    Example:
        >>> GlobalAveragePooling3D().compute_output_shape((None, 4, 7, 7, 64))
        (None, 64)
    """

    rank = 3
