"""`.weights.json`: weights split over several `.weights.h5` files of bounded size.

The JSON file says which files hold which group of the tree of `weights_h5`; they lie
beside it, and a group may go on in the next one. The layout is Keras's.

A save is atomic as a whole: it overwrites no file that the list names, but gives its
own another number (`m_00000.2.weights.h5`). The new list then takes the place of the
old one in one step, and the files that it does not name are removed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from kerasish.errors import FileFormatError, explain
from kerasish.saving.atomic import atomic_write, one_at_a_time
from kerasish.saving.hdf5_safe import open_hdf5, parse_json
from kerasish.saving.weights_h5 import tree_arrays

ENDING = ".weights.json"
_GIB = 2**30
_MOST_SHARDS = 10_000
_MAX_MAP_BYTES = 2**28


def write_shards(model: Any, path: str, max_shard_size: float) -> None:
    """Write a model's variables, and its optimizer's, over several files.

    Args:
        model: A built model.
        path: The JSON file; the others are named after it, and lie beside it. Another
            process that saves to this folder is waited for.
        max_shard_size: Most of arrays in one file, in GiB.

    Raises:
        ValueError: A single array is larger.
        OSError: A file cannot be written.
    """
    arrays = list(tree_arrays(model))
    shards = _shards(arrays, max_shard_size * _GIB)
    total = sum(array.nbytes for _, _, _, array in arrays if array is not None)
    weight_map: dict[str, list[str]] = {}
    folder = Path(path).parent
    with one_at_a_time(folder):
        name = _free_name(path)
        for number, shard in enumerate(shards):
            target = folder / name.format(number)
            with atomic_write(target) as file, h5py.File(file, "w") as root:
                _write(root, target.name, shard, weight_map)
        held = {"metadata": {"total_size": float(total)}, "weight_map": weight_map}
        with atomic_write(path) as file:
            file.write(json.dumps(held, indent=4).encode())
        _remove_others(path, {name.format(i) for i in range(len(shards))})


def _free_name(path: str) -> str:
    """Return the form of names that the list in place, if any, does not use."""
    used = [0]
    with suppress(FileFormatError, OSError):
        found = (_parts(path).fullmatch(name) for name in _listed(path))
        used += [int(name["save"] or 1) for name in found if name]
    stem = os.path.basename(path).removesuffix(ENDING)
    stem = stem.replace("{", "{{").replace("}", "}}")
    save = max(used) + 1
    return stem + ("_{:05}.weights.h5" if save == 1 else f"_{{:05}}.{save}.weights.h5")


def _parts(path: str) -> re.Pattern[str]:
    stem = re.escape(os.path.basename(path).removesuffix(ENDING))
    return re.compile(rf"{stem}_\d{{5}}(\.(?P<save>\d{{1,9}}))?\.weights\.h5", re.ASCII)


def _remove_others(path: str, names: set[str]) -> None:
    """Remove the files of earlier saves, and of one that was killed."""
    parts, folder = _parts(path), Path(path).parent
    for name in os.listdir(folder):
        if parts.fullmatch(name) and name not in names:
            with suppress(OSError):
                (folder / name).unlink()


def _shards(arrays: list[Any], limit: float) -> list[list[Any]]:
    """Return arrays in order, as many in each shard as fit."""
    shards: list[list[Any]] = [[]]
    room = limit
    for entry in arrays:
        size = 0 if entry[3] is None else entry[3].nbytes
        if size > limit:
            raise _too_large(entry, limit)
        if size > room:
            shards.append([])
            room = limit
        room -= size
        shards[-1].append(entry)
    return shards


def _too_large(entry: Any, limit: float) -> ValueError:
    group, _, key, array = entry
    return ValueError(
        explain(
            f"Weight '{group}/{key}' does not fit into one shard.",
            got=f"{array.nbytes} bytes",
            expected=f"at most max_shard_size={limit / _GIB:g} GiB",
            fix=f"pass max_shard_size={np.ceil(1e4 * array.nbytes / _GIB) / 1e4:g} "
            "or more",
        )
    )


def _write(
    root: h5py.Group, file: str, shard: list[Any], weight_map: dict[str, list[str]]
) -> None:
    for path, name, key, array in shard:
        group = root.require_group(path)
        group.attrs["name"] = name
        if array is None:
            continue  # a layer without variables has an empty group
        group.create_dataset(key, data=array)
        files = weight_map.setdefault(f"/{path}", [])
        if file not in files:
            files.append(file)


@contextmanager
def open_shards(path: str) -> Iterator[tuple[h5py.Group, ...]]:
    """Open all files that a `.weights.json` names.

    Raises:
        FileFormatError: It is damaged, or names files that are not beside it.
    """
    with ExitStack() as stack:
        yield _open_all(path, stack)


def _open_all(path: str, stack: ExitStack) -> tuple[h5py.Group, ...]:
    """Open the files listed; anew if another save replaced them meanwhile."""
    names = _listed(path)
    try:
        files = [Path(path).parent / _checked(name, path) for name in names]
        return tuple(stack.enter_context(open_hdf5(file)) for file in files)
    except (FileFormatError, FileNotFoundError):
        if _listed(path) == names:
            raise
    stack.close()
    return _open_all(path, stack)


def _listed(path: str) -> list[str]:
    """Return the names in a list of files, whatever they are."""
    with open(path, "rb") as file:
        text = file.read(_MAX_MAP_BYTES).decode("utf-8", "replace")
    held = parse_json(text, os.path.basename(path))
    weight_map = held.get("weight_map") if isinstance(held, dict) else None
    if not isinstance(weight_map, dict):
        raise FileFormatError(
            explain("The file lists no weights.", expected="a 'weight_map'")
        )
    names: dict[str, None] = {}
    for files in weight_map.values():
        for name in files if isinstance(files, list) else [files]:
            names[_bare(name)] = None
    if len(names) > _MOST_SHARDS:
        raise FileFormatError(explain("The file names too many others."))
    return list(names)


def _bare(name: Any) -> str:
    """Return a name, which must be one, without a folder."""
    is_bare = isinstance(name, str) and name not in ("", ".", "..")
    if not is_bare or any(mark in name for mark in ("/", "\\", "\0", ":")):
        raise FileFormatError(
            explain(
                "The list of files is refused.",
                got=repr(name),
                expected="names of files beside it, without folders",
            )
        )
    return str(name)


def _checked(name: str, path: str) -> str:
    """Return the name of a file that must be beside the list."""
    if not os.path.isfile(Path(path).parent / name):  # False for absurd names too
        raise FileFormatError(
            explain(
                "A part of the weights is missing.",
                got=f"no file '{name}' beside '{os.path.basename(path)}'",
                fix="keep all files of a sharded save in one folder",
            )
        )
    return name
