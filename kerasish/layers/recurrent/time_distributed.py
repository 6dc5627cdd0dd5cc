"""A layer applied to each step of a sequence."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.layers.layer import Layer
from kerasish.layers.shapes import map_shapes
from kerasish.layers.wrapper import Wrapper
from kerasish.saving.registry import public


@public("keras.layers")
class TimeDistributed(Wrapper):
    """A layer applied to each step of (batch, steps, ...), all steps as one batch.

    Args:
        layer: The layer.
        **kwargs: As for `Layer`.
    """

    supports_masking = True

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        """Build the layer for one step.

        Args:
            input_shape: (batch, steps, ...).

        Raises:
            ShapeError: There are no steps.
        """
        self._require_steps(input_shape)
        self.layer.build_once((input_shape[0], *input_shape[2:]))
        self.built = True

    def _require_steps(self, shape: Any) -> None:
        if len(shape) < 3:
            raise ShapeError(
                explain(
                    f"{self._who()} goes over the steps of sequences.",
                    got=f"shape {tuple(shape)}",
                    expected="at least 3 axes: batch, steps, features",
                )
            )

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return (batch, steps, ...) of the layer's outputs.

        Args:
            inputs: (batch, steps, ...).
            training: Whether the layer behaves as in training.
            mask: (batch, steps), or with the axes of a step, handed to the layer.
        """
        batch, steps = inputs.shape[:2]

        def as_rows(x: Any) -> Any:
            return ops.reshape(x, (batch * steps, *x.shape[2:]))

        given: dict[str, Any] = {} if training is None else {"training": training}
        if mask is not None and self.layer._call_takes("mask"):
            given["mask"] = as_rows(mask)
        outputs = self.layer(as_rows(inputs), **given)
        return tree.map_structure(
            lambda y: ops.reshape(y, (batch, steps, *y.shape[1:])), outputs
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the layer's shape for one step, with the steps put in."""
        self._require_steps(input_shape)
        batch, steps = input_shape[:2]
        inner = self.layer.compute_output_shape((batch, *input_shape[2:]))
        return map_shapes(lambda s: (s[0], steps, *s[1:]), inner)
