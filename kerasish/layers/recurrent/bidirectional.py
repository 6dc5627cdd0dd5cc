"""A recurrent layer run in both directions."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import explain, unknown_name
from kerasish.layers.layer import Layer
from kerasish.layers.wrapper import as_layer
from kerasish.saving.registry import public

_MODES = ("sum", "mul", "ave", "concat", None)


@public("keras.layers")
class Bidirectional(Layer):
    """A recurrent layer and its mirror image, their outputs merged.

    Args:
        layer: A recurrent layer.
        merge_mode: "concat", "sum", "mul", "ave", or None for a list of both.
        weights: Initial weights, forward ones first.
        backward_layer: The layer that goes backwards; made from `layer` by default.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: The layer is none, or the mode is unknown.

    References:
        Schuster & Paliwal, "Bidirectional Recurrent Neural Networks", IEEE 1997.
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
        if not isinstance(layer, Layer):
            raise ValueError(
                explain(f"{self._who()} wraps a recurrent layer.", got=repr(layer))
            )
        if merge_mode not in _MODES:
            known = [str(mode) for mode in _MODES]
            raise ValueError(unknown_name("merge_mode", str(merge_mode), known))
        self.merge_mode = merge_mode
        self.layer = layer
        made = self._mirrored(layer) if backward_layer is None else backward_layer
        self._given_backward = backward_layer
        self.forward_layer = type(layer).from_config(layer.get_config())
        self.forward_layer.name = f"forward_{layer.name}"
        self.backward_layer = made
        if backward_layer is None:
            self.backward_layer.name = f"backward_{layer.name}"
        for inner in (self.forward_layer, self.backward_layer):
            inner._path = inner.name
        self._check_pair()
        self.return_sequences = layer.return_sequences  # type: ignore[attr-defined]
        self.return_state = layer.return_state  # type: ignore[attr-defined]
        self.initial_weights = weights
        del self.layer  # the config's; the two made from it hold the weights

    def _mirrored(self, layer: Any) -> Any:
        config = layer.get_config()
        config["go_backwards"] = not config.get("go_backwards", False)
        return type(layer).from_config(config)

    def _check_pair(self) -> None:
        one, other = self.forward_layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            raise ValueError(
                explain(
                    f"{self._who()} needs layers of both directions.",
                    got=f"go_backwards={one.go_backwards} in both",
                )
            )

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both layers."""
        for inner in (self.forward_layer, self.backward_layer):
            inner.build_once(sequences_shape)
        self.built = True
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Return the merged outputs, then both layers' states if they are returned.

        Args:
            sequences: (batch, steps, features).
            initial_state: States of the forward layer, then of the backward layer.
            mask: (batch, steps).
            training: Whether the layers behave as in training.
        """
        first = second = None
        if initial_state is not None:
            half = len(initial_state) // 2
            first, second = initial_state[:half], initial_state[half:]
        given = {"mask": mask, "training": training}
        forward = self.forward_layer(sequences, initial_state=first, **given)
        backward = self.backward_layer(sequences, initial_state=second, **given)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.return_sequences:
            backward = ops.flip(backward, axis=1)
        merged = self._merged(forward, backward)
        if not self.return_state:
            return merged
        both = tuple(merged) if self.merge_mode is None else (merged,)
        return (*both, *states)

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
            inner.reset_state()

    reset_states = reset_state

    def compute_output_shape(
        self, sequences_shape: Any, initial_state_shape: Any = None
    ) -> Any:
        """Return the shape of the merged output, then of states if returned."""
        found = self.forward_layer.compute_output_shape(sequences_shape)
        states: tuple[Any, ...] = ()
        if self.return_state:
            found, states = found[0], tuple(found[1:])
        output: Any = (found,)
        if self.merge_mode == "concat":
            output = ((*found[:-1], found[-1] * 2),)
        elif self.merge_mode is None:
            output = (found, found)
        whole = (*output, *states, *states)
        return whole[0] if len(whole) == 1 else whole

    def compute_mask(self, sequences: Any, previous_mask: Any = None) -> Any:
        """Return the mask of the input, if steps are returned."""
        mask = previous_mask
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        mask = mask if self.return_sequences else None
        masks: Any = [mask, mask] if self.merge_mode is None else mask
        if not self.return_state:
            return masks
        found = masks if isinstance(masks, list) else [masks]
        counts = len(self.forward_layer._state_shapes(None)) * 2
        return [*found, *(None for _ in range(counts))]

    def get_config(self) -> dict[str, Any]:
        """Return the config, with Keras's keys."""
        config = super().get_config()
        config.pop("weights", None)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new layer around new layers."""
        made = dict(config)
        for name in ("layer", "backward_layer"):
            if made.get(name) is not None:
                made[name] = as_layer(made[name])
        return cls(**made)
