"""Structures of tensors in and out of the functions that loops and branches call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.backend import get_backend
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import as_output, current_trace
from kerasish.ops.declare import constant_tensor, convert


def is_traced(*structures: Any) -> bool:
    """Return whether to build a graph: a trace is open, or a leaf is symbolic."""
    if current_trace() is not None:
        return True
    return any(isinstance(leaf, Tensor) for leaf in tree.leaves(list(structures)))


def scalar(name: str, value: Any) -> Any:
    """Return a value as a tensor of rank 0.

    Raises:
        ShapeError: It has axes.
    """
    value = convert(value)
    if tuple(value.shape) != ():
        raise ShapeError(
            explain(
                f"`{name}` decides for the whole branch, so it must be one value.",
                got=f"shape {tuple(value.shape)}",
                expected="shape ()",
                fix="reduce it, for example with ops.any; or pick elements with "
                "ops.where",
            )
        )
    return value


def number(array: Any) -> Any:
    """Return the one element of an array as a Python number."""
    return get_backend().to_host(array).item()


def outputs(structure: Any) -> list[Tensor]:
    """Return the leaves of what a function returned as tensors, None left out."""
    leaves = [as_output(leaf) for leaf in tree.leaves(structure)]
    return [leaf for leaf in leaves if leaf is not None]


def packed(structure: Any, flat: Sequence[Any]) -> Any:
    """Return a structure with its leaves replaced, in order, None kept."""
    values = iter(flat)
    leaves = [None if x is None else next(values) for x in tree.leaves(structure)]
    return tree.pack(structure, leaves)


def _form(structure: Any) -> str:
    return repr(tree.map_structure(lambda x: None if x is None else 0, structure))


def require_same_structure(what: str, expected: Any, got: Any) -> None:
    """Raise unless two structures are nested alike.

    Raises:
        ValueError: They are not.
    """
    if _form(expected) != _form(got):
        raise ValueError(
            explain(
                f"{what} must return one structure.",
                got=_form(got),
                expected=_form(expected),
                fix="return the same nesting of lists, tuples and dicts",
            )
        )


def carried(structure: Any) -> tuple[list[Tensor], list[bool]]:
    """Return the leaves as tensors, and which of them were Python numbers."""
    given = [leaf for leaf in tree.leaves(structure) if leaf is not None]
    weak = [isinstance(leaf, (bool, int, float)) for leaf in given]
    return [constant_tensor(convert(leaf)) for leaf in given], weak


def array(x: Any) -> Any:
    """Return a leaf as a tensor; None stays."""
    return None if x is None else convert(x)
