"""Separable convolutions: each channel by itself, then across channels in one place.

References:
    Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017.
"""

from __future__ import annotations

from typing import Any

from kerasish import constraints, initializers, ops, regularizers
from kerasish.layers.convolutional import BaseConvolution, Lengths
from kerasish.layers.defaults import with_defaults
from kerasish.saving.registry import public


class BaseSeparableConv(BaseConvolution):
    """A convolution of each channel by itself, then one across channels.

    Args:
        filters: Number of output channels; positive.
        kernel_size: Lengths of the window, one for all spatial axes or one for each.
        strides: Places between windows.
        padding: "valid" (none) or "same" (as many outputs as strides in the input).
        data_format: "channels_last" or "channels_first"; the global setting by default.
        dilation_rate: Places between the elements of a window.
        depth_multiplier: Filters of each channel in the first convolution; positive.
        activation: A name or callable; none by default.
        use_bias: Whether to add a bias.
        depthwise_initializer: Initial values of the first kernel, (*kernel_size,
            channels, depth_multiplier).
        pointwise_initializer: Initial values of the second kernel, (*ones, channels *
            depth_multiplier, filters).
        bias_initializer: Initial values of the bias, (filters,).
        depthwise_regularizer: Penalty on the first kernel.
        pointwise_regularizer: Penalty on the second kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the output.
        depthwise_constraint: Projection of the first kernel after each update.
        pointwise_constraint: Projection of the second kernel after each update.
        bias_constraint: Projection of the bias after each update.
        **kwargs: As for `Layer`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Lengths,
        strides: Lengths = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Lengths = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
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
        self.depth_multiplier = self._positive("depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make the two kernels and the bias."""
        channels = self._fix_channels(input_shape)
        self.compute_output_shape(input_shape)
        self.depthwise_kernel = self.add_weight(
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="depthwise_kernel",
        )
        ones = (1,) * self.rank
        self.pointwise_kernel = self.add_weight(
            shape=(*ones, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
            name="pointwise_kernel",
        )
        self._add_bias(self.filters)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return (batch, *outputs, filters), or the filters before the outputs."""
        self.compute_output_shape(inputs.shape)
        outputs = ops.separable_conv(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finished(outputs)


@public("keras.layers")
class SeparableConv1D(BaseSeparableConv):
    """Separable convolution over one axis; arguments as for `BaseSeparableConv`.

    Example:
        >>> SeparableConv1D(6, 3).compute_output_shape((None, 5, 4))
        (None, 3, 6)
    """

    rank = 1


@public("keras.layers")
@with_defaults(strides=(1, 1), dilation_rate=(1, 1))
class SeparableConv2D(BaseSeparableConv):
    """Separable convolution over two axes; arguments as for `BaseSeparableConv`.

    Example:
        >>> SeparableConv2D(6, 3).compute_output_shape((None, 5, 5, 4))
        (None, 3, 3, 6)
    """

    rank = 2
