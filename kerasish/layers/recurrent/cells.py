"""Recurrent cells: one step of SimpleRNN, LSTM and GRU.

A cell is called on one step's input and its states. What a step does with the input
alone is `project`, which a layer applies to all steps at once before its loop; `step`
is the rest. Gates lie side by side in Keras's order, so one product serves them all.
"""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import activations, constraints, initializers, ops, random, regularizers
from kerasish.errors import ShapeError, explain
from kerasish.layers.layer import Layer
from kerasish.saving.registry import public

# applied to all gates at once: they look at each element alone
_ELEMENTWISE = ("sigmoid", "hard_sigmoid", "tanh", "relu", "linear")


class RecurrentCell(Layer):
    """Base of the cells: a kernel for the input, one for the state, a bias.

    Args:
        units: Length of the output and of each state.
        activation: Activation of the candidate; a name or callable.
        use_bias: Whether to add a bias.
        kernel_initializer: Initial values of the kernel, (features, gates * units).
        recurrent_initializer: Initial values of the recurrent kernel,
            (units, gates * units).
        bias_initializer: Initial values of the bias.
        kernel_regularizer: Penalty on the kernel.
        recurrent_regularizer: Penalty on the recurrent kernel.
        bias_regularizer: Penalty on the bias.
        kernel_constraint: Projection of the kernel after each update.
        recurrent_constraint: Projection of the recurrent kernel after each update.
        bias_constraint: Projection of the bias after each update.
        dropout: Fraction of the inputs dropped while training.
        recurrent_dropout: Fraction of the state dropped while training.
        seed: Number for repeatable masks.
        **kwargs: As for `Layer`.

    Attributes:
        state_size: Length of the state, or of each state.
        output_size: Length of the output.
    """

    num_gates = 1
    num_states = 1
    input_ndim = 2
    # what the cell of a layer is called, and what messages call its size
    name_in_layers: ClassVar[str]
    size_name: ClassVar[str] = "units"

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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
        super().__init__(**kwargs)
        if not isinstance(units, int) or isinstance(units, bool) or units <= 0:
            raise ValueError(
                explain(
                    f"{self._who()} needs a positive number of {self.size_name}.",
                    got=f"{self.size_name}={units!r}",
                    expected="a whole number, at least 1",
                )
            )
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)
        self.state_size: Any = [units] * self.num_states
        if self.num_states == 1:
            self.state_size = units
        self.output_size: int | None = units

    def build(self, input_shape: Any) -> None:
        """Make kernel, recurrent kernel and bias."""
        width = self.num_gates * self.units
        kernel_shape, recurrent_shape = self._kernel_shapes(input_shape, width)
        self.kernel = self.add_weight(
            kernel_shape,
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            recurrent_shape,
            self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            name="recurrent_kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                self._bias_shape(width),
                self._initial_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.built = True

    def _kernel_shapes(self, input_shape: Any, width: int) -> Any:
        """Return the shapes of the two kernels."""
        if input_shape[-1] is None:
            raise ShapeError(
                explain(
                    f"{self._who()} must know the length of a step's last axis.",
                    got=f"shape {tuple(input_shape)} of one step",
                    fix="give the number of features in the input shape",
                )
            )
        return (input_shape[-1], width), (self.units, width)

    def _bias_shape(self, width: int) -> tuple[int, ...]:
        return (width,)

    def _initial_bias(self, shape: Any, dtype: Any = None) -> Any:
        return self.bias_initializer(shape, dtype=dtype)

    def project(self, inputs: Any) -> Any:
        """Return what steps need of their inputs, (..., features)."""
        projected = ops.matmul(inputs, self.kernel)
        bias = self._input_bias()
        return projected if bias is None else ops.add(projected, bias)

    def project_all(self, inputs: Any) -> Any:
        """Return `project` of all steps, (steps, batch, features)."""
        return self.project(inputs)

    def _input_bias(self) -> Any:
        return self.bias

    def from_state(self, state: Any) -> Any:
        """Return what a step needs of the state before it."""
        return ops.matmul(state, self.recurrent_kernel)

    def step(self, projected: Any, states: Any) -> list[Any]:
        """Return the new states, the output first.

        Args:
            projected: What `project` made of one step's input.
            states: The states before the step, each (batch, units).
        """
        raise NotImplementedError

    def input_mask(self, like: Any, training: bool) -> Any:
        """Return what inputs of one step are multiplied by, or None."""
        return self._mask(like, self.dropout, training)

    def state_mask(self, like: Any, training: bool) -> Any:
        """Return what the state is multiplied by, or None."""
        return self._mask(like, self.recurrent_dropout, training)

    def _mask(self, like: Any, rate: float, training: bool) -> Any:
        if not training or rate == 0:
            return None
        return random.dropout(ops.ones_like(like), rate, seed=self.seed_generator)

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """Return the output, and the new states as they were given.

        Args:
            inputs: (batch, features).
            states: One (batch, units), or a list of them.
            training: Whether to drop inputs and states.
        """
        given = list(states) if isinstance(states, (list, tuple)) else [states]
        mask = self.input_mask(inputs, training)
        if mask is not None:
            inputs = ops.multiply(inputs, mask)
        held = dropped(given, self.state_mask(given[0], training))
        new = self.step(self.project(inputs), [*held, given[0]])
        return new[0], new if isinstance(states, (list, tuple)) else new[0]

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return zeros for each state, (batch_size, units)."""
        shape = (batch_size, self.units)
        return [ops.zeros(shape, self.compute_dtype) for _ in range(self.num_states)]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shapes of the output and the states."""
        one = (input_shape[0], self.units)
        return one, [one] * self.num_states


def dropped(states: list[Any], mask: Any) -> list[Any]:
    """Return the states with a mask on the first, which the recurrent kernel meets."""
    return states if mask is None else [ops.multiply(states[0], mask), *states[1:]]


@public("keras.layers")
class SimpleRNNCell(RecurrentCell):
    """`activation(inputs @ kernel + state @ recurrent_kernel + bias)`.

    Args:
        units: Length of the output and of the state.
        activation: A name or callable.
        **kwargs: As for `RecurrentCell`.
    """

    name_in_layers = "simple_rnn_cell"

    def step(self, projected: Any, states: Any) -> list[Any]:
        """Return the new state."""
        total = ops.add(projected, self.from_state(states[0]))
        return [self.activation(total)]


class GatedCell(RecurrentCell):
    """A cell with gates: what `recurrent_activation` makes of a product."""

    recurrent_activation: Any
    gate_axis: int = -1  # along which gates lie side by side

    def gates(self, total: Any, count: int) -> list[Any]:
        """Return the gates in `total`, each (batch, units)."""
        if getattr(self.recurrent_activation, "__name__", "") in _ELEMENTWISE:
            activated = self.recurrent_activation(total)
            return list(ops.split(activated, count, axis=self.gate_axis))
        parts = ops.split(total, count, axis=self.gate_axis)
        return [self.recurrent_activation(part) for part in parts]


@public("keras.layers")
class LSTMCell(GatedCell):
    """Long short-term memory: gates i, f, o, candidate c; states h and c.

    Args:
        units: Length of the output and of each state.
        activation: Activation of the candidate and of the cell state.
        recurrent_activation: Activation of the gates.
        use_bias: Whether to add a bias.
        kernel_initializer: As for all cells.
        recurrent_initializer: As for all cells.
        bias_initializer: As for all cells.
        unit_forget_bias: Whether the forget gate's bias begins at 1.
        kernel_regularizer: As for all cells.
        recurrent_regularizer: As for all cells.
        bias_regularizer: As for all cells.
        kernel_constraint: As for all cells.
        recurrent_constraint: As for all cells.
        bias_constraint: As for all cells.
        dropout: As for all cells.
        recurrent_dropout: As for all cells.
        seed: As for all cells.
        **kwargs: As for `Layer`.

    References:
        Hochreiter & Schmidhuber, "Long Short-Term Memory", Neural Computation 1997.
    """

    name_in_layers = "lstm_cell"
    num_gates = 4
    num_states = 2

    def __init__(
        self,
        units: int,
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
            *(units, activation, use_bias),
            *(kernel_initializer, recurrent_initializer, bias_initializer),
            *(kernel_regularizer, recurrent_regularizer, bias_regularizer),
            *(kernel_constraint, recurrent_constraint, bias_constraint),
            *(dropout, recurrent_dropout, seed),
            **kwargs,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    def _initial_bias(self, shape: Any, dtype: Any = None) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer(shape, dtype=dtype)
        parts = [self.bias_initializer((self.units,), dtype=dtype) for _ in range(3)]
        parts.insert(1, initializers.Ones()((self.units,), dtype=dtype))
        return ops.concatenate(parts, axis=0)

    def step(self, projected: Any, states: Any) -> list[Any]:
        """Return the new h and c."""
        h, c = states[0], states[1]
        total = ops.add(projected, self.from_state(h))
        units = self.units
        first, middle, last = ops.split(total, [2 * units, 3 * units], self.gate_axis)
        i, f = self.gates(first, 2)
        o = self.recurrent_activation(last)
        c = ops.add(ops.multiply(f, c), ops.multiply(i, self.activation(middle)))
        return [ops.multiply(o, self.activation(c)), c]


@public("keras.layers")
class GRUCell(GatedCell):
    """Gated recurrent unit: gates z and r, candidate h.

    Args:
        units: Length of the output and of the state.
        activation: Activation of the candidate.
        recurrent_activation: Activation of the gates.
        use_bias: Whether to add a bias.
        kernel_initializer: As for all cells.
        recurrent_initializer: As for all cells.
        bias_initializer: As for all cells.
        kernel_regularizer: As for all cells.
        recurrent_regularizer: As for all cells.
        bias_regularizer: As for all cells.
        kernel_constraint: As for all cells.
        recurrent_constraint: As for all cells.
        bias_constraint: As for all cells.
        dropout: As for all cells.
        recurrent_dropout: As for all cells.
        reset_after: Whether the reset gate acts after the product with the recurrent
            kernel, as on a GPU, or before it.
        seed: As for all cells.
        **kwargs: As for `Layer`.

    References:
        Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
        Statistical Machine Translation", EMNLP 2014.
    """

    name_in_layers = "gru_cell"
    num_gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            *(units, activation, use_bias),
            *(kernel_initializer, recurrent_initializer, bias_initializer),
            *(kernel_regularizer, recurrent_regularizer, bias_regularizer),
            *(kernel_constraint, recurrent_constraint, bias_constraint),
            *(dropout, recurrent_dropout, seed),
            **kwargs,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def _bias_shape(self, width: int) -> tuple[int, ...]:
        return (2, width) if self.reset_after else (width,)

    def _input_bias(self) -> Any:
        if self.bias is None or not self.reset_after:
            return self.bias
        return ops.get_item(self.bias, 0)

    def step(self, projected: Any, states: Any) -> list[Any]:
        """Return the new state; the gate of keeping works on the state undropped."""
        h, kept = states[0], states[-1]
        given, rest = ops.split(projected, [2 * self.units], axis=-1)
        if self.reset_after:
            inner = self.from_state(h)
            if self.bias is not None:
                inner = ops.add(inner, ops.get_item(self.bias, 1))
            before, recurrent = ops.split(inner, [2 * self.units], axis=-1)
            z, r = self.gates(ops.add(given, before), 2)
            recurrent = ops.multiply(r, recurrent)
        else:
            first, last = ops.split(self.recurrent_kernel, [2 * self.units], axis=-1)
            z, r = self.gates(ops.add(given, ops.matmul(h, first)), 2)
            recurrent = ops.matmul(ops.multiply(r, h), last)
        candidate = self.activation(ops.add(rest, recurrent))
        # z * h + (1 - z) * candidate, with one product less
        return [ops.add(candidate, ops.multiply(z, ops.subtract(kept, candidate)))]
