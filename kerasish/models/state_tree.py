"""A model's state as nested dicts of arrays, by the parts of its variables' paths.

For loops of one's own over `stateless_call`, and for files of other kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kerasish import ops
from kerasish.errors import explain, unknown_name
from kerasish.graph.variable import Variable

_FORMATS = ("backend_tensor", "numpy_array")
StateTree = dict[str, Any]


def state_tree(model: Any, value_format: str) -> StateTree:
    """Return the values of a model's variables.

    Args:
        model: A built model.
        value_format: "backend_tensor" or "numpy_array".

    Returns:
        Dicts under "trainable_variables", "non_trainable_variables",
        "optimizer_variables" and "metrics_variables".

    Raises:
        ValueError: The format is unknown.
    """
    if value_format not in _FORMATS:
        raise ValueError(unknown_name("value format", value_format, _FORMATS))
    read = _numpy if value_format == "numpy_array" else ops.copy
    tree: StateTree = {}
    for part, variables in _parts(model):
        branch = tree.setdefault(part, {})
        for variable in variables:
            *folders, name = variable.path.split("/")
            leaf = branch
            for folder in folders:
                leaf = leaf.setdefault(folder, {})
            leaf[name] = read(variable)
    return tree


def set_state_tree(model: Any, tree: Mapping[str, Any]) -> None:
    """Set a model's variables to the values of a tree.

    Args:
        model: A built model.
        tree: As `state_tree` returns it; what it leaves out stays as it is.

    Raises:
        ValueError: It holds something that the model does not have, or of another
            shape; nothing is set.
    """
    known = dict(_parts(model))
    pairs: list[tuple[Variable, Any]] = []
    for part, branch in tree.items():
        if part not in known:
            raise ValueError(unknown_name("part of a model's state", part, known))
        by_path = {variable.path: variable for variable in known[part]}
        for path, value in _leaves(branch, ""):
            pairs.append((_found(by_path, path, value, part), value))
    for variable, value in pairs:
        variable.assign(value)


def _numpy(variable: Variable) -> Any:
    return variable.numpy()


def _parts(model: Any) -> Iterator[tuple[str, list[Variable]]]:
    yield "trainable_variables", model.trainable_variables
    yield "non_trainable_variables", model.non_trainable_variables
    if getattr(model, "optimizer", None) is not None:
        yield "optimizer_variables", model.optimizer.variables
    yield "metrics_variables", model.metrics_variables


def _leaves(branch: Any, path: str) -> Iterable[tuple[str, Any]]:
    if not isinstance(branch, Mapping):
        yield path, branch
        return
    for name, inner in branch.items():
        yield from _leaves(inner, f"{path}/{name}".lstrip("/"))


def _found(
    by_path: Mapping[str, Variable], path: str, value: Any, part: str
) -> Variable:
    """Return the variable of a path, whose shape must be the value's."""
    if path not in by_path:
        raise ValueError(unknown_name(f"variable in '{part}'", path, by_path))
    variable = by_path[path]
    if tuple(variable.shape) != tuple(value.shape):
        raise ValueError(
            explain(
                f"Variable '{path}' cannot take this value.",
                got=f"shape {tuple(value.shape)}",
                expected=f"shape {tuple(variable.shape)}",
            )
        )
    return variable
