"""`RNN`: a cell run over the steps of a sequence, in one compiled loop.

Cells of ours project all steps' inputs in one product before the loop, and draw their
dropout masks there; other cells are called step by step. A stack is run cell after
cell, each over the whole sequence: the same numbers, and larger products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.graph.variable import Variable
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.layers.recurrent.cells import RecurrentCell, dropped
from kerasish.layers.recurrent.sizes import (
    count_of_states,
    initial_states_of,
    lengths_of_output,
    listed,
    packed,
    shapes_of_states,
    sizes_of,
)
from kerasish.layers.recurrent.stacked import StackedRNNCells
from kerasish.layers.wrapper import as_layer
from kerasish.ops.scans import scan
from kerasish.saving.registry import public

# (input of one step, states) -> (output, new states); states are flat lists
Step = Callable[[Any, Any], tuple[Any, list[Any]]]


class _Held:
    """States kept from call to call; no list, so that they are no weights."""

    def __init__(self, variables: list[Variable]) -> None:
        self.variables = variables


@public("keras.layers")
class RNN(Layer):
    """A cell applied to each step of (batch, steps, features).

    Args:
        cell: A cell, or a list of cells, which are stacked. A cell of one's own has
            `call(inputs, states)` that returns the output and the new states, both a
            list, `state_size`, and `output_size` if that is not the first state's.
        return_sequences: Whether to return the outputs of all steps.
        return_state: Whether to return the last states after the output.
        go_backwards: Whether to begin at the last step; outputs stay in that order.
        stateful: Whether a batch begins with the states the last one ended with. Needs
            a fixed batch size.
        unroll: Whether to write all steps into the graph one after the other.
        zero_output_for_mask: Whether the output of a masked step is 0, rather than that
            of the step before.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: The cell has no `call` or no `state_size`.

    Example:
        >>> from kerasish import ops
        >>> from kerasish.layers import GRUCell, LSTMCell
        >>> RNN([LSTMCell(4), GRUCell(3)])(ops.ones((2, 5, 6))).shape
        (2, 3)
    """

    supports_masking = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        for needed in ("call", "state_size"):
            if not hasattr(self.cell, needed):
                raise ValueError(
                    explain(
                        f"{self._who()} needs a cell.",
                        got=f"{cell!r}",
                        expected=f"an object with `{needed}`",
                    )
                )
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.input_spec = InputSpec(min_ndim=3)
        self._held_states: _Held | None = None

    # states -------------------------------------------------------------------------

    @property
    def states(self) -> list[Variable] | None:
        """The states kept between batches, if `stateful` and built."""
        return None if self._held_states is None else self._held_states.variables

    @property
    def state_size(self) -> list[Any]:
        """The length, or shape, of each state; a list for each cell of a stack."""
        size = self.cell.state_size
        return list(size) if isinstance(size, list) else [size]

    def _sizes(self, sequences_shape: Any) -> Any:
        """Return the structure of the states, with a `Size` for each."""
        return sizes_of(self.cell.state_size)

    def _state_shapes(self, sequences_shape: Any) -> list[Any]:
        return shapes_of_states(self._sizes(sequences_shape), sequences_shape[0])

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Return the states of before the first step, a list for each stacked cell."""
        states = initial_states_of(self.cell, batch_size, self.compute_dtype)
        return list(states) if isinstance(states, (list, tuple)) else [states]

    def reset_state(self) -> None:
        """Set the states kept between batches to 0."""
        for variable in self.states or ():
            variable.assign(ops.zeros(variable.shape, variable.dtype))

    reset_states = reset_state

    # building -----------------------------------------------------------------------

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell for one step, and make the states if they are kept.

        Args:
            sequences_shape: (batch, steps, features...).
            initial_state_shape: Shapes of initial states given in a call.

        Raises:
            ValueError: The layer is stateful and the batch size is unknown.
        """
        if isinstance(self.cell, Layer):
            self.cell.build_once((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful:
            self._keep_states(sequences_shape)
        self.built = True

    def _keep_states(self, sequences_shape: Any) -> None:
        if sequences_shape[0] is None:
            raise ValueError(
                explain(
                    f"{self._who()} is stateful and must know the batch size.",
                    got=f"shape {tuple(sequences_shape)}",
                    fix="give it in Input(batch_shape=...)",
                )
            )
        sizes = tree.flatten(self._sizes(sequences_shape))
        made = []
        for size in sizes:
            shape = (sequences_shape[0], *size.lengths)
            zeros = ops.convert_to_numpy(ops.zeros(shape, self.compute_dtype))
            made.append(Variable(zeros, trainable=False, name="rnn_state"))
            made[-1].path = f"{self._path}/rnn_state"
        self._held_states = _Held(made)

    # calling ------------------------------------------------------------------------

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Return the output, or `(output, *states)`.

        Args:
            sequences: (batch, steps, features...).
            initial_state: The states of before the first step; zeros by default.
            mask: (batch, steps), true where a step counts.
            training: Whether the cell behaves as in training.

        Raises:
            ShapeError: The states or the mask do not fit.
        """
        mask = self._checked_mask(mask, sequences)
        states = self._first_states(sequences, initial_state)
        xs = ops.swapaxes(sequences, 0, 1)
        if self.go_backwards:
            xs = ops.flip(xs, axis=0)
            mask = None if mask is None else ops.flip(mask, axis=0)
        outputs, last = self._run(self.cell, xs, states, mask, training)
        for held, value in zip(self.states or (), last, strict=False):
            held.assign(value)
        if self.return_sequences:
            output = ops.swapaxes(outputs, 0, 1)
        else:
            output = self._last_output(outputs, last, mask is not None)
        if not self.return_state:
            return output
        returned = packed(self._sizes(sequences.shape), last)
        return (output, *returned) if isinstance(returned, list) else (output, returned)

    def _last_output(self, outputs: Any, last: list[Any], is_masked: bool) -> Any:
        """Return the output of the last step: the state it is, where cells are ours.

        Then nothing needs the outputs of all steps, nor do gradients go through them.
        """
        cell: Any = self.cell
        while isinstance(cell, StackedRNNCells) and cell.is_plain:
            cell = cell.cells[-1]
        if _is_ours(cell) and not (is_masked and self.zero_output_for_mask):
            return last[-cell.num_states]
        return outputs[-1]

    def _checked_mask(self, mask: Any, sequences: Any) -> Any:
        """Return the mask with the steps first, or None."""
        if isinstance(mask, (list, tuple)):  # those of sequences and initial states
            mask = mask[0]
        if mask is None:
            return None
        if tuple(mask.shape) != tuple(sequences.shape[:2]):
            raise ShapeError(
                explain(
                    f"{self._who()} cannot take this mask.",
                    got=f"a mask of shape {tuple(mask.shape)}",
                    expected=f"(batch, steps), which is {tuple(sequences.shape[:2])}",
                )
            )
        return ops.swapaxes(ops.cast(mask, "bool"), 0, 1)

    def _first_states(self, sequences: Any, given: Any) -> list[Any]:
        """Return the states to begin with, flat."""
        if given is None and self.states is None:
            return tree.flatten(self._zero_states(sequences))
        flat = tree.flatten(self.states if given is None else given)
        shapes = [(sequences.shape[0], *size.lengths) for size in self._flat(sequences)]
        if [tuple(state.shape) for state in flat] != shapes:
            raise ShapeError(
                explain(
                    f"{self._who()} cannot begin with these states.",
                    got=f"states of shapes {[tuple(s.shape) for s in flat]}",
                    expected=f"shapes {shapes}",
                    fix="a stateful layer takes batches of one size only"
                    if given is None
                    else None,
                )
            )
        return [ops.cast(state, self.compute_dtype) for state in flat]

    def _zero_states(self, sequences: Any) -> Any:
        return self.get_initial_state(sequences.shape[0])

    def _flat(self, sequences: Any) -> list[Any]:
        return tree.flatten(self._sizes(sequences.shape))

    def _run(
        self, cell: Any, xs: Any, states: list[Any], mask: Any, training: bool
    ) -> tuple[Any, list[Any]]:
        """Return the outputs of all steps, time first, and the last states."""
        if isinstance(cell, StackedRNNCells) and cell.is_plain:
            return self._run_stack(cell, xs, states, mask, training)
        step, xs = self._step(cell, xs, states, training)
        if mask is not None:
            return self._run_masked(cell, step, xs, states, mask)

        def body(carry: Any, x: Any) -> Any:
            output, new = step(x, carry)
            return new, output

        last, outputs = scan(body, states, xs, unroll=self.unroll or 1)
        return outputs, last

    def _run_stack(
        self, stack: Any, xs: Any, states: list[Any], mask: Any, training: bool
    ) -> tuple[Any, list[Any]]:
        last: list[Any] = []
        for cell in stack.cells:
            count = count_of_states(cell)
            own, states = states[:count], states[count:]
            xs, new = self._run(cell, xs, own, mask, training)
            last += new
        return xs, last

    def _run_masked(
        self, cell: Any, step: Step, xs: Any, states: list[Any], mask: Any
    ) -> tuple[Any, list[Any]]:
        """Run the steps, keeping output and states where a step does not count."""
        # the output of our cells is their first state, so that is what it was before
        is_state = _is_ours(cell)

        def body(carry: Any, inputs: Any) -> Any:
            held, before = carry
            x, counted = inputs
            output, new = step(x, held)
            new = [_chosen(counted, n, h) for n, h in zip(new, held, strict=True)]
            if self.zero_output_for_mask:
                return (new, ()), _chosen(counted, output, ops.zeros_like(output))
            if is_state:
                return (new, ()), new[0]
            output = _chosen(counted, output, before)
            return (new, output), output

        before: Any = ()
        if not is_state and not self.zero_output_for_mask:
            shape = (states[0].shape[0], *lengths_of_output(cell))
            before = ops.zeros(shape, self.compute_dtype)
        (last, _), outputs = scan(
            *(body, (states, before), (xs, mask)), unroll=self.unroll or 1
        )
        return outputs, last

    def _step(
        self, cell: Any, xs: Any, states: list[Any], training: bool
    ) -> tuple[Step, Any]:
        """Return a step, and the sequence it goes over."""
        if not _is_ours(cell) or cell.compute_dtype != self.compute_dtype:
            return _called_by_step(cell, training), xs
        dropping = cell.input_mask(xs[0], training)
        if dropping is not None:
            xs = ops.multiply(xs, dropping)
        holding = cell.state_mask(states[0], training)

        def step(x: Any, held: Any) -> tuple[Any, list[Any]]:
            new = cell.step(x, [*dropped(list(held), holding), held[0]])
            return new[0], new

        return step, cell.project_all(xs)

    # forms --------------------------------------------------------------------------

    def compute_output_shape(
        self, sequences_shape: Any, initial_state_shape: Any = None
    ) -> Any:
        """Return the shape of the output, followed by those of states if returned."""
        batch, length = sequences_shape[:2]
        rest = self._output_lengths(sequences_shape)
        output = (batch, length, *rest) if self.return_sequences else (batch, *rest)
        if not self.return_state:
            return output
        return (output, *self._state_shapes(sequences_shape))

    def _output_lengths(self, sequences_shape: Any) -> tuple[int | None, ...]:
        return lengths_of_output(self.cell)

    def compute_mask(self, sequences: Any, previous_mask: Any = None) -> Any:
        """Return the mask of the output: that of the input, if steps are returned."""
        mask = previous_mask
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        mask = mask if self.return_sequences else None
        if not self.return_state:
            return mask
        return [mask, *(None for _ in self.state_size)]

    def get_config(self) -> dict[str, Any]:
        """Return the config: the flags first, then the cell, as in Keras."""
        config = super().get_config()
        cell = config.pop("cell", None)
        return config if cell is None else {**config, "cell": cell}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new layer made from what `get_config` returned."""
        if "cell" in config:
            config = {**config, "cell": as_layer(config["cell"])}
        return cls(**config)


def _is_ours(cell: Any) -> bool:
    """Return whether a cell's step is in two parts, and its `call` made of them."""
    return isinstance(cell, RecurrentCell) and type(cell).call is RecurrentCell.call


def _called_by_step(cell: Any, training: bool) -> Step:
    """Return a step that calls a cell, with states in the form it knows."""
    sizes = sizes_of(cell.state_size)
    takes = isinstance(cell, Layer) and cell._call_takes("training")
    extra = {"training": training} if takes else {}
    function = cell if isinstance(cell, Layer) else cell.call

    def step(x: Any, held: Any) -> tuple[Any, list[Any]]:
        output, new = function(x, listed(sizes, held), **extra)
        return output, tree.flatten(new)

    return step


def _chosen(counted: Any, new: Any, old: Any) -> Any:
    """Return `new` where a step counts, (batch,), else `old`."""
    shape = (counted.shape[0], *(1 for _ in new.shape[1:]))
    return ops.where(ops.reshape(counted, shape), new, old)
