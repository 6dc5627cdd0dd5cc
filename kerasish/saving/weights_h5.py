"""`.weights.h5`: a model's variables in the tree of Keras 3.

Every layer owns a group `.../vars` with its variables as datasets `0`, `1`, ...; its
path is made of the attributes that lead to it, and in a list of the snake case of its
class, counted (`layers/dense`, `layers/dense_1`). Layer names do not occur. The same
tree lies in a `.keras` archive, and Keras reads it: change nothing of the paths.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import h5py

from kerasish.errors import FileFormatError, explain
from kerasish.saving.hdf5_safe import (
    dataset,
    member,
    member_names,
    read_array,
    subgroup,
)
from kerasish.saving.optimizer_state import restore_optimizer
from kerasish.saving.registry import snake_case
from kerasish.saving.weight_match import LayerArrays, load_matched

# Keras 2.12's name for `layers`.
_OLD_LAYERS = "_layer_checkpoint_dependencies"
# Arrays barely shrink: one larger than this times its file is a trap.
_MAX_RATIO = 50


@dataclass(frozen=True)
class Node:
    """An object of a model that owns variables.

    Attributes:
        path: Where its group lies, such as `"layers/dense_1"`; `""` for the model.
        owner: The layer or model.
        variables: Its own variables, without those of objects inside it.
    """

    path: str
    owner: Any
    variables: Sequence[Any]


def nodes(model: Any) -> list[Node]:
    """Return a model and everything inside it that has a place in the file.

    Args:
        model: A model; its optimizer is not among them.
    """
    return list(_walk("", model, set()))


def _walk(path: str, owner: Any, seen: set[int]) -> Iterator[Node]:
    seen.add(id(owner))
    inside = list(_inside(owner, seen))
    taken = {id(weight) for _, child in inside for weight in child.weights}
    own = [weight for weight in owner.weights if id(weight) not in taken]
    yield Node(path, owner, own)
    for name, child in inside:
        if id(child) not in seen:
            yield from _walk(f"{path}/{name}".lstrip("/"), child, seen)


def _inside(owner: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield the layers inside an object with the last parts of their paths."""
    layers = getattr(owner, "layers", None)
    if isinstance(layers, (list, tuple)):
        yield from _counted("layers", layers, seen)
        return
    attributes = getattr(owner, "__dict__", {})
    for name in sorted(attributes, key=lambda n: (n.startswith("_"), n)):
        value = attributes[name]
        if _is_layer(value):
            yield name, value
        elif isinstance(value, (list, tuple)):
            yield from _counted(name, value, seen)
        elif isinstance(value, dict):
            yield from _counted(name, value.values(), seen)


def _counted(
    name: str, members: Iterable[Any], seen: set[int]
) -> Iterator[tuple[str, Any]]:
    counts: dict[str, int] = {}
    for layer in members:
        if not _is_layer(layer) or id(layer) in seen:
            continue
        # a class may be known by another name in Keras's files
        word = snake_case(getattr(layer, "_class_word", type(layer).__name__))
        number = counts.get(word, 0)
        counts[word] = number + 1
        yield f"{name}/{word}_{number}" if number else f"{name}/{word}", layer


def _is_layer(value: Any) -> bool:
    return (
        not isinstance(value, type)
        and hasattr(value, "trainable_weights")
        and hasattr(value, "get_config")
    )


def write_tree(model: Any, file: BinaryIO) -> None:
    """Write a model's variables, and its optimizer's, into an open binary file."""
    with h5py.File(file, "w") as root:
        for node in nodes(model):
            _write_vars(root, node.path, node.owner.name, node.variables)
            _write_own(root, node)
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None:
            _write_vars(root, "optimizer", optimizer.name, optimizer.variables)


def _write_vars(
    root: h5py.Group, path: str, name: str, variables: Sequence[Any]
) -> None:
    group = root.create_group(f"{path}/vars".lstrip("/"))
    group.attrs["name"] = name
    for number, variable in enumerate(variables):
        group.create_dataset(str(number), data=variable.numpy())


