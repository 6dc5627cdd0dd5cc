"""`.weights.json`: weights split over several `.weights.h5` files of bounded size.

The JSON file says which files hold which group of the tree of `weights_h5`; they lie
beside it, and a group may go on in the next one. The layout is Keras's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from kerasish.errors import FileFormatError, explain
from kerasish.saving.atomic import atomic_write
from kerasish.saving.hdf5_safe import open_hdf5, parse_json
from kerasish.saving.weights_h5 import tree_arrays

ENDING = ".weights.json"
_GIB = 2**30
_MOST_SHARDS = 10_000
_MAX_MAP_BYTES = 2**28


class _Shard(NamedTuple):
    name: str
    arrays: list[tuple[str, str, str, Any]]


def write_shards(model: Any, path: str, max_shard_size: float) -> None:
    """Write a model's variables, and its optimizer's, over several files.

    Args:
        model: A built model.
        path: The JSON file; the others are named after it, and lie beside it.
        max_shard_size: Most of arrays in one file, in GiB.

    Raises:
        ValueError: A single array is larger.
        OSError: A file cannot be written.
    """
    stem = path.removesuffix(ENDING)
    arrays = list(tree_arrays(model))
    limit = max_shard_size * _GIB
    shards = _shards(arrays, limit, os.path.basename(stem))
    folder = Path(path).parent
    weight_map: dict[str, list[str]] = {}
    for shard in shards:
        with atomic_write(folder / shard.name) as file, h5py.File(file, "w") as root:
            _write(root, shard, weight_map)
    total = sum(array.nbytes for _, _, _, array in arrays if array is not None)
    held = {"metadata": {"total_size": float(total)}, "weight_map": weight_map}
    with atomic_write(path) as file:
        file.write(json.dumps(held, indent=4).encode())


def _shards(arrays: list[Any], limit: float, stem: str) -> list[_Shard]:
    """Return arrays in order, as many in each shard as fit."""
    shards = [_Shard(f"{stem}_00000.weights.h5", [])]
    room = limit
    for entry in arrays:
        size = 0 if entry[3] is None else entry[3].nbytes
        if size > limit:
            raise _too_large(entry, limit)
        if size > room:
            shards.append(_Shard(f"{stem}_{len(shards):05}.weights.h5", []))
            room = limit
        room -= size
        shards[-1].arrays.append(entry)
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


def _write(root: h5py.Group, shard: _Shard, weight_map: dict[str, list[str]]) -> None:
    for path, name, key, array in shard.arrays:
        group = root.require_group(path)
        group.attrs["name"] = name
        if array is None:
            continue  # a layer without variables has an empty group
        group.create_dataset(key, data=array)
        files = weight_map.setdefault(f"/{path}", [])
        if shard.name not in files:
            files.append(shard.name)


@contextmanager
def open_shards(path: str) -> Iterator[tuple[h5py.Group, ...]]:
    """Open all files that a `.weights.json` names.

    Raises:
        FileFormatError: It is damaged, or names files that are not beside it.
    """
    names = _file_names(path)
    with ExitStack() as stack:
        yield tuple(
            stack.enter_context(open_hdf5(Path(path).parent / name)) for name in names
        )


def _file_names(path: str) -> list[str]:
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
            names[_checked(name, path)] = None
    if len(names) > _MOST_SHARDS:
        raise FileFormatError(explain("The file names too many others."))
    return list(names)


def _checked(name: Any, path: str) -> str:
    """Return a file's name, which must be one, in the folder of the list."""
    is_bare = isinstance(name, str) and name not in ("", ".", "..")
    if not is_bare or any(mark in name for mark in ("/", "\\", "\0", ":")):
        raise FileFormatError(
            explain(
                "The list of files is refused.",
                got=repr(name),
                expected="names of files beside it, without folders",
            )
        )
    if not os.path.isfile(Path(path).parent / name):  # False for absurd names too
        raise FileFormatError(
            explain(
                "A part of the weights is missing.",
                got=f"no file '{name}' beside '{os.path.basename(path)}'",
                fix="keep all files of a sharded save in one folder",
            )
        )
    return str(name)
