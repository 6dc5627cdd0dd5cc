"""The functions of `kerasish.ops` on `KerasTensor`s, and the operators of those.

Every public function is wrapped once, where the package lists it: given a `KerasTensor`
it becomes a remembered `OpFunction`, otherwise it is called as it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kerasish.graph.keras_tensor import KerasTensor
from kerasish.ops.indexing import get_item
from kerasish.ops.operation import OpFunction
from kerasish.ops.operators import install_on
from kerasish.ops.shape import cast, reshape, transpose

# what can be answered from the form of a KerasTensor alone
_ON_FORMS: dict[str, Callable[..., Any]] = {
    "shape": lambda x: x.shape,
    "ndim": lambda x: x.ndim,
    "dtype": lambda x: x.dtype,
    "is_tensor": lambda x: True,
}


def _mentions_keras_tensor(values: Iterable[Any]) -> bool:
    for value in values:
        if isinstance(value, KerasTensor):
            return True
        if isinstance(value, (list, tuple)) and _mentions_keras_tensor(value):
            return True
        if isinstance(value, dict) and _mentions_keras_tensor(value.values()):
            return True
    return False


def accepting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of `kerasish.ops` that also takes `KerasTensor`s."""
    on_forms = _ON_FORMS.get(function.__name__)

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        if not _mentions_keras_tensor(args) and not (
            kwargs and _mentions_keras_tensor(kwargs.values())
        ):
            return function(*args, **kwargs)
        if on_forms is not None:
            return on_forms(*args, **kwargs)
        return OpFunction(function)(*args, **kwargs)

    return public


def accept_keras_tensors(module: dict[str, Any], names: Iterable[str]) -> None:
    """Make the listed functions of a module take `KerasTensor`s."""
    for name in names:
        if callable(module[name]) and not hasattr(module[name], "_accepts"):
            module[name] = accepting(module[name])
            module[name]._accepts = True


def _rows(self: Any) -> Iterator[Any]:
    return (self[i] for i in range(len(self)))


def _install() -> None:
    owner: Any = KerasTensor
    install_on(owner, accepting)
    owner.__getitem__ = accepting(get_item)
    owner.__iter__ = _rows
    owner.T = property(accepting(transpose))
    reshaped = accepting(reshape)
    owner.reshape = lambda self, *to: reshaped(self, to[0] if len(to) == 1 else to)
    owner.astype = accepting(cast)


_install()
