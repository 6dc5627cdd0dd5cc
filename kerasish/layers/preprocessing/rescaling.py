"""Inputs times a number plus another, such as colours brought from 0..255 to -1..1."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.backend import image_data_format
from kerasish.layers.layer import Layer
from kerasish.saving.registry import public


@public("keras.layers")
class Rescaling(Layer):
    """`inputs * scale + offset`, as floating numbers.

    Args:
        scale: A number, or one for each channel.
        offset: A number, or one for each channel.
        **kwargs: As for `Layer`.

    Example:
        >>> import numpy as np
        >>> Rescaling(1 / 127.5, offset=-1)(np.array([0.0, 127.5, 255.0])).tolist()
        [-1.0, 0.0, 1.0]
    """

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def call(self, inputs: Any) -> Any:
        """Return the inputs, scaled and shifted, in the layer's dtype."""
        inputs = ops.cast(inputs, self.compute_dtype)
        scaled = ops.multiply(inputs, self._spread(self.scale))
        return ops.add(scaled, self._spread(self.offset))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return the inputs' shape."""
        return tuple(input_shape)

    def _spread(self, values: Any) -> Any:
        """Return a number, or numbers for the channels, in the layer's dtype."""
        numbers = ops.cast(values, self.compute_dtype)
        if len(numbers.shape) == 1 and image_data_format() == "channels_first":
            return ops.reshape(numbers, (-1, 1, 1))
        return numbers
