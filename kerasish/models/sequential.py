"""Models that are a list of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.layers.input_layer import InputLayer, KerasTensor
from kerasish.layers.layer import Layer
from kerasish.models.model import Model
from kerasish.saving.registry import public
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_dtype,
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
        self._shapes: list[Any] = []
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
        if rebuild:
            self._rebuild()

    def _append(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor):
            layer = layer.layer
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
        self._build_shape = None
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
        if declared is None:
            declared = InputLayer(batch_shape=input_shape, dtype=self._stack[0].dtype)
        shape = tuple(input_shape or declared.batch_shape)
        shapes = []
        for layer in self._stack:
            layer.check_shape(shape)
            layer.build_once(shape)
            shape = layer.compute_output_shape(shape)
            shapes.append(shape)
        # last, so that a shape that fails is not kept
        self._input_layer, self._shapes = declared, shapes

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the last layer's output."""
        inputs = self._with_declared_rank(inputs)
        for layer in self._stack:
            inputs = layer(inputs, training=training)
        return inputs

    def _with_declared_rank(self, inputs: Any) -> Any:
        """Return the input with a last axis of length 1 added or taken off, if it fits.

        So a vector feeds `Input((1,))`, and images without channels `Input((h, w, 1))`.

        Raises:
            ShapeError: The input has another number of axes than was declared.
        """
        if self._input_layer is None or not hasattr(inputs, "shape"):
            return inputs
        declared, given = self._input_layer.batch_shape, tuple(inputs.shape)
        if len(given) == len(declared):
            return inputs
        if len(given) + 1 == len(declared) and declared[-1] == 1:
            return ops.expand_dims(inputs, -1)
        if len(given) == len(declared) + 1 and given[-1] == 1:
            return ops.squeeze(inputs, -1)
        raise ShapeError(
            explain(
                f"{self._who()} cannot take this input.",
                got=f"shape {given}",
                expected=f"shape {declared}, for its first layer "
                f"'{self._stack[0].name}'",
                fix="reshape the input; a single sample needs a batch axis: x[None]",
            )
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the last layer's output."""
        for layer in self._stack:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    @property
    def input_shape(self) -> Any:
        """Shape of the input, None for the batch axis.

        Raises:
            AttributeError: The model is not built.
        """
        self._require_built("input_shape")
        assert self._input_layer is not None
        return self._input_layer.batch_shape

    @property
    def output_shape(self) -> Any:
        """Shape of the output, None for the batch axis.

        Raises:
            AttributeError: The model is not built.
        """
        self._require_built("output_shape")
        return self._shapes[-1]

    def layer_output_shapes(self) -> list[Any]:
        """Return the shape of each layer's output; None where it is not known yet."""
        return list(self._shapes) if self.built else [None] * len(self._stack)

    def _require_built(self, attribute: str) -> None:
        if not self.built:
            raise AttributeError(
                explain(
                    f"{self._who()} has no {attribute} yet: it is not built.",
                    fix="call it on data, or begin it with Input(shape)",
                )
            )

    def get_config(self) -> dict[str, Any]:
        """Return the layers' configs, the input first, in Keras's form."""
        first = [self._input_layer] if self._input_layer else []
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": serialize_dtype(self.dtype),
            "layers": [serialize_keras_object(la) for la in [*first, *self._stack]],
        }
        if self.built:
            config["build_input_shape"] = self._build_shape
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
