"""One call of a layer, as files of Keras 3 and of Keras 2 hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class CallConfig:
    """The arguments of a call, tensors as Keras 3 marks them.

    Attributes:
        args: Positional arguments.
        kwargs: Keyword arguments.
        is_old: Whether Keras 2 wrote it.
    """

    args: list[Any]
    kwargs: dict[str, Any]
    is_old: bool = False


def is_tensor_config(value: Any) -> bool:
    """Return whether a value stands for a tensor of the model."""
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def reference_of(value: dict[str, Any]) -> tuple[str, int, int]:
    """Return layer name, call and output of what stands for a tensor."""
    name, node, index = value["config"]["keras_history"]
    return str(name), int(node), int(index)


def calls_of(inbound_nodes: list[Any]) -> list[CallConfig]:
    """Return the calls in a layer's `inbound_nodes`, of Keras 3 or Keras 2."""
    if inbound_nodes and _is_old_tensor(inbound_nodes[0]):
        inbound_nodes = [inbound_nodes]  # operations of TensorFlow: one level less
    return [_call(entry) for entry in inbound_nodes]


def _call(entry: Any) -> CallConfig:
    if isinstance(entry, dict):
        return CallConfig(list(entry.get("args", ())), dict(entry.get("kwargs", {})))
    tensors = [_tensor(*held[:3]) for held in entry]
    kwargs = next((held[3] for held in entry if len(held) > 3), None) or {}
    kwargs = {key: _old_argument(value) for key, value in kwargs.items()}
    first = tensors[0] if len(tensors) == 1 else tensors
    return CallConfig([first], kwargs, is_old=True)


def _is_old_tensor(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and isinstance(value[2], int)
    )


def _old_argument(value: Any) -> Any:
    if _is_old_tensor(value):
        return _tensor(*value[:3])
    if isinstance(value, list):
        return [_old_argument(item) for item in value]
    return value


def _tensor(name: str, node: int, index: int) -> dict[str, Any]:
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": None, "dtype": None, "keras_history": [name, node, index]},
    }