def _write_own(root: h5py.Group, node: Node) -> None:
    """Write what a layer keeps beside its variables, under names of its own."""
    save = getattr(node.owner, "save_own_variables", None)
    if save is not None:
        store: dict[str, Any] = {}
        save(store)
        for name, value in store.items():
            root.create_dataset(f"{node.path}/vars/{name}".lstrip("/"), data=value)


def _read_own(root: h5py.Group, node: Node) -> None:
    load = getattr(node.owner, "load_own_variables", None)
    group = subgroup(root, f"{_in_file(root, node.path)}/vars")
    if load is None or group is None:
        return
    named = [name for name in member_names(group) if not name.isdecimal()]
    found = {name: dataset(group, name) for name in named}
    load({name: _read_bounded(data) for name, data in found.items() if data})


def _read_bounded(found: h5py.Dataset) -> Any:
    """Read an array whose shape nobody knows, if the file can really hold it."""
    limit = _MAX_RATIO * found.file.id.get_filesize()
    if found.nbytes > limit:
        raise FileFormatError(
            explain(
                f"'{found.name}' is refused.",
                got=f"{found.nbytes} bytes",
                expected=f"at most {limit}, for a file of this size",
            )
        )
    return read_array(found, found.shape)


def holds_tree(root: h5py.Group) -> bool:
    """Return whether a file has the layout of this module."""
    return not {"layers", "vars", _OLD_LAYERS}.isdisjoint(member_names(root))


def read_tree(
    model: Any,
    root: h5py.Group,
    skip_mismatch: bool = False,
    objects_to_skip: Iterable[Any] = (),
    build_optimizer: bool = False,
) -> None:
    """Set a model's variables from a file in this layout.

    Args:
        model: A built model.
        root: The file, opened by `open_hdf5`.
        skip_mismatch: Warn about layers that do not fit instead of raising.
        objects_to_skip: Layers that keep their values.
        build_optimizer: Whether an optimizer that has not trained yet is given the
            moments of the file. Otherwise it keeps its settings, with a warning.

    Raises:
        FileFormatError: The weights do not fit the model.
    """
    skipped = {id(layer) for layer in objects_to_skip}
    matched = [
        LayerArrays(node.owner, node.variables, _stored(root, node.path))
        for node in nodes(model)
        if id(node.owner) not in skipped
    ]
    if not any(layer.stored for layer in matched) and model.weights:
        raise _no_weights(model, root)
    load_matched(matched, skip_mismatch)
    for node in nodes(model):
        if id(node.owner) not in skipped:
            _read_own(root, node)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and id(optimizer) not in skipped:
        _read_optimizer(model, root, build_optimizer)


def _read_optimizer(model: Any, root: h5py.Group, build: bool) -> None:
    stored = _stored(root, "optimizer")
    moments = any(found.shape for found in stored)
    if moments and not (build or model.optimizer.built):
        warnings.warn(
            f"The optimizer's state in the file is left out: '{model.optimizer.name}' "
            "has not trained yet. To go on from where the file stopped, call "
            "model.optimizer.build(model.trainable_variables) before load_weights.",
            stacklevel=2,
        )
        return
    restore_optimizer(model, [(found.name, found) for found in stored])


def _stored(root: h5py.Group, path: str) -> list[h5py.Dataset]:
    group = subgroup(root, f"{_in_file(root, path)}/vars")
    if group is None:
        return []
    found = [dataset(group, str(number)) for number in range(len(member_names(group)))]
    return [stored for stored in found if stored is not None]


def _in_file(root: h5py.Group, path: str) -> str:
    first, slash, rest = path.partition("/")
    if first == "layers" and member(root, "layers") is None:
        first = _OLD_LAYERS
    return first + slash + rest


def _no_weights(model: Any, root: h5py.Group) -> FileFormatError:
    return FileFormatError(
        explain(
            "The file holds no Keras weights.",
            got=f"an HDF5 file with {member_names(root)[:8]}",
            expected=f"the weights of model '{model.name}' under 'layers'",
        )
    )
