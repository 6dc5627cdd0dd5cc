"""ConvLSTM over one, two, three spatial axes: an LSTM that convolves.

The cell is the LSTM's with other kernels: one convolution of the input, done for all
steps at once, and one of the state, which keeps the state's shape.
"""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.layers.recurrent.cell_layer import (
    PENALTIES,
    RETURNS,
    WEIGHTS,
    CellLayer,
    around,
)
from kerasish.layers.recurrent.cells import LSTMCell
from kerasish.layers.recurrent.sizes import Size
from kerasish.ops import windows
from kerasish.saving.registry import public


class ConvLSTMCell(LSTMCell):
    """One step of a ConvLSTM; `rank` is the number of spatial axes.

    Args:
        filters: Number of channels of the output and of each state.
        kernel_size: Lengths of the windows, one for all spatial axes or one for each.
        strides: Places between windows on the input.
        padding: "valid" (none) or "same", of the input; states are always padded.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        dilation_rate: Places between the elements of a window on the input.
        activation: Activation of the candidate and of the cell state.
        recurrent_activation: Activation of the gates.
        use_bias: Whether to add a bias.
        kernel_initializer: Of the kernel, (*kernel_size, channels, 4 * filters).
        recurrent_initializer: Of the recurrent kernel, (*kernel_size, filters,
            4 * filters).
        bias_initializer: Of the bias, (4 * filters,).
        unit_forget_bias: Whether the forget gate's bias begins at 1.
        kernel_regularizer: As for all cells.
        recurrent_regularizer: As for all cells.
        bias_regularizer: As for all cells.
        kernel_constraint: As for all cells.
        recurrent_constraint: As for all cells.
        bias_constraint: As for all cells.
        dropout: Fraction of the inputs dropped while training.
        recurrent_dropout: Fraction of the state dropped while training.
        seed: Number for repeatable masks.
        **kwargs: As for `Layer`.
    """

    rank: ClassVar[int]
    name_in_layers = "conv_lstm_cell"
    size_name = "filters"

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            *(filters, activation, recurrent_activation, use_bias),
            *(kernel_initializer, recurrent_initializer, bias_initializer),
            unit_forget_bias,
            *(kernel_regularizer, recurrent_regularizer, bias_regularizer),
            *(kernel_constraint, recurrent_constraint, bias_constraint),
            *(dropout, recurrent_dropout, seed),
            **kwargs,
        )
        self.filters = filters
        self.kernel_size = self._per_axis(kernel_size, "kernel_size")
        self.strides = self._per_axis(strides, "strides")
        self.dilation_rate = self._per_axis(dilation_rate, "dilation_rate")
        self.padding = windows.checked_padding(padding, self._who())
        self.data_format = windows.checked_data_format(data_format, self._who())
        self._refuse_dilated_strides()
        self.gate_axis = -1 if self.data_format == "channels_last" else 1
        self.input_ndim = self.rank + 2
        unknown = windows.with_spatial(
            None, (None,) * self.rank, filters, self.data_format
        )
        self.state_size = [unknown[1:]] * 2
        self.output_size = None  # that of the first state

    def _per_axis(self, value: Any, name: str) -> tuple[int, ...]:
        return windows.per_axis(value, self.rank, name, self._who())

    def _refuse_dilated_strides(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                explain(
                    f"{self._who()} cannot have strides and dilation at once.",
                    got=f"strides={self.strides}, dilation_rate={self.dilation_rate}",
                    fix="leave one of them at 1",
                )
            )

    def build(self, input_shape: Any) -> None:
        """Make kernel, recurrent kernel and bias, and learn the shape of the states."""
        super().build(input_shape)
        self.state_size = [self.state_lengths(input_shape)] * 2

    def _kernel_shapes(self, input_shape: Any, width: int) -> Any:
        channels = windows.channels_of(input_shape, self.data_format)
        if channels is None:
            raise ShapeError(
                explain(
                    f"{self._who()} must know the number of channels.",
                    got=f"shape {tuple(input_shape)} of one step",
                    fix="give the number of channels in the input shape",
                )
            )
        window = self.kernel_size
        return (*window, channels, width), (*window, self.filters, width)

    def state_lengths(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return the shape of a state without its batch axis, for that of one step.

        Raises:
            ShapeError: The window does not fit into the input.
        """
        lengths = windows.spatial_of(input_shape, self.data_format)
        how = (self.kernel_size, self.strides, self.dilation_rate)
        axes = zip(lengths, *how, strict=True)
        outputs = [windows.output_length(*axis, self.padding) for axis in axes]
        windows.refuse_empty(self._who(), input_shape, self.kernel_size, outputs)
        whole = windows.with_spatial(None, outputs, self.filters, self.data_format)
        return whole[1:]

    def project(self, inputs: Any) -> Any:
        """Return what a step needs of its input, (batch, *spatial, channels)."""
        projected = ops.conv(
            *(inputs, self.kernel, self.strides, self.padding),
            *(self.data_format, self.dilation_rate),
        )
        if self.bias is None:
            return projected
        bias: Any = self.bias
        if self.data_format == "channels_first":
            bias = ops.reshape(bias, (1, -1, *(1 for _ in self.kernel_size)))
        return ops.add(projected, bias)

    def project_all(self, inputs: Any) -> Any:
        """Return `project` of all steps, as one batch."""
        steps, batch = inputs.shape[:2]
        rows = ops.reshape(inputs, (steps * batch, *inputs.shape[2:]))
        projected = self.project(rows)
        return ops.reshape(projected, (steps, batch, *projected.shape[1:]))

    def from_state(self, state: Any) -> Any:
        """Return the convolution of the state before a step."""
        return ops.conv(state, self.recurrent_kernel, 1, "same", self.data_format)

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return zeros for each state, of the shape the cell was built for.

        Raises:
            ValueError: Spatial lengths are unknown.
        """
        if None in self.state_size[0]:
            raise ValueError(
                explain(
                    f"{self._who()} does not know the shape of its states.",
                    got=f"spatial lengths of a state {self.state_size[0]}",
                    fix="build the cell for inputs of known lengths, or give states",
                )
            )
        shapes = [(batch_size, *lengths) for lengths in self.state_size]
        return [ops.zeros(shape, self.compute_dtype) for shape in shapes]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shapes of the output and the states."""
        one = (input_shape[0], *self.state_lengths(input_shape))
        return one, [one, one]


class ConvLSTM1DCell(ConvLSTMCell):
    """`ConvLSTMCell` over one spatial axis."""

    rank = 1


class ConvLSTM2DCell(ConvLSTMCell):
    """`ConvLSTMCell` over two spatial axes."""

    rank = 2


class ConvLSTM3DCell(ConvLSTMCell):
    """`ConvLSTMCell` over three spatial axes."""

    rank = 3


class ConvLSTM(CellLayer):
    """What the ConvLSTM layers share: states of the shape that the input gives them."""

    cell: ConvLSTMCell

    def _sizes(self, sequences_shape: Any) -> list[Size]:
        step = (sequences_shape[0], *sequences_shape[2:])
        return [Size(self.cell.state_lengths(step)) for _ in range(2)]

    def _zero_states(self, sequences: Any) -> list[Any]:
        shapes = self._state_shapes(tuple(sequences.shape))
        return [ops.zeros(shape, self.compute_dtype) for shape in shapes]

    def _output_lengths(self, sequences_shape: Any) -> tuple[int | None, ...]:
        return self._sizes(sequences_shape)[0].lengths


_ORDER = (
    "filters kernel_size strides padding data_format dilation_rate activation "
    f"recurrent_activation use_bias {WEIGHTS} unit_forget_bias {PENALTIES} seed "
    f"{RETURNS}"
)


@public("keras.layers")
@around(ConvLSTM1DCell, _ORDER)
class ConvLSTM1D(ConvLSTM):
    """A ConvLSTM over (batch, steps, length, channels).

    Its arguments are those of `ConvLSTMCell`, then those of `RNN`.

    References:
        Shi et al., "Convolutional LSTM Network: A Machine Learning Approach for
        Precipitation Nowcasting", NIPS 2015 (without peepholes).
    """


@public("keras.layers")
@around(ConvLSTM2DCell, _ORDER)
class ConvLSTM2D(ConvLSTM):
    """A ConvLSTM over (batch, steps, height, width, channels).

    Its arguments are those of `ConvLSTMCell`, then those of `RNN`.

    References:
        Shi et al., "Convolutional LSTM Network: A Machine Learning Approach for
        Precipitation Nowcasting", NIPS 2015 (without peepholes).

    Example:
        >>> from kerasish import ops
        >>> ConvLSTM2D(4, 3, padding="same")(ops.ones((2, 5, 6, 6, 3))).shape
        (2, 6, 6, 4)
    """


@public("keras.layers")
@around(ConvLSTM3DCell, _ORDER)
class ConvLSTM3D(ConvLSTM):
    """A ConvLSTM over (batch, steps, depth, height, width, channels).

    Its arguments are those of `ConvLSTMCell`, then those of `RNN`.

    References:
        Shi et al., "Convolutional LSTM Network: A Machine Learning Approach for
        Precipitation Nowcasting", NIPS 2015 (without peepholes).
    """
