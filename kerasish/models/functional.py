"""`Model(inputs, outputs)`: a model read off symbolic tensors, and its config.

`GraphModel` is what `Model` gains when it is given inputs and outputs; `Functional` is
the class of a model that is nothing else.
"""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.graph.masks import get_mask, set_mask
from kerasish.layers.input_layer import Input, InputLayer
from kerasish.layers.layer import Layer
from kerasish.layers.shapes import map_shapes
from kerasish.ops.function import Function
from kerasish.ops.operation import Node, node_of


def functional_arguments(args: Any, kwargs: dict[str, Any]) -> tuple[Any, Any] | None:
    """Return `(inputs, outputs)` if a model is made from tensors, else None."""
    if len(args) == 2 or (len(args) == 1 and "outputs" in kwargs):
        return args[0], args[1] if len(args) == 2 else kwargs["outputs"]
    if "inputs" in kwargs and "outputs" in kwargs:
        return kwargs["inputs"], kwargs["outputs"]
    return None


def make_function(inputs: Any, outputs: Any) -> Function:
    """Return the function between tensors, beginning at input layers of its own.

    Raises:
        ValueError: Something is no `KerasTensor`, or they are not connected.
    """
    for kind, given in (("inputs", inputs), ("outputs", outputs)):
        for leaf in tree.leaves(given):
            if not isinstance(leaf, KerasTensor):
                raise ValueError(_no_keras_tensor(kind, leaf))
    flat = tree.flatten(inputs)
    if all(isinstance(node_of(t).operation, InputLayer) for t in flat):
        return Function(inputs, outputs)
    # inputs in mid-graph: the part behind them is called anew on inputs of its own
    between = Function(inputs, outputs)
    fresh = [
        t
        if isinstance(node_of(t).operation, InputLayer)
        else Input(batch_shape=t.shape, dtype=t.dtype)
        for t in flat
    ]
    return Function(tree.pack(inputs, fresh), between.run(fresh))


def _no_keras_tensor(kind: str, leaf: Any) -> str:
    return explain(
        f"The {kind} of a model are KerasTensors.",
        got=f"{leaf!r} of type {type(leaf).__name__}",
        fix="begin with x = keras.Input(shape) and call layers on it",
    )


def run(model: Any, function: Function, inputs: Any, training: Any, mask: Any) -> Any:
    """Return a functional model's outputs.

    Args:
        model: The model, for messages.
        function: Its operations.
        inputs: Nested like the model's inputs, or a dict by their names, or flat.
        training: Whether layers behave as in training; None if nobody said.
        mask: Masks of the inputs, if they do not carry them.
    """
    flat = [
        _fitting(model, declared, value)
        for declared, value in zip(
            function.inputs, _flat_inputs(model, function, inputs), strict=True
        )
    ]
    if mask is not None:
        for value, one in zip(flat, tree.flatten(mask), strict=False):
            if one is not None:
                set_mask(value, one)

    def call(node: Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
        layer = node.operation
        wants = isinstance(layer, Layer) and layer._call_takes("training")
        if wants and training is not None:
            # as in Keras, even where the graph was made with `training=` of its own
            kwargs = {**kwargs, "training": training}
        return layer(*args, **kwargs)

    return _unpacked(function.run(flat, call))


def _unpacked(outputs: Any) -> Any:
    """Return the only output of a list or tuple of one, as Keras does."""
    if isinstance(outputs, (list, tuple)) and len(outputs) == 1:
        return outputs[0]
    return outputs


def _flat_inputs(model: Any, function: Function, inputs: Any) -> list[Any]:
    """Return the inputs in the order of the function's."""
    names = [node_of(t).operation.name for t in function.inputs]
    if isinstance(inputs, dict):
        keyed = function.inputs_struct
        wanted = list(keyed) if isinstance(keyed, dict) else names
        missing = [name for name in wanted if name not in inputs]
        optional = {
            name
            for name, t in zip(names, function.inputs, strict=True)
            if node_of(t).operation.optional
        }
        if [m for m in missing if m not in optional]:
            raise ValueError(_wrong_inputs(model, f"keys {list(inputs)}", wanted))
        if isinstance(keyed, dict):
            return tree.flatten({k: inputs.get(k) for k in keyed})
        return [inputs.get(name) for name in names]
    flat = tree.flatten(inputs)
    if len(flat) != len(names):
        raise ValueError(_wrong_inputs(model, f"{len(flat)} tensors", names))
    return flat


def _wrong_inputs(model: Any, got: str, wanted: list[str]) -> str:
    return explain(
        f"{model._who()} takes {len(wanted)} inputs.",
        got=got,
        expected=f"inputs {wanted}",
        fix="give a list in this order, or a dict by these names",
    )


def _fitting(model: Any, declared: KerasTensor, value: Any) -> Any:
    """Return an input with the rank and dtype that were declared.

    A last axis of length 1 is added or taken off, so that a vector feeds `Input((1,))`,
    and images without channels `Input((h, w, 1))`.

    Raises:
        ShapeError: The input has another shape than was declared.
    """
    if value is None:
        return None
    given, wanted = tuple(value.shape), declared.shape
    fitted = value
    if len(given) + 1 == len(wanted) and wanted[-1] == 1:
        fitted = ops.expand_dims(value, -1)
    elif len(given) == len(wanted) + 1 and given[-1] == 1:
        fitted = ops.squeeze(value, -1)
    elif len(given) != len(wanted):
        raise ShapeError(_wrong_shape(model, declared, given))
    given_dtype = str(fitted.dtype)
    both_float = dtypes.is_float(given_dtype) and dtypes.is_float(declared.dtype)
    if given_dtype != declared.dtype and not both_float:  # layers cast floats
        fitted = ops.cast(fitted, declared.dtype)
    if fitted is not value and get_mask(value) is not None:
        set_mask(fitted, get_mask(value))
    return fitted


def _wrong_shape(model: Any, declared: KerasTensor, given: Any) -> str:
    name = node_of(declared).operation.name
    consumers = node_of(declared).operation._outbound_nodes
    place = f"for input '{name}'"
    if consumers and len(model.inputs) == 1:
        place = f"for its first layer '{consumers[0].operation.name}'"
    return explain(
        f"{model._who()} cannot take this input.",
        got=f"shape {given}",
        expected=f"shape {declared.shape}, {place}",
        fix="reshape the input; a single sample needs a batch axis: x[None]",
    )


def layer_order(function: Function) -> list[Layer]:
    """Return the layers of a function in Keras's order, input layers included."""
    return [op for op in function.operations if isinstance(op, Layer)]


def output_shapes(function: Function) -> Any:
    """Return the shape of a function's output, a list of several."""
    return _shapes(function.outputs)


def input_shapes(function: Function) -> Any:
    """Return the shape of a function's input, a list of several."""
    return _shapes(function.inputs)


def _shapes(tensors: list[KerasTensor]) -> Any:
    shapes = [t.shape for t in tensors]
    return shapes[0] if len(shapes) == 1 else shapes


def output_names(function: Function) -> list[str]:
    """Return the names of the layers that give the outputs, numbered where needed."""
    names: list[str] = []
    for tensor in function.outputs:
        base = name = node_of(tensor).operation.name
        count = 0
        while name in names:
            count += 1
            name = f"{base}_{count}"
        names.append(name)
    return names


def shapes_for(function: Function, input_shape: Any, dtype: str) -> Any:
    """Return the shapes of a function's outputs for inputs of other shapes."""
    shapes: list[Any] = []
    map_shapes(shapes.append, input_shape)
    inputs = [
        KerasTensor(shape, declared.dtype, record_history=False)
        for shape, declared in zip(shapes, function.inputs, strict=True)
    ]
    found = _quietly(function, inputs)
    return tree.map_structure(lambda t: t.shape, found)


def _quietly(function: Function, inputs: list[Any]) -> Any:
    """Run a function on symbolic inputs without adding to its layers' history."""

    def form(node: Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return node.operation.compute_output_spec(*args, **kwargs)

    return function.run(inputs, form)
