"""`.weights.json`: weights split over several `.weights.h5` files of bounded size.

The JSON file says which files hold which group of the tree of `weights_h5`; they lie
beside it, and a group may go on in the next one. The layout is Keras's.

A save is atomic as a whole: files that the list in place names are not touched, new
ones lie beside them (`m_00000.new.weights.h5`) until the list is replaced in one step.
Then they get Keras's names, as Keras finds the first file by its name, and a list of
these. A process killed in between leaves a list of a whole set, old or new.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.errors import FileFormatError, explain
from kerasish.saving.atomic import atomic_link, atomic_write, one_at_a_time
from kerasish.saving.hdf5_safe import open_hdf5, parse_json
from kerasish.saving.lazy_h5py import h5py
from kerasish.saving.weights_h5 import tree_arrays

ENDING = ".weights.json"
_PART = ".weights.h5"
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
    total = float(sum(a.nbytes for _, _, _, a in arrays if a is not None))
    stem = os.path.basename(path).removesuffix(ENDING)
    names = [f"{stem}_{number:05}{_PART}" for number in range(len(shards))]
    folder = Path(path).parent
    with one_at_a_time(folder):
        in_use = not set(names).isdisjoint(_names_in_use(path))
        first = [_beside(name) for name in names] if in_use else names
        for name, shard in zip(first, shards, strict=True):
            with atomic_write(folder / name) as file, h5py.File(file, "w") as root:
                _write(root, shard)
        _write_list(path, first, shards, total)
        if in_use:
            for name in names:
                atomic_link(folder / _beside(name), folder / name)
            _write_list(path, names, shards, total)
        _remove_others(path, names)


def _names_in_use(path: str) -> list[str]:
    with suppress(FileFormatError, OSError):
        return _listed(path)
    return []


def _beside(name: str) -> str:
    return name.removesuffix(_PART) + ".new" + _PART


def _write_list(
    path: str, names: list[str], shards: list[list[Any]], total: float
) -> None:
    weight_map: dict[str, list[str]] = {}
    for name, shard in zip(names, shards, strict=True):
        for group in dict.fromkeys(p for p, _, _, array in shard if array is not None):
            weight_map.setdefault(f"/{group}", []).append(name)
    held = {"metadata": {"total_size": total}, "weight_map": weight_map}
    with atomic_write(path) as file:
        file.write(json.dumps(held, indent=4).encode())


def _remove_others(path: str, names: list[str]) -> None:
    """Remove the files of earlier saves, and of one that was killed."""
    stem, folder = os.path.basename(path).removesuffix(ENDING), Path(path).parent
    part = re.compile(rf"{re.escape(stem)}_[0-9]{{5}}(\.new)?{re.escape(_PART)}")
    for name in os.listdir(folder):
        if part.fullmatch(name) and name not in names:
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


def _write(root: h5py.Group, shard: list[Any]) -> None:
    for path, name, key, array in shard:
        group = root.require_group(path)
        group.attrs["name"] = name
        if array is not None:  # a layer without variables has an empty group
            group.create_dataset(key, data=array)


@contextmanager
def open_shards(path: str) -> Iterator[tuple[h5py.Group, ...]]:
    """Open all files that a `.weights.json` names.

    Raises:
        FileFormatError: It is damaged, or names files that are not beside it.
    """
    with ExitStack() as stack:
        while (roots := _open_all(path, stack)) is None:
            stack.close()
        yield roots


def _open_all(path: str, stack: ExitStack) -> tuple[h5py.Group, ...] | None:
    """Open the files listed; None if the list was replaced meanwhile."""
    before = _moment(path)
    try:
        files = [Path(path).parent / _checked(name, path) for name in _listed(path)]
        roots = tuple(stack.enter_context(open_hdf5(file)) for file in files)
    except (FileFormatError, OSError):
        if _moment(path) == before:
            raise
        return None
    return roots if _moment(path) == before else None


def _moment(path: str) -> tuple[int, int]:
    """Return what tells a file from the one that takes its name."""
    found = os.stat(path)
    return found.st_ino, found.st_mtime_ns


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
