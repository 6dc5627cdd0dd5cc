"""`KerasFileEditor`: look into a file of weights, mend it, save it anew.

For weights that no longer fit a model because layers were renamed, added or removed. A
file is read once, through the safe readers, into a table of objects and their arrays;
every edit changes that table only.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kerasish.errors import FileFormatError, explain, unknown_name
from kerasish.saving.api import naming
from kerasish.saving.atomic import atomic_write
from kerasish.saving.hdf5_safe import (
    dataset,
    member_names,
    open_hdf5,
    read_array,
    subgroup,
    text_attribute,
)
from kerasish.saving.keras_archive import archived_metadata, archived_weights
from kerasish.saving.lazy_h5py import h5py
from kerasish.saving.weights_h5 import write_tree

_ENDINGS = (".weights.h5", ".keras")
_MAX_DEPTH = 64
# Arrays barely shrink: more than this times the file is a trap.
_MAX_RATIO = 50

Arrays = dict[str, np.ndarray]


class KerasFileEditor:
    """Inspect, compare and edit the weights in a `.weights.h5` or `.keras` file.

    Objects are named by their path in the file, such as `"layers/dense_2"`, or by its
    last part where that is the only one of that name. The file itself is not changed:
    `save` writes a new one.

    Args:
        filepath: The file.

    Raises:
        FileFormatError: It is no such file, or damaged.
        FileNotFoundError: There is no such file.

    Example:
        >>> editor = KerasFileEditor("model.weights.h5")  # doctest: +SKIP
        >>> editor.rename_object("dense_3", "dense_2")  # doctest: +SKIP
        >>> editor.save("mended.weights.h5")  # doctest: +SKIP
    """

    def __init__(self, filepath: str | os.PathLike[str]) -> None:
        self.filepath = os.fspath(filepath)
        if not self.filepath.endswith(_ENDINGS):
            raise FileFormatError(
                explain(
                    "The file cannot be edited.",
                    got=f"filepath='{self.filepath}'",
                    expected="a name that ends in .weights.h5 or .keras",
                )
            )
        self.metadata: Any = None
        source: Any = self.filepath
        with naming(self.filepath):
            if self.filepath.endswith(".keras"):
                self.metadata = archived_metadata(self.filepath)
                source = archived_weights(self.filepath)
            self._objects, self._names = _read(source)
        _show(self._title(), bold=True)

    def summary(self) -> None:
        """Print all objects of the file with the shapes and dtypes of their weights."""
        _show("Weights structure", bold=True)
        for line in _tree_lines(self._tree()):
            _show(line)

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """Print where the file and a model do not go together.

        The state of an optimizer counts only if the model's own has trained.

        Args:
            reference_model: A built model.

        Returns:
            `"status"`, either "success" or "error"; `"error_count"`, of objects and
            weights that are on one side only or of another shape; `"match_count"`, of
            weights that fit. (Keras counts weights once more for each object around
            them.)
        """
        optimizer = getattr(reference_model, "optimizer", None)
        with_state = optimizer is not None and optimizer.built
        ours = _without_state(self._objects, with_state)
        theirs = _without_state(_objects_of(reference_model), with_state)
        _show("Running comparison", bold=True)
        errors = list(_differences(ours, theirs))
        for error in errors:
            _show(f"...{error}")
        matches = _count_matches(ours, theirs)
        if errors:
            _show(f"{len(errors)} differences: the file does not fit the model.")
        else:
            _show(f"The file fits the model: {matches} weights match.")
        status = "error" if errors else "success"
        return {
            "status": status,
            "error_count": len(errors),
            "match_count": matches,
        }

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object, with all that is inside it, another name.

        Args:
            object_name: Its name or path, such as `"dense_2"` or `"layers/dense_2"`.
            new_name: The last part of its new path.

        Raises:
            ValueError: There is no such object, or the new name is taken or a path.
        """
        source = self._find(object_name)
        _check_leaf(new_name)
        parent = source.rpartition("/")[0]
        target = f"{parent}/{new_name}".lstrip("/")
        self._check_free(target)
        self._objects = _renamed(self._objects, source, target)
        self._names = _renamed(self._names, source, target)

    def delete_object(self, object_name: str) -> None:
        """Remove an object and all that is inside it.

        Args:
            object_name: Its name or path, such as `"dense_2"` or `"layers/dense_2"`.

        Raises:
            ValueError: There is no such object.
        """
        source = self._find(object_name)
        for path in [path for path in self._objects if _lies_in(path, source)]:
            del self._objects[path]
            self._names.pop(path, None)

    def add_object(self, object_path: str, weights: Mapping[str, Any]) -> None:
        """Add an object, such as a layer.

        Args:
            object_path: Its full path, such as `"layers/dense_2"`.
            weights: Its arrays by name, such as `{"0": kernel, "1": bias}`.

        Raises:
            ValueError: There is such an object already, or none around it.
        """
        path = object_path.strip("/")
        parent, _, leaf = path.rpartition("/")
        _check_leaf(leaf)
        if parent and parent not in self._paths():
            raise ValueError(unknown_name("object", parent, self._paths()))
        self._check_free(path)
        self._objects[path] = _checked(weights)

    def add_weights(self, object_name: str, weights: Mapping[str, Any]) -> None:
        """Add weights to an object; they take the place of those of the same name.

        Args:
            object_name: Its name or path, such as `"dense_2"` or `"layers/dense_2"`.
            weights: Arrays by name, such as `{"0": kernel, "1": bias}`.

        Raises:
            ValueError: There is no such object.
        """
        path = self._find(object_name)
        self._objects.setdefault(path, {}).update(_checked(weights))

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Remove one weight of an object.

        Args:
            object_name: The object's name or path.
            weight_name: The weight's, such as `"0"`.

        Raises:
            ValueError: There is no such object or weight.
        """
        path = self._find(object_name)
        weights = self._objects.get(path, {})
        if weight_name not in weights:
            raise ValueError(
                explain(
                    f"'{path}' has no weight '{weight_name}'.",
                    expected="one of " + (", ".join(map(repr, weights)) or "none"),
                )
            )
        del weights[weight_name]

    def save(self, filepath: str | os.PathLike[str]) -> None:
        """Write the weights, as edited, into a file that models load.

        Args:
            filepath: Where to; the name must end in `.weights.h5`.

        Raises:
            ValueError: It ends in something else.
            OSError: The file cannot be written.
        """
        path = os.fspath(filepath)
        if not path.endswith(".weights.h5"):
            raise ValueError(
                explain(
                    f"Cannot save the weights to '{path}'.",
                    expected="a name that ends in .weights.h5",
                    fix="for a .keras file, load these weights into its model and "
                    "call model.save",
                )
            )
        with atomic_write(path) as file, h5py.File(file, "w") as root:
            for place in sorted(self._objects):
                self._write(root, place)

    def resave_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Write the weights, as edited: the same as `save`."""
        self.save(filepath)

    def _write(self, root: h5py.Group, path: str) -> None:
        group = root.create_group(f"{path}/vars".lstrip("/"))
        if path in self._names:
            group.attrs["name"] = self._names[path]
        for name, value in self._objects[path].items():
            group.create_dataset(name, data=value)

    def _title(self) -> str:
        title = f"Keras model file '{self.filepath}'"
        if not isinstance(self.metadata, dict):
            return title
        version, date = (self.metadata.get(k) for k in ("keras_version", "date_saved"))
        return f"{title}\nSaved with Keras {version} - date: {date}"

    def _paths(self) -> set[str]:
        """Return the paths of all objects, and of what they lie in."""
        paths: set[str] = set()
        for path in self._objects:
            parts = path.split("/")
            paths.update("/".join(parts[:end]) for end in range(1, len(parts) + 1))
        return paths - {""}

    def _find(self, object_name: str) -> str:
        """Return the path of the object of a name or path."""
        wanted = object_name.strip("/")
        paths = self._paths()
        if "/" in wanted or wanted in self._objects:
            found = [wanted] if wanted in paths else []
        else:
            found = sorted(path for path in paths if path.split("/")[-1] == wanted)
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValueError(unknown_name("object", object_name, paths))
        raise ValueError(
            explain(
                f"There are several objects called '{object_name}'.",
                got=", ".join(found),
                fix=f"give the whole path, such as '{found[0]}'",
            )
        )

    def _check_free(self, path: str) -> None:
        if path in self._paths():
            raise ValueError(
                explain(
                    f"There is an object '{path}' already.",
                    fix=f"delete_object('{path}') or choose another name",
                )
            )

    def _tree(self) -> dict[str, Any]:
        """Return objects and weights, nested."""
        tree: dict[str, Any] = {}
        for path in sorted(self._objects):
            place = tree
            for part in filter(None, path.split("/")):
                place = place.setdefault(part, {})
            for name in sorted(self._objects[path], key=_numbers_first):
                value = self._objects[path][name]
                place[f"{name}: shape={value.shape}, dtype={value.dtype}"] = {}
        return tree


