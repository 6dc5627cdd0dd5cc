"""Calls of layers in the form of Keras 2, in the marks of Keras 3.

Keras 2 wrote a tensor as `[layer name, call, output]`, with the keyword arguments of
the call as a fourth entry of the first one. `models.node_config` reads calls with the
functions here, `older_configs` rewrites those whose meaning changed.
"""

from __future__ import annotations

from typing import Any

Call = dict[str, Any]


def is_old_tensor(value: Any) -> bool:
    """Return whether a value is a tensor as Keras 2 wrote it."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and isinstance(value[2], int)
    )


def tensor_config(name: str, node: int, index: int) -> Call:
    """Return what Keras 3 writes for a tensor; its form is left open."""
    history = [name, node, index]
    config = {"shape": None, "dtype": None, "keras_history": history}
    return {"class_name": "__keras_tensor__", "config": config}


def modern_argument(value: Any) -> Any:
    """Return an argument of a call with the tensors in it as Keras 3 marks them."""
    if is_old_tensor(value):
        return tensor_config(*value[:3])
    if isinstance(value, list):
        return [modern_argument(item) for item in value]
    return value


def old_call(entry: list[Any]) -> tuple[list[Call], dict[str, Any]]:
    """Return the tensors a layer was called on, and its keyword arguments.

    Args:
        entry: One call: a list of `[name, call, output, keyword arguments]`.
    """
    tensors = [tensor_config(*held[:3]) for held in entry]
    kwargs = next((held[3] for held in entry if len(held) > 3), None) or {}
    return tensors, {key: modern_argument(value) for key, value in kwargs.items()}
