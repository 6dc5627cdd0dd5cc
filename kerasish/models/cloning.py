"""`clone_model`: the same architecture with weights of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.errors import explain
from kerasish.graph import tree
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.layers.input_layer import Input, InputLayer
from kerasish.layers.layer import Layer
from kerasish.models.model import Model
from kerasish.models.sequential import Sequential
from kerasish.ops.operation import Node, OpFunction, node_of


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """Return a model of the same architecture with newly drawn weights.

    Args:
        model: The model.
        input_tensors: `KerasTensor`s, or a nesting of them, to build the clone on.
        clone_function: `clone_function(layer)` returns what stands for a layer; a
            layer made from its config by default.
        call_function: `call_function(layer, *args, **kwargs)` calls a layer of the
            clone; functional models only.
        recursive: Whether `clone_function` is for the layers of nested models too.
        **kwargs: Must be empty.

    Raises:
        ValueError: Arguments do not go together, or a subclassed model cannot be cloned
            in this way.
    """
    if kwargs:
        raise ValueError(explain("Unknown arguments.", got=", ".join(kwargs)))
    copy = _copier(clone_function, recursive)
    if isinstance(model, Sequential):
        return _clone_sequential(model, input_tensors, copy, call_function)
    if model._function is not None:
        return _clone_functional(model, input_tensors, copy, call_function)
    if input_tensors is not None or clone_function is not None:
        raise ValueError(
            explain(
                "A subclassed model is cloned through its config alone.",
                got=f"{type(model).__name__} with input_tensors or clone_function",
            )
        )
    return type(model).from_config(model.get_config())


def _copier(clone_function: Callable[[Any], Any] | None, recursive: bool) -> Any:
    def copy(layer: Any) -> Any:
        if isinstance(layer, Model) and (recursive or clone_function is None):
            return clone_model(
                layer, clone_function=clone_function, recursive=recursive
            )
        if clone_function is not None:
            return clone_function(layer)
        return type(layer).from_config(layer.get_config())

    return copy


def _clone_sequential(
    model: Sequential, input_tensors: Any, copy: Any, call_function: Any
) -> Sequential:
    if call_function is not None:
        raise ValueError(explain("`call_function` is for functional models only."))
    first: list[Any] = []
    if input_tensors is not None:
        first = [tree.flatten(input_tensors)[0]]
    elif model._input_layer is not None:
        first = [InputLayer.from_config(model._input_layer.get_config())]
    layers = [copy(layer) for layer in model.layers]
    return type(model)([*first, *layers], name=model.name)


def _clone_functional(
    model: Any, input_tensors: Any, copy: Any, call_function: Any
) -> Any:
    function = model._function
    if input_tensors is None:
        inputs = [
            Input(batch_shape=t.shape, dtype=t.dtype, name=node_of(t).operation.name)
            for t in function.inputs
        ]
    else:
        inputs = tree.flatten(input_tensors)
    made: dict[Any, Any] = {}

    def call(node: Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
        operation = node.operation
        if not isinstance(operation, Layer):
            return OpFunction(operation.function, operation.name)(*args, **kwargs)
        if operation not in made:
            made[operation] = copy(operation)
        if call_function is not None:
            return call_function(made[operation], *args, **kwargs)
        return made[operation](*args, **kwargs)

    outputs = function.run(inputs, call)
    struct = tree.pack(function.inputs_struct, inputs)
    assert all(isinstance(t, KerasTensor) for t in inputs)
    return type(model)(inputs=struct, outputs=outputs, name=model.name)