def _read(source: Any) -> tuple[dict[str, Arrays], dict[str, str]]:
    """Return the arrays of each object of a file, and the objects' names, by path."""
    objects: dict[str, Arrays] = {}
    names: dict[str, str] = {}
    with open_hdf5(source) as root:
        room = _MAX_RATIO * int(root.id.get_filesize())
        for path, group in _groups(root, "", ()):
            objects[path], used = _arrays(group, room)
            room -= used
            name = text_attribute(group, "name")
            if name is not None:
                names[path] = name
    return objects, names


def _groups(
    group: h5py.Group, path: str, around: tuple[Any, ...]
) -> Iterator[tuple[str, h5py.Group]]:
    """Yield each object's path and the group of its weights."""
    place = h5py.h5o.get_info(group.id).addr
    # A group may be linked inside itself.
    if place in around or len(around) > _MAX_DEPTH:
        raise FileFormatError(
            explain(
                f"'{path}' is refused.", got="groups inside themselves, or too deep"
            )
        )
    for name in member_names(group):
        inner = subgroup(group, name)
        if inner is None:
            continue
        if name == "vars":
            yield path, inner
        else:
            yield from _groups(inner, f"{path}/{name}".lstrip("/"), (*around, place))


def _arrays(group: h5py.Group, room: int) -> tuple[Arrays, int]:
    """Return the arrays of a group and their bytes, if these are at most `room`."""
    arrays: Arrays = {}
    used = 0
    for name in member_names(group):
        found = dataset(group, name)
        if found is None:
            continue
        used += found.nbytes
        if used > room:
            raise FileFormatError(
                explain(
                    f"'{found.name}' is refused.",
                    got=f"{found.nbytes} bytes",
                    expected="what a file of this size can hold",
                )
            )
        arrays[name] = read_array(found, found.shape)
    return arrays, used


