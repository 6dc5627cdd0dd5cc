"""A layer applied to each step of a sequence."""

from __future__ import annotations

import math
from typing import Any

from kerasish import ops
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
        """Build the layer for one step."""
        self.layer.build_once((input_shape[0], *input_shape[2:]))
        self.built = True

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        """Return (batch, steps, ...) of the layer's outputs.

        Args:
            inputs: (batch, steps, ...).
            training: Whether the layer behaves as in training.
            mask: (batch, steps), or with the axes of a step, handed to the layer.
        """
        batch, steps = inputs.shape[:2]
        rows = ops.reshape(inputs, (batch * steps, *inputs.shape[2:]))
        given: dict[str, Any] = {}
        if mask is not None and self.layer._call_takes("mask") and len(mask.shape) > 2:
            given["mask"] = ops.reshape(mask, (batch * steps, *mask.shape[2:]))
        outputs = self.layer(rows, training=training, **given)
        lengths = outputs.shape[1:]
        assert math.prod(outputs.shape) == batch * steps * math.prod(lengths)
        return ops.reshape(outputs, (batch, steps, *lengths))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the layer's shape for one step, with the steps put in."""
        batch, steps = input_shape[:2]
        inner = self.layer.compute_output_shape((batch, *input_shape[2:]))
        return map_shapes(lambda s: (s[0], steps, *s[1:]), inner)
