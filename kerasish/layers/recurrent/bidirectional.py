"""A recurrent layer run in both directions."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import explain, unknown_name
from kerasish.layers.layer import Layer
from kerasish.layers.wrapper import as_layer
from kerasish.saving.registry import public

_MODES = ("sum", "mul", "ave", "concat", None)
_NEEDED = ("go_backwards", "return_sequences", "return_state")
_EQUAL = ("stateful", "return_sequences", "return_state")


@public("keras.layers")
class Bidirectional(Layer):
    """A recurrent layer and its mirror image, their outputs merged.

    Both layers are new ones, made from the config of the layer given; they are called
    `forward_<name>` and `backward_<name>`. Where all steps are returned, the outputs of
    masked steps are 0 in both.

    Args:
        layer: A recurrent layer.
        merge_mode: "concat", "sum", "mul", "ave", or None for both outputs unmerged.
        weights: Initial weights, forward ones first.
        backward_layer: The layer that goes backwards; made from `layer` by default.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: The layer is none, the mode is unknown, or the two do not match.

    References:
        Schuster & Paliwal, "Bidirectional Recurrent Neural Networks", IEEE 1997.

    Example:
        >>> from kerasish import ops
        >>> from kerasish.layers import LSTM
        >>> Bidirectional(LSTM(4))(ops.ones((2, 5, 3))).shape
        (2, 8)
    """

    supports_masking = True

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if merge_mode not in _MODES:
            known = [str(mode) for mode in _MODES]
            raise ValueError(unknown_name("merge_mode", str(merge_mode), known))
        self._require_recurrent(layer)
        if backward_layer is not None:
            self._require_recurrent(backward_layer)
        self.merge_mode = merge_mode
        self.forward_layer: Any = _renamed(layer, "forward_")
        self.backward_layer: Any = backward_layer
        if backward_layer is None:
            self.backward_layer = _renamed(layer, "backward_", go_backwards=True)
        self._require_a_pair()
        if layer.return_sequences:
            self.forward_layer.zero_output_for_mask = True
            self.backward_layer.zero_output_for_mask = True
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.stateful = getattr(layer, "stateful", False)
        self._initial_weights = weights
        # the config holds the two layers, not the one they were made from
        for name in ("layer", "weights", "backward_layer"):
            self._init_arguments.pop(name, None)
        self._init_arguments["layer"] = self.forward_layer
        self._init_arguments["backward_layer"] = self.backward_layer

    def _require_recurrent(self, layer: Any) -> None:
        missing = [name for name in _NEEDED if not hasattr(layer, name)]
        if isinstance(layer, Layer) and not missing:
            return
        raise ValueError(
            explain(
                f"{self._who()} wraps a recurrent layer.",
                got=f"{layer!r} of type {type(layer).__name__}",
                expected="an RNN, LSTM, GRU, or another layer that has "
                + ", ".join(f"`{name}`" for name in _NEEDED),
            )
        )

    def _require_a_pair(self) -> None:
        one, other = self.forward_layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            raise ValueError(
                explain(
                    f"{self._who()} needs layers of both directions.",
                    got=f"go_backwards={one.go_backwards} in both",
                    fix="give a `layer` that goes forwards, and a `backward_layer`, if "
                    "any, made with go_backwards=True",
                )
            )
        for name in _EQUAL:
            values = [getattr(layer, name, None) for layer in (one, other)]
            if values[0] != values[1]:
                raise ValueError(
                    explain(
                        f"{self._who()} needs layers that return the same.",
                        got=f"{name}={values[0]} forwards, {values[1]} backwards",
                        fix=f"give both layers one value of `{name}`",
                    )
                )

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both layers.

        Args:
            sequences_shape: (batch, steps, features...).
            initial_state_shape: Shapes of initial states given in a call.
        """
        for inner in (self.forward_layer, self.backward_layer):
            inner.build_once(sequences_shape)
        self.built = True
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = None,
    ) -> Any:
        """Return the merged outputs, then both layers' states if they are returned.

        Args:
            sequences: (batch, steps, features).
            initial_state: States of the forward layer, then of the backward layer.
            mask: (batch, steps).
            training: Whether the layers behave as in training.
        """
        first, second = self._halves(initial_state)
        forward = self._called_on(
            self.forward_layer, sequences, first, mask=mask, training=training
        )
        backward = self._called_on(
            self.backward_layer, sequences, second, mask=mask, training=training
        )
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.return_sequences:
            backward = ops.flip(backward, axis=1)
        merged = self._merged(forward, backward)
        if not self.return_state:
            return merged
        return (*merged, *states) if self.merge_mode is None else (merged, *states)

    def _halves(self, states: Any) -> tuple[Any, Any]:
        if states is None:
            return None, None
        if not isinstance(states, (list, tuple)) or len(states) % 2:
            raise ValueError(
                explain(
                    f"{self._who()} takes initial states of both layers.",
                    got=f"{len(states)} states",
                    expected="those of the forward layer, then those of the backward "
                    "layer, in one list",
                )
            )
        half = len(states) // 2
        return states[:half], states[half:]

    def _called_on(self, layer: Any, sequences: Any, states: Any, **given: Any) -> Any:
        taken = {k: v for k, v in given.items() if v is not None}
        taken = {k: v for k, v in taken.items() if layer._call_takes(k)}
        if states is not None:
            taken["initial_state"] = states
        return layer(sequences, **taken)

    def _merged(self, forward: Any, backward: Any) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([forward, backward], axis=-1)
        if self.merge_mode == "sum":
            return ops.add(forward, backward)
        if self.merge_mode == "ave":
            return ops.multiply(ops.add(forward, backward), 0.5)
        if self.merge_mode == "mul":
            return ops.multiply(forward, backward)
        return forward, backward

    def reset_state(self) -> None:
        """Set the states kept between batches to 0."""
        for inner in (self.forward_layer, self.backward_layer):
            if getattr(inner, "stateful", False):
                inner.reset_state()

    reset_states = reset_state

    @property
    def states(self) -> Any:
        """The states kept between batches, forward ones first; None if there are none.

        Variables.
        """
        if self.forward_layer.states is None:
            return None
        return [*self.forward_layer.states, *self.backward_layer.states]

    def compute_output_shape(
        self, sequences_shape: Any, initial_state_shape: Any = None
    ) -> Any:
        """Return the shape of the merged output, then of states if returned."""
        found = self.forward_layer.compute_output_shape(sequences_shape)
        other = self.backward_layer.compute_output_shape(sequences_shape)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*found[1:], *other[1:])
            found, other = found[0], other[0]
        outputs = [tuple(found)]
        if self.merge_mode == "concat":
            outputs = [(*found[:-1], found[-1] + other[-1])]
        elif self.merge_mode is None:
            outputs = [tuple(found), tuple(other)]
        whole = (*outputs, *states)
        return whole[0] if len(whole) == 1 else whole

    def compute_mask(self, sequences: Any, previous_mask: Any = None) -> Any:
        """Return the mask of the input for each output, if steps are returned."""
        mask = previous_mask
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        mask = mask if self.return_sequences else None
        masks = [mask, mask] if self.merge_mode is None else [mask]
        if self.return_state:
            return [*masks, *(None for _ in range(self._count_of_states()))]
        return masks[0] if len(masks) == 1 else tuple(masks)

    def _count_of_states(self) -> int:
        both = (self.forward_layer, self.backward_layer)
        return sum(len(inner.state_size) for inner in both)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new layer around new layers."""
        made = dict(config)
        for name in ("layer", "backward_layer"):
            if made.get(name) is not None:
                made[name] = as_layer(made[name])
        return cls(**made)


def _renamed(layer: Any, prefix: str, **changes: Any) -> Any:
    """Return a new layer of a layer's config, with a prefix to its name.

    It is built if the layer was, as in Keras.
    """
    name = prefix + layer.name.removeprefix(prefix)
    made = type(layer).from_config({**layer.get_config(), **changes, "name": name})
    if layer.built:
        made.build_from_config(layer.get_build_config() or {})
    return made
