"""Small scopes of the top level: `device`, `name_scope`, `SymbolicScope`, `remat`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from kerasish.backend import backend_scope
from kerasish.errors import explain
from kerasish.graph.trace import scope

F = TypeVar("F", bound=Callable[..., Any])

_BACKENDS = {"cpu": "numpy", "gpu": "cupy", "cuda": "cupy"}


def device(device_name: str) -> AbstractContextManager[Any]:
    """Return a scope that computes on a kind of device, in this thread.

    Args:
        device_name: "cpu" (NumPy) or "gpu" (CuPy), with or without a number: "gpu:1".

    Raises:
        ValueError: There is no such kind.
        BackendError: When the scope is entered: there is no such GPU.
    """
    kind, colon, number = device_name.lower().partition(":")
    backend = _BACKENDS.get(kind)
    is_first = not colon or number == "0"
    if backend is None or not (is_first or (kind != "cpu" and number.isdecimal())):
        raise ValueError(
            explain(
                "There is no such device.",
                got=repr(device_name),
                expected="'cpu', 'gpu', or one of several GPUs, as 'gpu:1'",
            )
        )
    return backend_scope(backend if is_first else f"{backend}:{number}")


@contextmanager
def name_scope(name: str, **kwargs: Any) -> Iterator[None]:
    """Mark the operations traced in the block with a name, for listings and messages.

    Args:
        name: The name; without '/'.
        **kwargs: Accepted as in Keras.
    """
    if not isinstance(name, str) or "/" in name:
        raise ValueError(explain("A scope's name has no '/'.", got=repr(name)))
    with scope(name):
        yield


class SymbolicScope:
    """A block in which only forms are computed; Keras's layers ask for it.

    `KerasTensor`s are symbolic everywhere here, so the block changes nothing.
    """

    def __enter__(self) -> SymbolicScope:
        return self

    def __exit__(self, *_: Any) -> None:
        return


class RematScope:
    """A block whose layers may compute their activations again in the backward pass.

    Accepted as in Keras, without effect: the planner decides what memory holds.

    Args:
        mode: "full", "activations", "larger_than", "list_of_layers" or None.
        output_size_threshold: For "larger_than".
        layer_names: For "list_of_layers".

    Raises:
        ValueError: The mode is unknown.
    """

    _MODES = ("full", "activations", "larger_than", "list_of_layers", None)

    def __init__(
        self,
        mode: str | None = "full",
        output_size_threshold: int = 1024,
        layer_names: Any = None,
    ) -> None:
        if mode not in self._MODES:
            raise ValueError(
                explain(
                    "There is no such mode.",
                    got=repr(mode),
                    expected=", ".join(map(repr, self._MODES)),
                )
            )
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = layer_names or []

    def __enter__(self) -> RematScope:
        return self

    def __exit__(self, *_: Any) -> None:
        return


def remat(f: F) -> F:
    """Return the function; what Keras would compute again is kept here."""
    return f
