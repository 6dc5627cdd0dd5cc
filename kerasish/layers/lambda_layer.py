"""A function as a layer.

Its config names the function; a Python lambda has no name, and code is never written to
a file or read from one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from kerasish.errors import FileFormatError, explain
from kerasish.layers.layer import Layer
from kerasish.layers.shapes import is_shape
from kerasish.ops.operation import output_spec
from kerasish.saving.registry import public
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)


@public("keras.layers")
class Lambda(Layer):
    """A function of tensors, written in `kerasish.ops`, as a layer.

    Args:
        function: Called as `function(inputs)`; `mask` and `training` are given to it if
            it takes them.
        output_shape: Shape of one output sample, or a function from the input's shape;
            worked out by tracing the function by default.
        mask: The output's mask, or a function `mask(inputs, mask)` that returns it.
        arguments: Further keyword arguments of the function.
        **kwargs: As for `Layer`.

    Raises:
        TypeError: `function` cannot be called.

    Example:
        >>> Lambda(lambda x: x * 2)([[1.0, 2.0]]).tolist()
        [[2.0, 4.0]]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(
                explain(
                    f"{self._who()} needs a function.",
                    got=f"{function!r} of type {type(function).__name__}",
                )
            )
        self.function = function
        self.arguments = dict(arguments or {})
        self._mask = mask
        self._output_shape = output_shape
        self.supports_masking = mask is not None
        taken = inspect.signature(function).parameters
        self._taken = [name for name in ("mask", "training") if name in taken]
        self.built = True

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Return what the function returns."""
        given = {"mask": mask, "training": training}
        own = {name: given[name] for name in self._taken}
        return self.function(inputs, **{**self.arguments, **own})

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape that was given or computed by the user, else by tracing."""
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        first = input_shape if is_shape(input_shape) else input_shape[0]
        given = self._output_shape
        return (first[0], *((given,) if isinstance(given, int) else given))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the form of the output, from tracing the function if no shape is said.

        Tracing tells the dtype, too, which a function may change.
        """
        if self._output_shape is None:
            return output_spec(self._called, args, kwargs)
        return super().compute_output_spec(*args, **kwargs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask that was given, or computed by the user."""
        return self._mask(inputs, mask) if callable(self._mask) else self._mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, functions by their names.

        Raises:
            ValueError: A function is a lambda.
        """
        config = super().get_config()
        config["function"] = serialize_keras_object(self.function)
        for name in ("output_shape", "mask"):
            if config[name] is None:
                del config[name]
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a layer of functions found by their names.

        Raises:
            FileFormatError: The config holds code.
        """
        function = config.get("function")
        if not isinstance(function, dict) and not callable(function):
            raise FileFormatError(
                explain(
                    f"Lambda '{config.get('name')}' holds Python code, which is never "
                    "run from a file.",
                    expected="a function found by its name",
                    fix="write it as a named function under "
                    "@keras.saving.register_keras_serializable(), or build the model "
                    "in Python and read only its weights: model.load_weights(file) "
                    "accepts this file too",
                )
            )
        made = {**config}
        for name in ("function", "output_shape", "mask"):
            if isinstance(made.get(name), dict):
                made[name] = deserialize_keras_object(made[name])
        return cls(**made)
