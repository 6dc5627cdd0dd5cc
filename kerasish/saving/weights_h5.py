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

from kerasish.errors import FileFormatError, explain
from kerasish.saving.hdf5_safe import (
    dataset,
    member,
    member_names,
    most_bytes,
    read_array,
    subgroup,
)
from kerasish.saving.hidden_state import write_hidden, write_training
from kerasish.saving.lazy_h5py import h5py
from kerasish.saving.optimizer_state import restore_optimizer
from kerasish.saving.registry import snake_case
from kerasish.saving.weight_match import LayerArrays, load_matched

# Keras 2.12's name for `layers`.
_OLD_LAYERS = "_layer_checkpoint_dependencies"

TreeArray = tuple[str, str, str, Any]
Roots = tuple["h5py.Group", ...]


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
    yield Node(path, owner, owner._variables_to_store())
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


def tree_arrays(model: Any) -> Iterator[TreeArray]:
    """Yield what a file of a model holds, one array after another.

    Args:
        model: A built model.

    Yields:
        The group, its owner's name, the array's name in it, and the array; or None for
        the array where the owner has no variables, as its group is there all the same.
    """
    for node in nodes(model):
        path = f"{node.path}/vars".lstrip("/")
        store: dict[str, Any] = {}
        node.owner.save_own_variables(store)
        for key, array in store.items() or [("", None)]:
            yield path, node.owner.name, key, array
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        yield from _optimizer_arrays("optimizer", optimizer)


def _optimizer_arrays(path: str, optimizer: Any) -> Iterator[TreeArray]:
    for number, variable in enumerate(optimizer.variables):
        yield f"{path}/vars", optimizer.name, str(number), variable.numpy()
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is not None:  # Keras stores its variables a second time
        yield from _optimizer_arrays(f"{path}/inner_optimizer", inner)


def write_tree(
    model: Any, file: BinaryIO, training: dict[str, Any] | None = None
) -> None:
    """Write a model's variables, and its optimizer's, into an open binary file.

    Args:
        model: A built model.
        file: Where to, from its start.
        training: How far `fit` came, for `BackupAndRestore`.
    """
    with h5py.File(file, "w") as root:
        for path, name, key, array in tree_arrays(model):
            group = root.require_group(path)
            group.attrs["name"] = name
            if array is not None:
                group.create_dataset(key, data=array)
        write_hidden(model, root)
        if training is not None:
            write_training(root, training)


def _read_bounded(found: h5py.Dataset) -> Any:
    """Read an array whose shape nobody knows, if the file can really hold it."""
    limit = most_bytes(found.file.id.get_filesize())
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
    root: h5py.Group | Roots,
    skip_mismatch: bool = False,
    objects_to_skip: Iterable[Any] = (),
    build_optimizer: bool = False,
) -> None:
    """Set a model's variables from a file in this layout.

    Args:
        model: A built model.
        root: The file, opened by `open_hdf5`; or the files it is split over.
        skip_mismatch: Warn about layers that do not fit instead of raising.
        objects_to_skip: Layers that keep their values.
        build_optimizer: Whether an optimizer that has not trained yet is given the
            moments of the file. Otherwise it keeps its settings, with a warning.

    Raises:
        FileFormatError: The weights do not fit the model.
    """
    roots = root if isinstance(root, tuple) else (root,)
    skipped = {id(layer) for layer in objects_to_skip}
    wanted = [node for node in nodes(model) if id(node.owner) not in skipped]
    own_ways = {
        node.path: _members(roots, node.path)
        for node in wanted
        if node.owner._loads_itself
    }
    matched = [
        LayerArrays(node.owner, node.variables, _stored(roots, node.path))
        for node in wanted
        if own_ways.get(node.path) is None
    ]
    needed = any(layer.variables for layer in matched)
    if needed and not any(layer.stored for layer in matched):
        raise _no_weights(model, roots[0])
    load_matched(matched, skip_mismatch)
    for node in wanted:
        found = own_ways.get(node.path)
        if found is not None:
            store = {name: _read_bounded(data) for name, data in found.items()}
            node.owner.load_own_variables(store)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and id(optimizer) not in skipped:
        _read_optimizer(model, roots, build_optimizer)


def _read_optimizer(model: Any, roots: Roots, build: bool) -> None:
    stored = _stored(roots, "optimizer")
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


def _stored(roots: Roots, path: str) -> list[h5py.Dataset]:
    """Return the variables of an object in the files, in order."""
    found = _members(roots, path) or {}
    numbers = map(str, range(len(found)))
    return [found[number] for number in numbers if number in found]


def _members(roots: Roots, path: str) -> dict[str, h5py.Dataset] | None:
    """Return the arrays of an object by name; None if no file has its group."""
    groups = [subgroup(root, f"{_in_file(root, path)}/vars") for root in roots]
    there = [group for group in groups if group is not None]
    if not there:
        return None
    found: dict[str, h5py.Dataset] = {}
    for group in there:
        for name in member_names(group):
            stored = dataset(group, name)
            if stored is not None:
                found[name] = stored
    return found


def _in_file(root: h5py.Group, path: str) -> str:
    """Return a path as this file has it, under the names of an earlier Keras too."""
    first, slash, rest = path.partition("/")
    if first == "layers" and member(root, "layers") is None:
        first = _OLD_LAYERS
    before, between, last = f"{first}{slash}{rest}".rpartition("/")
    if not between or member(root, f"{before}/{last}") is not None:
        return f"{before}{between}{last}"
    # Keras 2 kept the parts of MultiHeadAttention in attributes such as `_key_dense`.
    old = f"{before}/_{last}"
    return f"{before}/{last}" if member(root, old) is None else old


def _no_weights(model: Any, root: h5py.Group) -> FileFormatError:
    return FileFormatError(
        explain(
            "The file holds no Keras weights.",
            got=f"an HDF5 file with {member_names(root)[:8]}",
            expected=f"the weights of model '{model.name}' under 'layers'",
        )
    )
