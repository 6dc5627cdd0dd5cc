"""Layers that change nothing: one says which time steps count, one not even that."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.layers.layer import Layer
from kerasish.layers.shapes import map_shapes
from kerasish.saving.registry import public


@public("keras.layers")
class Masking(Layer):
    """Time steps that hold nothing but one value masked, for the layers behind.

    Args:
        mask_value: The value; a step whose features all equal it is skipped.
        **kwargs: As for `Layer`.

    Example:
        >>> layer = Masking()
        >>> layer.compute_mask([[[0.0, 0.0], [0.0, 1.0]]]).tolist()
        [[False, True]]
    """

    supports_masking = True

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.built = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return which steps hold another value, (batch, steps)."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        """Return the input, with 0 in steps that are masked."""
        kept = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return ops.multiply(inputs, ops.cast(kept, inputs.dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape."""
        return input_shape


@public("keras.layers")
class Identity(Layer):
    """The input as it is; arguments as for `Layer`."""

    supports_masking = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the input."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape, or shapes."""
        return map_shapes(tuple, input_shape)
