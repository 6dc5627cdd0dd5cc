"""The arguments of one call of a layer: tensors, and what is filled in.

`call(self, query, value, mask=None, training=False)` is read once per class. Tensor
arguments give the shapes that `build` asks for; `mask` and `<argument>_mask` are filled
from the masks that tensors carry, `training` from the call around.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from kerasish.graph import tree
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.graph.masks import get_mask
from kerasish.graph.tensor import Tensor


class Signature:
    """What a method takes.

    Args:
        function: The method, not bound: its first parameter is `self`.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        parameters = list(inspect.signature(function).parameters.values())[1:]
        variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        self.names = [p.name for p in parameters if p.kind not in variable]
        self.takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
        self.is_variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        self.defaults = {
            p.name: p.default for p in parameters if p.default is not p.empty
        }
        self.positional = [
            p.name
            for p in parameters
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]

    def takes(self, name: str) -> bool:
        """Return whether there is a parameter of this name."""
        return name in self.names

    def bound(self, args: Iterable[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the given arguments by name; further positional ones are left out."""
        return {**dict(zip(self.positional, args, strict=False)), **kwargs}


@cache
def signature_of(function: Callable[..., Any]) -> Signature:
    """Return the signature of a method, read once."""
    return Signature(function)


def is_tensor_like(value: Any) -> bool:
    """Return whether a value has a shape and a dtype: any array or tensor."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def tensor_arguments(given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that are tensors, or nested structures of only tensors."""
    found = {}
    for name, value in given.items():
        if name == "mask" or name.endswith("_mask"):
            continue
        there = [leaf for leaf in tree.leaves(value) if leaf is not None]
        if there and all(is_tensor_like(leaf) for leaf in there):
            found[name] = value
    return found


def fill_masks(
    signature: Signature,
    tensors: dict[str, Any],
    given: dict[str, Any],
    kwargs: dict[str, Any],
) -> None:
    """Give `kwargs` the masks that tensor arguments carry and `call` asks for.

    The mask of the first argument is `mask`, of others `<argument>_mask`, as in Keras.
    """
    first = next(iter(tensors), None)
    for name, value in tensors.items():
        wanted = f"{name}_mask"
        if name == first and signature.takes("mask"):
            wanted = "mask"
        if not signature.takes(wanted) or given.get(wanted) is not None:
            continue
        masks = tree.map_structure(get_mask, value)
        if any(mask is not None for mask in tree.leaves(masks)):
            kwargs[wanted] = masks


def is_symbolic(value: Any) -> bool:
    """Return whether a value is a tensor of a trace or of a model being made."""
    return isinstance(value, (Tensor, KerasTensor))
