"""Transposed convolutions: each input spreads a copy of the kernel over the output.

Often called deconvolutions; the gradient of a convolution by its input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import constraints, initializers, ops, regularizers
from kerasish.errors import explain
from kerasish.layers.convolutional import BaseConvolution, Lengths
from kerasish.layers.defaults import with_defaults
from kerasish.ops import windows
from kerasish.saving.registry import public


class BaseConvTranspose(BaseConvolution):
    """A convolution turned round, to make the spatial axes longer.

    Args:
        filters: Number of output channels; positive.
        kernel_size: Lengths of the kernel, one for all spatial axes or one for each.
        strides: Places between the copies of the kernel.
        padding: "valid", or "same" to cut the copies off at the ends.
        output_padding: Places added at the end of each axis, fewer than the stride;
            None for as many as make the output `strides` times as long ("same").
        data_format: "channels_last" or "channels_first"; the global setting by default.
        dilation_rate: Places between the elements of the kernel.
        activation: A name or callable; none by default.
        use_bias: Whether to add a bias.
        kernel_initializer: Initial values of the kernel, (*kernel_size, filters,
            channels).
        bias_initializer: Initial values of the bias, (filters,).
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the output.
        kernel_constraint: Projection of the kernel after each update.
        bias_constraint: Projection of the bias after each update.
        **kwargs: As for `Layer`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Lengths,
        strides: Lengths = 1,
        padding: str = "valid",
        output_padding: Lengths | None = None,
        data_format: str | None = None,
        dilation_rate: Lengths = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = self._positive("filters", filters)
        self.output_padding = self._checked_output_padding(output_padding)
        self._refuse_dilated_strides()
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def _checked_output_padding(self, value: Lengths | None) -> tuple[int, ...] | None:
        if value is None:
            return None
        added = self._per_axis(value, "output_padding", least=0)
        if all(a < s for a, s in zip(added, self.strides, strict=True)):
            return added
        raise ValueError(
            explain(
                f"{self._who()} can add fewer places than its strides only.",
                got=f"output_padding={added}, strides={self.strides}",
                fix="make output_padding smaller on each axis than strides",
            )
        )

    def build(self, input_shape: Any) -> None:
        """Make the kernel, (*kernel_size, filters, channels), and the bias."""
        channels = self._fix_channels(input_shape)
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, self.filters, channels),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return (batch, *outputs, filters), or the filters before the outputs."""
        outputs = ops.conv_transpose(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finished(outputs)

    def _spatial_outputs(self, lengths: Sequence[Any]) -> tuple[int | None, ...]:
        added = self.output_padding or (None,) * self.rank
        return tuple(
            windows.transposed_length(
                length,
                self.kernel_size[i],
                self.strides[i],
                self.dilation_rate[i],
                self.padding,
                added[i],
            )
            for i, length in enumerate(lengths)
        )


@public("keras.layers")
class Conv1DTranspose(BaseConvTranspose):
    """Transposed convolution over one axis; arguments as for `BaseConvTranspose`.

    Example:
        >>> Conv1DTranspose(4, 3, strides=2).compute_output_shape((None, 5, 1))
        (None, 11, 4)
    """

    rank = 1


@public("keras.layers")
@with_defaults(strides=(1, 1), dilation_rate=(1, 1))
class Conv2DTranspose(BaseConvTranspose):
    """Transposed convolution over two axes; arguments as for `BaseConvTranspose`.

    Example:
        >>> layer = Conv2DTranspose(4, 3, strides=2, padding="same")
        >>> layer.compute_output_shape((None, 7, 7, 1))
        (None, 14, 14, 4)
    """

    rank = 2


@public("keras.layers")
@with_defaults(strides=(1, 1, 1), dilation_rate=(1, 1, 1))
class Conv3DTranspose(BaseConvTranspose):
    """Transposed convolution over three axes; arguments as for `BaseConvTranspose`.

    As in Keras, `data_format` stands before `output_padding` here.

    Example:
        >>> layer = Conv3DTranspose(4, 2, strides=2)
        >>> layer.compute_output_shape((None, 3, 3, 3, 1))
        (None, 6, 6, 6, 4)
    """

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Lengths,
        strides: Lengths = 1,
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Lengths | None = None,
        dilation_rate: Lengths = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )
