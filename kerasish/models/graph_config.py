"""Functional models as configs and back, in the form of Keras 3's files.

A layer is listed with its calls (`inbound_nodes`); a tensor is
`[layer name, call, output]`, where calls are counted inside this model. Keras counts
the calls of a nested functional model from 1 in `output_layers`; so do we. Functions of
`kerasish.ops` are found in a closed table by the name of Keras's class (`NotEqual`).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.errors import FileFormatError, explain
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.models.function_config import (
    full_arguments,
    function_config,
    function_of,
    known_settings,
)
from kerasish.models.node_config import (
    CallConfig,
    calls_of,
    is_tensor_config,
    reference_of,
)
from kerasish.ops.function import Function
from kerasish.ops.operation import (
    Node,
    OpFunction,
    node_of,
)
from kerasish.saving.naming import avoiding
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)

_MOST_CALLS = 100_000


def is_graph_config(config: dict[str, Any]) -> bool:
    """Return whether a config is that of a functional model."""
    return {"layers", "input_layers", "output_layers"} <= set(config)


# to configs -------------------------------------------------------------------------


def graph_config(model: Any, function: Function) -> dict[str, Any]:
    """Return the config of a functional model."""
    numbers = call_numbers(function)

    def reference(tensor: KerasTensor, outer: bool = False) -> list[Any]:
        node = node_of(tensor)
        assert tensor._keras_history is not None
        shift = 1 if outer and counts_from_one(node.operation) else 0
        return [
            node.operation.name,
            numbers[node] + shift,
            tensor._keras_history.tensor_index,
        ]

    def outer(structure: Any) -> Any:
        return _mapped(lambda t: reference(t, outer=True), structure)

    return {
        "name": model.name,
        "trainable": model._trainable,
        "layers": [
            _operation_config(op, numbers, reference) for op in function.operations
        ],
        "input_layers": outer(function.inputs_struct),
        "output_layers": outer(function.outputs_struct),
    }


def counts_from_one(operation: Any) -> bool:
    """Return whether Keras counts an operation's calls from 1 in a model's outputs."""
    return type(operation).__name__ == "Functional"


def call_numbers(function: Function) -> dict[Node, int]:
    """Return the number of each call among those of its operation in this model."""
    inputs = [node_of(t) for t in function.inputs]
    counts: dict[Any, int] = defaultdict(int)
    numbers = {}
    for node in sorted({*inputs, *function.nodes}, key=lambda n: n.index):
        numbers[node] = counts[node.operation]
        counts[node.operation] += 1
    return numbers


def _operation_config(
    operation: Any, numbers: dict[Node, int], reference: Callable[..., list[Any]]
) -> dict[str, Any]:
    calls = [n for n in operation._inbound_nodes if n in numbers and n.inputs]
    if isinstance(operation, OpFunction):
        config, arguments = function_config(operation, calls[0])
        inbound = [arguments]
    else:
        config = serialize_keras_object(operation)
        inbound = [(node.args, _explicit(node.kwargs)) for node in calls]
    config["name"] = operation.name
    config["inbound_nodes"] = [
        {
            "args": _plain(list(args), reference),
            "kwargs": _plain(kwargs, reference),
        }
        for args, kwargs in inbound
    ]
    return config


def _explicit(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if value is not None}


def _plain(value: Any, reference: Callable[..., list[Any]]) -> Any:
    """Return arguments of a call as JSON, tensors as Keras marks them."""
    if isinstance(value, KerasTensor):
        return {
            "class_name": "__keras_tensor__",
            "config": {
                "shape": list(value.shape),
                "dtype": value.dtype,
                "keras_history": reference(value),
            },
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item, reference) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, reference) for key, item in value.items()}
    return serialize_keras_object(value)


def _mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    if isinstance(structure, dict):
        return {key: _mapped(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_mapped(function, value) for value in structure]
    return function(structure)


# from configs -----------------------------------------------------------------------


def graph_from_config(
    cls: Any, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
) -> Any:
    """Return the functional model that a config describes.

    Args:
        cls: The class of the model.
        config: What `graph_config` or Keras wrote.
        custom_objects: Classes by name.

    Raises:
        FileFormatError: The config is damaged, or its calls depend on each other.
    """
    rebuilt = _Rebuilding(config, custom_objects)
    with avoiding(rebuilt.operations):
        rebuilt.run()
    rest = {k: config[k] for k in ("name", "trainable") if k in config}
    inputs = _referenced(rebuilt, config["input_layers"])
    outputs = _referenced(rebuilt, config["output_layers"])
    return cls(inputs=inputs, outputs=outputs, **rest)


class _Rebuilding:
    """The layers of a config, and their calls done so far."""

    def __init__(
        self, config: dict[str, Any], custom_objects: dict[str, Any] | None
    ) -> None:
        self.operations: dict[str, Any] = {}
        self.settings: dict[str, dict[str, Any]] = {}
        self.calls: dict[str, deque[Any]] = {}
        self.made: dict[str, list[list[KerasTensor]]] = defaultdict(list)
        self.is_old = False
        for held in config["layers"]:
            name = held.get("name") or held["config"]["name"]
            operation, self.settings[name] = revived(held, custom_objects)
            self.operations[name] = operation
            calls = calls_of(held.get("inbound_nodes") or [])
            self.is_old = self.is_old or any(call.is_old for call in calls)
            self.calls[name] = deque(calls)
            self.made[name] = [n.outputs for n in operation._inbound_nodes]
            if not _is_input(operation):
                self.made[name] = []
        if sum(map(len, self.calls.values())) > _MOST_CALLS:
            raise FileFormatError(explain("The model has too many calls of layers."))

    def run(self) -> None:
        """Do all calls, each when what it needs is there."""
        ready = deque(self.operations)
        waiting: dict[str, list[str]] = defaultdict(list)
        while ready:
            name = ready.popleft()
            while self.calls[name]:
                missing = self._missing(self.calls[name][0])
                if missing is not None:
                    waiting[missing].append(name)
                    break
                self._call(name, self.calls[name].popleft())
                ready.extend(waiting.pop(name, ()))
        stuck = [name for name, calls in self.calls.items() if calls]
        if stuck:
            raise FileFormatError(
                explain(
                    "The calls of these layers wait for each other, or for layers that "
                    "are not there.",
                    got=", ".join(stuck[:8]),
                )
            )

    def _missing(self, call: Any) -> str | None:
        for name, number, _ in references(call):
            if len(self.made[name]) <= self._number(name, number, call.is_old):
                return name
        return None

    def _number(self, name: str, number: int, is_old: bool) -> int:
        """Return a call's number; Keras 2 counts those of nested models from 1."""
        nested = hasattr(self.operations.get(name), "layers")
        return number - 1 if is_old and nested and number > 0 else number

    def _call(self, name: str, call: Any) -> None:
        def tensor(value: Any) -> Any:
            if is_tensor_config(value):
                owner, number, index = reference_of(value)
                return self.made[owner][self._number(owner, number, call.is_old)][index]
            if isinstance(value, list):
                return [tensor(item) for item in value]
            if isinstance(value, dict) and "class_name" not in value:
                return {key: tensor(item) for key, item in value.items()}
            return deserialize_keras_object(value)

        operation = self.operations[name]
        if next(references(call), None) is None:
            # Without a tensor of the model it would run at once, on what a file says.
            raise FileFormatError(
                explain(
                    f"'{name}' is called without any tensor of the model.",
                    expected="every call to start from the model's inputs",
                )
            )
        args, kwargs = tensor(call.args), tensor(call.kwargs)
        if isinstance(operation, OpFunction):
            settings = self.settings[name]
            args, kwargs = full_arguments(operation.function, settings, args, kwargs)
            if operation.kind == "GetItem" and isinstance(args[1], list):
                args[1] = tuple(args[1])  # JSON knows no tuples
        operation(*args, **kwargs)
        self.made[name].append(operation._inbound_nodes[-1].outputs)

    def output(self, reference: Any) -> KerasTensor:
        """Return the tensor of an entry of `input_layers` or `output_layers`."""
        name, number, index = reference[:3]
        if counts_from_one(self.operations.get(name)) and number > 0:
            number -= 1
        try:
            tensor: KerasTensor = self.made[name][number][index]
            return tensor
        except (KeyError, IndexError):
            raise FileFormatError(
                explain("The model's config names no such tensor.", got=repr(reference))
            ) from None


def _referenced(rebuilt: _Rebuilding, structure: Any) -> Any:
    """Return the tensors of `input_layers` or `output_layers`, nested like them."""
    if isinstance(structure, dict):
        return {key: _referenced(rebuilt, value) for key, value in structure.items()}
    if structure and isinstance(structure[0], str):
        return rebuilt.output(structure)
    if rebuilt.is_old and len(structure) == 1:  # Keras 2 wrote a list of one tensor
        return _referenced(rebuilt, structure[0])
    return [_referenced(rebuilt, value) for value in structure]


def references(call: CallConfig) -> Iterator[tuple[str, int, int]]:
    """Yield layer, call and output of every tensor that a layer is called on."""
    stack: list[Any] = [call.args, call.kwargs]
    while stack:
        value = stack.pop()
        if is_tensor_config(value):
            yield reference_of(value)
        elif isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def _is_input(operation: Any) -> bool:
    nodes = operation._inbound_nodes
    return bool(nodes) and not nodes[0].inputs


def revived(
    held: dict[str, Any], custom_objects: dict[str, Any] | None
) -> tuple[Any, dict[str, Any]]:
    """Return the layer, or the function of `kerasish.ops`, that a config describes.

    With it come the settings that a file holds for a function.

    Args:
        held: An entry of a functional model's list of layers.
        custom_objects: Classes and functions by name, for those not registered.

    Raises:
        FileFormatError: It names what is unknown, or does not fit its class.
    """
    function = function_of(held)
    if function is None:
        described = {k: v for k, v in held.items() if k != "inbound_nodes"}
        return deserialize_keras_object(described, custom_objects), {}
    config = dict(held.get("config") or {})
    name = config.pop("name", None) or held.get("name")
    settings = deserialize_keras_object(config)
    return OpFunction(function, name), known_settings(function, settings)
