"""One call of a layer, as files of Keras 3 and of Keras 2 hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kerasish.saving.old_calls import is_old_tensor, old_call


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
    if inbound_nodes and is_old_tensor(inbound_nodes[0]):
        inbound_nodes = [inbound_nodes]  # operations of TensorFlow: one level less
    return [_call(entry) for entry in inbound_nodes]


def _call(entry: Any) -> CallConfig:
    if isinstance(entry, dict):
        args, kwargs = entry.get("args", ()), entry.get("kwargs", {})
        return CallConfig(list(args), dict(kwargs), bool(entry.get("is_old")))
    tensors, kwargs = old_call(entry)
    first = tensors[0] if len(tensors) == 1 else tensors
    return CallConfig([first], kwargs, is_old=True)
