"""`RNN`: a cell run over the steps of a sequence, in one compiled loop."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph import tree
from kerasish.graph.variable import Variable
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.layers.recurrent.cells import RecurrentCell, dropped
from kerasish.layers.recurrent.stacked import StackedRNNCells
from kerasish.layers.wrapper import as_layer
from kerasish.ops.scans import scan
from kerasish.saving.registry import public


class _Held:
    """States kept from call to call; no list, so that they are no weights."""

    def __init__(self, variables: list[Variable]) -> None:
        self.variables = variables


@public("keras.layers")
class RNN(Layer):
    """A cell applied to each step of (batch, steps, features).

    Args:
        cell: A cell, or a list of cells, which are stacked. A cell of one's own has
            `call(inputs, states)`, `state_size`, and `output_size` if that differs from
            the first state's.
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

    @property
    def states(self) -> list[Variable] | None:
        """The states kept between batches, if `stateful` and built."""
        return None if self._held_states is None else self._held_states.variables

    @property
    def state_size(self) -> Any:
        """Length of the state, or of each state."""
        return self.cell.state_size

    def _state_shapes(self, batch: int | None) -> list[tuple[int | None, ...]]:
        sizes = tree.leaves(_leaves_of_sizes(self.cell.state_size))
        return [(batch, *size.lengths) for size in sizes]

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell for one step."""
        step_shape = (sequences_shape[0], *sequences_shape[2:])
        if isinstance(self.cell, Layer):
            self.cell.build_once(step_shape)
        if self.stateful:
            if sequences_shape[0] is None:
                raise ValueError(
                    explain(
                        f"{self._who()} is stateful and must know the batch size.",
                        got=f"shape {tuple(sequences_shape)}",
                        fix="give it in Input(batch_shape=...)",
                    )
                )
            made = [
                Variable(
                    ops.convert_to_numpy(ops.zeros(shape, self.compute_dtype)),
                    trainable=False,
                    name="state",
                )
                for shape in self._state_shapes(sequences_shape[0])
            ]
            self._held_states = _Held(made)
        self.built = True

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Return the states of before the first step, flat."""
        own = getattr(self.cell, "get_initial_state", None)
        if own is not None:
            return tree.flatten(own(batch_size=batch_size))
        shapes = self._state_shapes(batch_size)
        return [ops.zeros(shape, self.compute_dtype) for shape in shapes]

    def reset_state(self) -> None:
        """Set the states kept between batches to 0."""
        for variable in self.states or ():
            variable.assign(ops.zeros(variable.shape, variable.dtype))

    reset_states = reset_state

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
        """
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        states = self._first_states(sequences, initial_state)
        xs = ops.swapaxes(sequences, 0, 1)
        if self.go_backwards:
            xs = ops.flip(xs, axis=0)
            mask = None if mask is None else ops.flip(mask, axis=1)
        outputs, last = self._run(xs, states, mask, training)
        for held, value in zip(self.states or (), last, strict=False):
            held.assign(value)
        output = ops.swapaxes(outputs, 0, 1) if self.return_sequences else outputs[-1]
        return (output, *last) if self.return_state else output

    def _first_states(self, sequences: Any, given: Any) -> list[Any]:
        if given is not None:
            flat = tree.flatten(given)
            wanted = len(self._state_shapes(None))
            if len(flat) != wanted:
                raise ValueError(
                    explain(
                        f"{self._who()} takes {wanted} initial states.",
                        got=str(len(flat)),
                    )
                )
            return [ops.cast(state, self.compute_dtype) for state in flat]
        if self.states is not None:
            return [ops.convert_to_tensor(state) for state in self.states]
        return self.get_initial_state(sequences.shape[0])

    def _run(
        self, xs: Any, states: list[Any], mask: Any, training: bool
    ) -> tuple[Any, list[Any]]:
        """Return the outputs of all steps, time first, and the last states."""
        step, xs = self._step(xs, states, training)
        if mask is None:

            def body(carry: Any, x: Any) -> Any:
                output, new = step(x, carry)
                return new, output

            last, outputs = scan(body, states, xs, unroll=self.unroll or 1)
            return outputs, last
        return self._run_masked(step, xs, states, mask)

    def _run_masked(
        self, step: Any, xs: Any, states: list[Any], mask: Any
    ) -> tuple[Any, list[Any]]:
        form = self._output_form(step, xs, states)
        counts = ops.swapaxes(ops.cast(mask, "bool"), 0, 1)

        def body(carry: Any, inputs: Any) -> Any:
            before, held = carry
            x, counted = inputs
            output, new = step(x, held)
            new = [_chosen(counted, n, h) for n, h in zip(new, held, strict=True)]
            other = ops.zeros_like(before) if self.zero_output_for_mask else before
            output = _chosen(counted, output, other)
            return (output, new), output

        first = (ops.zeros(form, self.compute_dtype), states)
        (_, last), outputs = scan(body, first, (xs, counts), unroll=self.unroll or 1)
        return outputs, last

    def _output_form(self, step: Any, xs: Any, states: list[Any]) -> Any:
        """Return the shape of one step's output."""
        size = getattr(self.cell, "output_size", None)
        if size is None:
            size = next(iter(tree.leaves(_leaves_of_sizes(self.cell.state_size))))
            return (states[0].shape[0], *size.lengths)
        return (states[0].shape[0], *_lengths(size))

    def _step(self, xs: Any, states: list[Any], training: bool) -> Any:
        """Return `step(x, states) -> (output, states)`, and what it goes over."""
        cell: Any = self.cell
        if isinstance(cell, RecurrentCell):
            dropping = cell.input_mask(xs[0], training)
            if dropping is not None:
                xs = ops.multiply(xs, dropping)
            holding = cell.state_mask(states[0], training)

            def known(x: Any, held: Any) -> Any:
                new = cell.step(x, [*dropped(list(held), holding), held[0]])
                return new[0], new

            return known, cell.project(xs)
        form = _leaves_of_sizes(cell.state_size)
        takes = isinstance(cell, Layer) and cell._call_takes("training")
        extra = {"training": training} if takes else {}

        def step(x: Any, held: Any) -> Any:
            output, new = cell(x, _packed(form, held), **extra)
            return output, tree.flatten(new)

        return step, xs

    def compute_output_shape(
        self, sequences_shape: Any, initial_state_shape: Any = None
    ) -> Any:
        """Return the shape of the output, followed by those of states if returned."""
        batch, length = sequences_shape[:2]
        states = self._state_shapes(batch)
        size = getattr(self.cell, "output_size", None)
        rest = states[0][1:] if size is None else _lengths(size)
        output = (batch, length, *rest) if self.return_sequences else (batch, *rest)
        return (output, *states) if self.return_state else output

    def compute_mask(self, sequences: Any, previous_mask: Any = None) -> Any:
        """Return the mask of the output: that of the input, if steps are returned."""
        mask = previous_mask
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        mask = mask if self.return_sequences else None
        if not self.return_state:
            return mask
        return [mask, *(None for _ in self._state_shapes(None))]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new layer made from what `get_config` returned."""
        if "cell" in config:
            config = {**config, "cell": as_layer(config["cell"])}
        return cls(**config)


class _Size:
    """The lengths of one state, without the batch axis: a leaf of a structure."""

    def __init__(self, lengths: tuple[int, ...]) -> None:
        self.lengths = lengths


def _lengths(size: Any) -> tuple[int, ...]:
    return (size,) if isinstance(size, int) else tuple(size)


def _leaves_of_sizes(size: Any) -> Any:
    """Return a cell's `state_size` with each state's size as one leaf."""
    if isinstance(size, int):
        return _Size((size,))
    if isinstance(size, tuple) and all(isinstance(n, int) for n in size):
        return _Size(size)
    return [_leaves_of_sizes(one) for one in size]


def _packed(form: Any, states: Any) -> Any:
    return tree.pack(form, list(states))


def _chosen(counted: Any, new: Any, old: Any) -> Any:
    """Return `new` where a step counts, (batch,), else `old`."""
    shape = (counted.shape[0], *(1 for _ in new.shape[1:]))
    return ops.where(ops.reshape(counted, shape), new, old)
