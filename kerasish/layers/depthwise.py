"""Convolutions of each channel by itself, alone or followed by one across channels."""

from __future__ import annotations

from typing import Any

from kerasish import constraints, initializers, ops, regularizers
from kerasish.layers.convolutional import BaseConvolution, Lengths
from kerasish.layers.defaults import with_defaults
from kerasish.saving.registry import public


class BaseDepthwiseConv(BaseConvolution):
    """Each channel convolved with filters of its own.

    Args:
        kernel_size: Lengths of the window, one for all spatial axes or one for each.
        strides: Places between windows.
        padding: "valid" (none) or "same" (as many outputs as strides in the input).
        depth_multiplier: Filters of each channel; positive.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        dilation_rate: Places between the elements of a window.
        activation: A name or callable; none by default.
        use_bias: Whether to add a bias.
        depthwise_initializer: Initial values of the kernel, (*kernel_size, channels,
            depth_multiplier).
        bias_initializer: Initial values of the bias, (channels * depth_multiplier,).
        depthwise_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the output.
        depthwise_constraint: Projection of the kernel after each update.
        bias_constraint: Projection of the bias after each update.
        **kwargs: As for `Layer`.
    """

    def __init__(
        self,
        kernel_size: Lengths,
        strides: Lengths = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Lengths = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
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
        self.depth_multiplier = self._positive("depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make the kernel, (*kernel_size, channels, depth_multiplier), and the bias."""
        channels = self._fix_channels(input_shape)
        self.compute_output_shape(input_shape)
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="kernel",
        )
        self._add_bias(channels * self.depth_multiplier)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return (batch, *outputs, channels * depth_multiplier), or channels first."""
        self.compute_output_shape(inputs.shape)
        outputs = ops.depthwise_conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finished(outputs)

    def _num_outputs(self, channels: int | None) -> int | None:
        return None if channels is None else channels * self.depth_multiplier


@public("keras.layers")
class DepthwiseConv1D(BaseDepthwiseConv):
    """Each channel convolved over one axis; arguments as for `BaseDepthwiseConv`.

    Example:
        >>> DepthwiseConv1D(3).compute_output_shape((None, 5, 4))
        (None, 3, 4)
    """

    rank = 1


@public("keras.layers")
@with_defaults(strides=(1, 1), dilation_rate=(1, 1))
class DepthwiseConv2D(BaseDepthwiseConv):
    """Each channel convolved over two axes; arguments as for `BaseDepthwiseConv`.

    Example:
        >>> layer = DepthwiseConv2D(3, depth_multiplier=2)
        >>> layer.compute_output_shape((None, 5, 5, 4))
        (None, 3, 3, 8)
    """

    rank = 2
