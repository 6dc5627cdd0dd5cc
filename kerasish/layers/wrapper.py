"""Layers made of layers: one inside another, and several one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.errors import explain
from kerasish.graph import tree
from kerasish.graph.masks import get_mask
from kerasish.layers.layer import Layer
from kerasish.saving.registry import public
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)


@public("keras.layers")
class Wrapper(Layer):
    """Base class of layers that hold one other.

    Args:
        layer: The layer inside.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: `layer` is no layer.
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise ValueError(
                explain(
                    f"{self._who()} holds a layer.",
                    got=f"{layer!r} of type {type(layer).__name__}",
                    expected="an instance of keras.layers.Layer",
                )
            )
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside."""
        self.layer.build_once(input_shape)
        self.built = True

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new wrapper around a new layer."""
        return cls(**{**config, "layer": as_layer(config["layer"])})


def as_layer(given: Any) -> Any:
    """Return a layer, made anew if its config is given."""
    return deserialize_keras_object(given) if isinstance(given, dict) else given


@public("keras.layers")
class Pipeline(Layer):
    """Layers applied one after another, without a model around them.

    Unlike in other layers, `training` is true unless said otherwise, as in Keras:
    pipelines are for changing data at random before training.

    Args:
        layers: The layers, first to last.
        name: Name.

    Example:
        >>> from kerasish.layers import Activation
        >>> Pipeline([Activation("relu"), Activation("tanh")])([[-1.0]]).tolist()
        [[0.0]]
    """

    _convert_input_args = False
    _allow_non_tensor_positional_args = True

    def __init__(self, layers: Sequence[Layer], name: str | None = None) -> None:
        super().__init__(name=name)
        self._pipeline_layers = [as_layer(layer) for layer in layers]
        for layer in self._pipeline_layers:
            if not isinstance(layer, Layer):
                raise ValueError(
                    explain(
                        f"{self._who()} holds layers.",
                        got=f"{layer!r} of type {type(layer).__name__}",
                        fix="make a Lambda layer of a function",
                    )
                )

    @property
    def layers(self) -> list[Layer]:
        """The layers, first to last."""
        return self._pipeline_layers

    def build(self, input_shape: Any) -> None:
        """Build the layers, each for the shape the one before it makes."""
        for layer in self._pipeline_layers:
            layer.build_once(input_shape)
            input_shape = layer.compute_output_shape(input_shape)
        self.built = True

    def call(self, inputs: Any, training: bool = True, mask: Any = None) -> Any:
        """Return what the last layer makes of what those before it made."""
        for layer in self._pipeline_layers:
            inputs = layer(inputs, **self._passed_on(layer, training, mask))
            mask = tree.map_structure(get_mask, inputs)
        return inputs

    def _passed_on(self, layer: Any, training: bool, mask: Any) -> dict[str, Any]:
        given = {"training": training, "mask": mask}
        return {
            name: value
            for name, value in given.items()
            if value is not None and layer._call_takes(name)
        }

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of what the last layer makes."""
        for layer in self._pipeline_layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the layers and the name: what Keras's config holds."""
        layers = [serialize_keras_object(layer) for layer in self._pipeline_layers]
        return {"layers": layers, "name": self.name}
