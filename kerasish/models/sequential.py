"""Models that are a list of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import dtype_policies
from kerasish.errors import explain
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.layers.input_layer import InputLayer
from kerasish.layers.layer import Layer
from kerasish.layers.nesting import owning
from kerasish.models.model import Model
from kerasish.ops.function import Function
from kerasish.ops.operation import node_of
from kerasish.saving.registry import public
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)


@public("keras")
@public("keras.models")
class Sequential(Model):
    """A stack of layers, each fed the one before.

    Args:
        layers: The layers, from the input on.
        trainable: Whether training changes the weights.
        name: Name.

    Example:
        >>> from kerasish.layers import Dense
        >>> Sequential([Dense(2, input_shape=(3,))]).output_shape
        (None, 2)
    """

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype)
        self._stack: list[Layer] = []
        self._input_layer: InputLayer | None = None
        self._num_connected = 0
        for layer in layers or ():
            self._append(layer)
        self._maybe_build()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Args:
            layer: A layer, or an `Input` as the first of all.
            rebuild: Whether to build at once if the input's shape is known.

        Raises:
            ValueError: It is no layer, or its name is taken.
        """
        self._append(layer)
        if not rebuild:
            return
        if self._function is None:
            self._rebuild()
            return
        # the layers below are connected already
        tensor = self._function.outputs[0]
        with owning(self):
            for layer in self._stack[self._num_connected :]:
                tensor = layer(tensor)
        self._set_stack_function(tensor)

    def _append(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor):
            layer = node_of(layer).operation
        if isinstance(layer, InputLayer):
            if self._stack or self._input_layer:
                raise ValueError(
                    explain(
                        f"{self._who()} can have an input only as its first entry.",
                        got=f"'{layer.name}' after {len(self._stack)} layers",
                    )
                )
            self._input_layer = layer
            return
        if not isinstance(layer, Layer):
            raise ValueError(
                explain(
                    f"{self._who()} is made of layers.",
                    got=f"{layer!r} of type {type(layer).__name__}",
                    expected="an instance of keras.layers.Layer",
                    fix="make an instance: Dense(3), not Dense"
                    if isinstance(layer, type)
                    else None,
                )
            )
        if any(layer.name == known.name for known in self._stack):
            raise ValueError(
                explain(
                    f"{self._who()} needs a different name for each layer.",
                    got=f"a second '{layer.name}'",
                )
            )
        if not self._stack and self._input_layer is None:
            self._input_layer = _declared_input(layer)
        self._stack.append(layer)

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the top layer off and return it."""
        if not self._stack:
            raise ValueError(explain(f"{self._who()} has no layer to take off."))
        layer = self._stack.pop()
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        self.built = False
        self._function = None
        self._build_shapes = {}
        self._programs.clear()
        self._maybe_build()

    def _maybe_build(self) -> None:
        if self._input_layer is not None and self._stack:
            self.build_once(self._input_layer.batch_shape)

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input."""
        return list(self._stack)

    def build(self, input_shape: Any = None) -> None:
        """Build each layer for the output of the one before.

        Args:
            input_shape: Shape of the input, its batch axis included.
        """
        if not self._stack:
            raise ValueError(
                explain(f"{self._who()} is empty.", fix="add layers before it is used")
            )
        declared = self._input_layer
        if declared is None or not _is_shape_of(input_shape, declared):
            dtype = declared.dtype if declared else self._stack[0].compute_dtype
            declared = InputLayer(batch_shape=input_shape, dtype=dtype)
        tensor = declared.output
        for layer in self._stack:
            tensor = layer(tensor)
        # last, so that a shape that fails is not kept
        self._input_layer = declared
        self._set_stack_function(tensor)

    def _set_stack_function(self, output: KerasTensor) -> None:
        assert self._input_layer is not None
        self._function = Function(self._input_layer.output, output)
        self._num_connected = len(self._stack)
        self._programs.clear()
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Return the layers' configs, the input first, in Keras's form."""
        first = [self._input_layer] if self._input_layer else []
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
            "layers": [serialize_keras_object(la) for la in [*first, *self._stack]],
        }
        if self.built:
            config["build_input_shape"] = self._build_shapes.get("input_shape")
        return config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Sequential:
        """Return a model made from what `get_config` returned."""
        layers = [
            deserialize_keras_object(layer, custom_objects)
            for layer in config["layers"]
        ]
        model = cls(layers, name=config.get("name"), dtype=config.get("dtype"))
        model._trainable = config.get("trainable", True)
        shape = config.get("build_input_shape")
        if shape and not model.built:
            model.build_once(tuple(shape))
        return model


def _declared_input(first: Layer) -> InputLayer | None:
    """Return the input that a model's first layer says it takes, if it does."""
    if isinstance(first, Sequential):
        inner = first._input_layer
        return inner and InputLayer(batch_shape=inner.batch_shape, dtype=inner.dtype)
    shape = getattr(first, "batch_input_shape", None)
    return shape and InputLayer(batch_shape=shape, dtype=first.dtype)


def _is_shape_of(shape: Any, declared: InputLayer) -> bool:
    return shape is None or tuple(shape) == tuple(declared.batch_shape)
