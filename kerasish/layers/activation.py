"""Activations as layers."""

from __future__ import annotations

from typing import Any

from kerasish import activations
from kerasish.layers.layer import Layer
from kerasish.saving.registry import public


@public("keras.layers")
class Activation(Layer):
    """An activation function, elementwise (or along the last axis, as softmax is).

    Args:
        activation: A name or callable.
        **kwargs: As for `Layer`.
    """

    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the activations, of the input's shape."""
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape."""
        return input_shape