def _objects_of(model: Any) -> dict[str, Arrays]:
    """Return the table that a model's own file would give."""
    file = io.BytesIO()
    write_tree(model, file)
    return _read(file)[0]


def _without_state(
    objects: Mapping[str, Arrays], with_state: bool
) -> dict[str, Arrays]:
    """Return the objects that have weights, with the optimizer or without."""
    return {
        path: weights
        for path, weights in objects.items()
        if weights and (with_state or not _lies_in(path, "optimizer"))
    }


def _differences(
    ours: Mapping[str, Arrays], theirs: Mapping[str, Arrays]
) -> Iterator[str]:
    """Yield a sentence for each object or weight that is not the same in both."""
    for path in sorted({*ours, *theirs}):
        if path not in theirs:
            yield f"Object '{path}' is in the file, but not in the model."
        elif path not in ours:
            yield f"Object '{path}' is in the model, but not in the file."
        else:
            yield from _weight_differences(path, ours[path], theirs[path])


def _weight_differences(path: str, mine: Arrays, other: Arrays) -> Iterator[str]:
    for name in sorted({*mine, *other}, key=_numbers_first):
        weight = f"Weight '{path}/{name}'"
        if name not in other:
            yield f"{weight} is in the file, but not in the model."
        elif name not in mine:
            yield f"{weight} is in the model, but not in the file."
        elif mine[name].shape != other[name].shape:
            shapes = f"{mine[name].shape} in the file, {other[name].shape} in the model"
            yield f"{weight} has another shape: {shapes}."


def _count_matches(ours: Mapping[str, Arrays], theirs: Mapping[str, Arrays]) -> int:
    return sum(
        name in theirs[path] and theirs[path][name].shape == value.shape
        for path in ours
        if path in theirs
        for name, value in ours[path].items()
    )


def _lies_in(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")


def _renamed(table: Mapping[str, Any], source: str, target: str) -> dict[str, Any]:
    """Return a table in which what lies at `source` lies at `target`."""
    return {
        target + path[len(source) :] if _lies_in(path, source) else path: value
        for path, value in table.items()
    }


def _check_leaf(name: str) -> None:
    if not isinstance(name, str) or not name or "/" in name or name == "vars":
        raise ValueError(
            explain(
                "An object cannot have this name.",
                got=repr(name),
                expected="the last part of a path, such as 'dense_2'",
            )
        )


def _checked(weights: Mapping[str, Any]) -> Arrays:
    """Return weights as arrays of numbers by name."""
    if not isinstance(weights, Mapping):
        raise TypeError(
            explain(
                "`weights` must be arrays by name.",
                got=type(weights).__name__,
                expected='a dict, such as {"0": kernel, "1": bias}',
            )
        )
    arrays = {name: np.asarray(value) for name, value in weights.items()}
    for name, value in arrays.items():
        named = isinstance(name, str) and name and "/" not in name
        if not named or value.dtype.kind not in "biuf":
            raise ValueError(
                explain(
                    "A weight cannot be stored.",
                    got=f"{name!r}: values of dtype {value.dtype}",
                    expected="a name such as '0', and an array of numbers",
                )
            )
    return arrays


def _numbers_first(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() else (1 << 62, name)


def _tree_lines(tree: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Yield the lines that draw a nested table."""
    for number, (name, inner) in enumerate(tree.items(), start=1):
        last = number == len(tree)
        yield f"{before}{'└─' if last else '├─'} {name}"
        yield from _tree_lines(inner, before + ("   " if last else "│  "))


def _show(text: str, bold: bool = False) -> None:
    """Print text, with Rich where that is installed."""
    try:
        from rich.console import Console
    except ImportError:
        print(text)
        return
    style = "bold" if bold else None
    Console().print(text, style=style, markup=False, highlight=False, soft_wrap=True)
