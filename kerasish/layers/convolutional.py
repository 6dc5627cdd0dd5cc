"""Convolution layers over one, two and three spatial axes.

`BaseConvolution` holds what all convolutions share: the window's settings, the bias,
the activation and the check that the window fits. Transposed, depthwise and separable
convolutions are in files of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import activations, constraints, initializers, ops, regularizers
from kerasish.errors import ShapeError, explain
from kerasish.layers.adapters import AdaptedWeight, LowRankAdapters
from kerasish.layers.defaults import with_defaults
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops import windows
from kerasish.saving.registry import public

Lengths = int | Sequence[int]


class BaseConvolution(Layer):
    """What all convolutions share; `rank` is the number of spatial axes.

    Args:
        kernel_size: Lengths of the window, one for all spatial axes or one for each.
        strides: Places between windows.
        padding: "valid" (none) or "same" (as many outputs as strides in the input).
        data_format: "channels_last" or "channels_first"; the global setting by default.
        dilation_rate: Places between the elements of a window.
        activation: A name or callable; none by default.
        use_bias: Whether to add a bias.
        bias_initializer: Initial values of the bias, (filters,).
        bias_regularizer: Penalty on the bias.
        bias_constraint: Projection of the bias after each update.
        **kwargs: As for `Layer`.
    """

    rank: ClassVar[int]
    filters: int
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")

    def __init__(
        self,
        kernel_size: Lengths,
        strides: Lengths,
        padding: str,
        data_format: str | None,
        dilation_rate: Lengths,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_size = self._per_axis(kernel_size, "kernel_size")
        self.strides = self._per_axis(strides, "strides")
        self.dilation_rate = self._per_axis(dilation_rate, "dilation_rate")
        self.padding = windows.checked_padding(padding, self._who(), self.paddings)
        self.data_format = windows.checked_data_format(data_format, self._who())
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=self.rank + 2)

    def _per_axis(self, value: Lengths, name: str, least: int = 1) -> tuple[int, ...]:
        return windows.per_axis(value, self.rank, name, self._who(), least)

    def _positive(self, name: str, value: Any) -> int:
        """Return a setting that must be a positive whole number."""
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        raise ValueError(
            explain(
                f"{self._who()} needs a positive number of {name}.",
                got=f"{name}={value!r}",
                expected="a whole number, at least 1",
            )
        )

    def _refuse_dilated_strides(self) -> None:
        """Raise if windows are to be both spread and apart, as Keras does."""
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                explain(
                    f"{self._who()} cannot have strides and dilation at once.",
                    got=f"strides={self.strides}, dilation_rate={self.dilation_rate}",
                    fix="leave one of them at 1",
                )
            )

    def _fix_channels(self, input_shape: Any) -> int:
        """Return the number of channels, and accept no other from now on."""
        channels = windows.channels_of(input_shape, self.data_format)
        if channels is None:
            raise ShapeError(
                explain(
                    f"{self._who()} must know the number of channels.",
                    got=f"shape {tuple(input_shape)}",
                    fix="give the number of channels in the input shape",
                )
            )
        axis = -1 if self.data_format == "channels_last" else 1
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: channels})
        return int(channels)

    def _add_bias(self, units: int) -> None:
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def _finished(self, outputs: Any) -> Any:
        """Return what was convolved with the bias added and the activation applied."""
        if self.bias is not None:
            bias: Any = self.bias
            if self.data_format == "channels_first":
                bias = ops.reshape(bias, (1, -1, *(1 for _ in self.kernel_size)))
            outputs = ops.add(outputs, bias)
        return outputs if self.activation is None else self.activation(outputs)

    def _num_outputs(self, channels: int | None) -> int | None:
        """Return the length of the output's channel axis for the input's."""
        return self.filters

    def _spatial_outputs(self, lengths: Sequence[Any]) -> tuple[int | None, ...]:
        """Return the spatial lengths of the output for the input's."""
        how = (self.kernel_size, self.strides, self.dilation_rate)
        axes = zip(lengths, *how, strict=True)
        return tuple(windows.output_length(*axis, self.padding) for axis in axes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (batch, *outputs, filters), None where unknown.

        Raises:
            ShapeError: The window does not fit into the input.
        """
        shape = tuple(input_shape)
        self._check_ndim(shape)
        outputs = self._spatial_outputs(windows.spatial_of(shape, self.data_format))
        windows.refuse_empty(self._who(), shape, self.kernel_size, outputs)
        channels = self._num_outputs(windows.channels_of(shape, self.data_format))
        return windows.with_spatial(shape[0], outputs, channels, self.data_format)

    def _check_ndim(self, shape: tuple[Any, ...]) -> None:
        if len(shape) != self.rank + 2:
            raise ShapeError(
                explain(
                    f"{self._who()} cannot take this input.",
                    got=f"shape {shape}",
                    expected=f"{self.rank + 2} axes: batch, {self.rank} spatial, "
                    "channels",
                    fix="reshape the input; a single sample needs a batch axis: "
                    "x[None]",
                )
            )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, with the activity regularizer even if there is none."""
        return {"activity_regularizer": None, **super().get_config()}


class BaseConv(LowRankAdapters, BaseConvolution):
    """A kernel slid over the spatial axes: `activation(conv(inputs, kernel) + bias)`.

    Args:
        filters: Number of output channels; positive.
        kernel_size: Lengths of the window, one for all spatial axes or one for each.
        strides: Places between windows.
        padding: "valid" (none) or "same" (as many outputs as strides in the input).
        data_format: "channels_last" or "channels_first"; the global setting by default.
        dilation_rate: Places between the elements of a window.
        groups: Groups of channels, each convolved with filters of its own.
        activation: A name or callable; none by default.
        use_bias: Whether to add a bias.
        kernel_initializer: Initial values of the kernel, (*kernel_size, channels of a
            group, filters).
        bias_initializer: Initial values of the bias, (filters,).
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the output.
        kernel_constraint: Projection of the kernel after each update.
        bias_constraint: Projection of the bias after each update.
        **kwargs: As for `Layer`; and `lora_rank`, `lora_alpha` as for `Dense`.
    """

    kernel = AdaptedWeight()

    def __init__(
        self,
        filters: int,
        kernel_size: Lengths,
        strides: Lengths = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Lengths = 1,
        groups: int = 1,
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
        adapters = kwargs.pop("lora_rank", None), kwargs.pop("lora_alpha", None)
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
        self._plan_adapters(*adapters)
        self.filters = self._positive("filters", filters)
        self.groups = self._positive("groups", groups)
        self._refuse_dilated_strides()
        self._check_groups("filters", filters)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def _check_groups(self, name: str, number: int) -> None:
        if number % self.groups:
            raise ValueError(
                explain(
                    f"{self._who()} cannot divide its {name} into groups.",
                    got=f"groups={self.groups}, {number} {name}",
                    expected=f"a number of {name} that is a multiple of {self.groups}",
                )
            )

    def build(self, input_shape: Any) -> None:
        """Make the kernel, (*kernel_size, channels of a group, filters), and the bias.

        Raises:
            ShapeError: The channels are unknown, or the window does not fit.
        """
        channels = self._fix_channels(input_shape)
        self._check_groups("input channels", channels)
        self.compute_output_shape(input_shape)
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)
        self._add_planned_adapters()

    def call(self, inputs: Any) -> Any:
        """Return (batch, *outputs, filters), or the filters before the outputs."""
        self.compute_output_shape(inputs.shape)
        outputs = ops.conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finished(outputs)


@public("keras.layers")
class Conv1D(BaseConv):
    """Convolution over one axis, such as time; the arguments are those of `BaseConv`.

    Padding may be "causal" too: as many outputs as strides in the input, none of which
    depends on what comes after it.

    Example:
        >>> Conv1D(4, 3)([[[1.0], [2.0], [3.0], [4.0]]]).shape
        (1, 2, 4)
    """

    rank = 1
    paddings = ("valid", "same", "causal")


@public("keras.layers")
@with_defaults(strides=(1, 1), dilation_rate=(1, 1))
class Conv2D(BaseConv):
    """Convolution over two axes, such as images; the arguments are those of `BaseConv`.

    Example:
        >>> Conv2D(4, 3, padding="same").compute_output_shape((None, 28, 28, 1))
        (None, 28, 28, 4)
    """

    rank = 2


@public("keras.layers")
@with_defaults(strides=(1, 1, 1), dilation_rate=(1, 1, 1))
class Conv3D(BaseConv):
    """Convolution over three axes, such as films; the arguments are `BaseConv`'s.

    Example:
        >>> Conv3D(4, 3).compute_output_shape((None, 8, 8, 8, 1))
        (None, 6, 6, 6, 4)
    """

    rank = 3
