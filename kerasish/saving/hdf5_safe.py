"""Reading HDF5 files of unknown origin.

HDF5 can point outside the file (soft and external links, external and virtual
datasets), load code (filter plugins) and declare terabytes in a kilobyte. Readers here
go one hard link at a time, know the shape they expect before they read, and turn
whatever the library raises on damaged bytes into a `FileFormatError`. The rest of
`kerasish.saving` opens HDF5 through this module only.
"""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import numpy as np

from kerasish.errors import FileFormatError, explain
from kerasish.saving.hdf5_heaps import has_endless_heap
from kerasish.saving.lazy_h5py import h5py

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# deflate, shuffle, fletcher32, szip, nbit, scale-offset, and h5py's own lzf.
_KNOWN_FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})
_MAX_JSON_DEPTH = 200
_MAX_JSON_BYTES = 2**26
# A list or dictionary takes up to 100 times the two bytes it is written in.
_MAX_JSON_BRACKETS = 2**20
# One chunk is unpacked as a whole, even where the dataset needs only a corner of it.
_MAX_SPARE_CHUNK = 2**20
# Arrays barely shrink: what is more than this times its file is a trap.
_MAX_RATIO = 50
_SPARE_BYTES = 2**26
# Open files whose text nobody has asked for yet, by the number HDF5 gives them.
_unchecked: dict[int, str | os.PathLike[str] | BinaryIO] = {}
_H5PY_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError)


def most_bytes(file_size: int) -> int:
    """Return how much memory reading a file may take for arrays or unpacked bytes.

    Args:
        file_size: In bytes.
    """
    return _SPARE_BYTES + _MAX_RATIO * file_size


def starts_like_hdf5(path: str | os.PathLike[str]) -> bool:
    """Return whether a file begins with HDF5's signature."""
    with open(path, "rb") as file:
        return file.read(len(_SIGNATURE)) == _SIGNATURE


@contextmanager
def open_hdf5(source: str | os.PathLike[str] | BinaryIO) -> Iterator[h5py.File]:
    """Open an HDF5 file to read.

    Args:
        source: A path, or a binary file in memory.

    Raises:
        FileFormatError: It is not an HDF5 file, or it is damaged or cut short.
        OSError: It is missing or cannot be read.
    """
    if not isinstance(source, io.IOBase):
        _check_signature(source)  # type: ignore[arg-type]
    with damage("The file cannot be opened as HDF5: it is damaged or cut short."):
        file = h5py.File(source, "r")
        number = _number(file)
    with file:
        _unchecked[number] = source
        try:
            yield file
        finally:
            _unchecked.pop(number, None)


def _number(thing: h5py.Group | h5py.Dataset) -> int:
    """Return the number that the HDF5 library gives to an open file."""
    return int(h5py.h5o.get_info(thing.id).fileno)


def _check_heaps(thing: h5py.Group | h5py.Dataset) -> None:
    """Look once at where a file keeps its text, before any of it is read."""
    number = _number(thing)
    source = _unchecked.get(number)
    if source is None:
        return
    if isinstance(source, io.IOBase):
        endless = has_endless_heap(cast(BinaryIO, source))
    else:
        with open(cast(str, source), "rb") as file:
            endless = has_endless_heap(file)
    if not endless:
        del _unchecked[number]
        return
    raise FileFormatError(
        explain(
            "The text in the file cannot be read: the file is damaged.",
            got="a heap with an object of size 0",
        )
    )


def _check_signature(path: str | os.PathLike[str]) -> None:
    with open(path, "rb") as file:
        start = file.read(len(_SIGNATURE))
    if start == _SIGNATURE:
        return
    if not start:
        raise FileFormatError(explain("The file is empty.", expected="an HDF5 file"))
    raise FileFormatError(
        explain(
            "The file is not an HDF5 file.",
            got=f"a file that begins with {start!r}",
            expected=f"HDF5's signature {_SIGNATURE!r}",
        )
    )


@contextmanager
def damage(what: str) -> Iterator[None]:
    """Turn what h5py raises on damaged bytes into a `FileFormatError` saying `what`."""
    try:
        yield
    except FileFormatError:
        raise
    except _H5PY_ERRORS as error:
        text = str(error).partition("\n")[0]
        fix = "take another copy of the file: this one cannot be repaired"
        raise FileFormatError(explain(what, got=text, fix=fix)) from error


def member(group: h5py.Group, path: str) -> h5py.Group | h5py.Dataset | None:
    """Return what a path inside a group leads to, or None if there is nothing.

    Args:
        group: Where the path starts.
        path: Names joined by `/`; every step must be a hard link.

    Raises:
        FileFormatError: A step is a soft or external link.
    """
    found: Any = group
    for name in filter(None, path.split("/")):
        if not isinstance(found, h5py.Group):
            return None
        found = _step(found, name)
    return found


def _step(group: h5py.Group, name: str) -> Any:
    with damage(f"'{group.name}/{name}' cannot be read: the file is damaged."):
        link = group.get(name, getlink=True)
        if link is None:
            return None
        if isinstance(link, h5py.HardLink):
            return group[name]
    raise FileFormatError(
        explain(
            f"'{name}' in '{group.name}' is refused.",
            got=f"a {type(link).__name__}, which can lead out of the file",
            expected="data that lies in the file itself",
        )
    )


def member_names(group: h5py.Group) -> list[str]:
    """Return the names in a group, sorted as text."""
    with damage(f"'{group.name}' cannot be listed: the file is damaged."):
        return sorted(group)


def subgroup(group: h5py.Group, path: str) -> h5py.Group | None:
    """Return the group that a path leads to; None if there is nothing.

    Raises:
        FileFormatError: There is something else than a group.
    """
    found = member(group, path)
    if found is None or isinstance(found, h5py.Group):
        return found
    raise FileFormatError(
        explain(f"'{path}' is no group.", got=str(found), expected="an HDF5 group")
    )


def dataset(group: h5py.Group, path: str) -> h5py.Dataset | None:
    """Return the dataset that a path leads to, found safe to read; None if absent.

    Raises:
        FileFormatError: It is not a plain array of numbers stored in this file.
    """
    found = member(group, path)
    if found is None:
        return None
    with damage(f"'{path}' cannot be read: the file is damaged."):
        reason = _refusal(found)
    if reason is None:
        return found
    raise FileFormatError(
        explain(
            f"'{path}' is refused.",
            got=reason,
            expected="an array of numbers that lies in the file itself",
        )
    )


def _refusal(found: Any) -> str | None:
    """Return why an object of a file may not be read, or None."""
    if not isinstance(found, h5py.Dataset):
        return f"a {type(found).__name__.lower()}"
    if found.shape is None:
        return "a dataset without values"
    if found.is_virtual or found.external:
        return "a dataset whose values lie in other files"
    if found.dtype.kind not in "biuf" and not _is_bfloat16(found):
        return f"values of dtype {found.dtype}"
    return _filter_refusal(found)


def _filter_refusal(found: h5py.Dataset) -> str | None:
    # An unknown filter would make the HDF5 library look for a plugin to load.
    pipeline = found.id.get_create_plist()
    codes = {pipeline.get_filter(i)[0] for i in range(pipeline.get_nfilters())}
    if codes - _KNOWN_FILTERS:
        return "values packed by a filter that is not part of HDF5"
    if found.chunks and math.prod(found.chunks) > found.size + _MAX_SPARE_CHUNK:
        return f"chunks of shape {found.chunks} for an array of shape {found.shape}"
    return None


def _is_bfloat16(found: h5py.Dataset) -> bool:
    return found.dtype.itemsize == 2 and text_attribute(found, "dtype") == "bfloat16"


def read_array(found: h5py.Dataset, shape: Sequence[int]) -> np.ndarray:
    """Read a dataset that `dataset` returned.

    Args:
        found: The dataset.
        shape: The shape it must have: nothing larger is ever allocated.

    Returns:
        An array of that shape, in the stored dtype (bfloat16 becomes float32).

    Raises:
        FileFormatError: The shape differs, or the bytes are damaged.
    """
    if tuple(found.shape) != tuple(shape):
        raise FileFormatError(
            explain(
                f"'{found.name}' has another shape.",
                got=tuple(found.shape),
                expected=tuple(shape),
            )
        )
    with damage(f"'{found.name}' cannot be read: the file is damaged."):
        values = np.asarray(found[()])
    if not _is_bfloat16(found):
        return values
    # bfloat16 is the upper half of a float32.
    upper = np.frombuffer(values.tobytes(), dtype="<u2").astype(np.uint32) << 16
    return upper.view(np.float32).reshape(values.shape)


def text_attribute(thing: h5py.Group | h5py.Dataset, name: str) -> str | None:
    """Return an attribute as text, or None if there is none of that name."""
    value = _attribute(thing, name)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    return None if value is None else _text(value, name)


def names_attribute(thing: h5py.Group, name: str) -> list[str] | None:
    """Return an attribute that holds a list of names, or None if there is none.

    Long lists are stored in parts, as attributes `name0`, `name1`, ...
    """
    parts = [_attribute(thing, name)]
    if parts[0] is None:
        parts = list(iter(_parts(thing, name)))
    if not parts:
        return None
    joined = [value for part in parts for value in np.ravel(part)]
    return [_text(value, name) for value in joined]


def _parts(thing: h5py.Group, name: str) -> Iterator[Any]:
    for number in range(len(thing.attrs)):
        value = _attribute(thing, f"{name}{number}")
        if value is None:
            return
        yield value


def _attribute(thing: h5py.Group | h5py.Dataset, name: str) -> Any:
    with damage(f"The attribute '{name}' cannot be read: the file is damaged."):
        if name not in thing.attrs:
            return None
        stored = h5py.h5a.open(thing.id, name.encode())
        # Attributes are never packed: one larger than its file is damaged or a trap.
        size = stored.get_space().get_simple_extent_npoints()
        size *= stored.get_type().get_size()
        limit = thing.file.id.get_filesize()
        if size > limit:
            raise FileFormatError(
                explain(
                    f"The attribute '{name}' is refused.",
                    got=f"{size} bytes",
                    expected=f"at most the file's size, {limit}",
                )
            )
        if not _is_plain(stored.get_type()):
            _check_heaps(thing)
        value = thing.attrs[name]
    return None if isinstance(value, h5py.Empty) else value


def _is_plain(kind: h5py.h5t.TypeID) -> bool:
    """Return whether values of a type lie where they are, and not in a heap."""
    if isinstance(kind, h5py.h5t.TypeStringID):
        return not kind.is_variable_str()
    return isinstance(kind, (h5py.h5t.TypeIntegerID, h5py.h5t.TypeFloatID))


def _text(value: Any, name: str) -> str:
    with damage(f"The attribute '{name}' is not text in UTF-8."):
        return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def parse_json(text: str, what: str) -> Any:
    """Return the value of a JSON text, with limits on its depth and numbers.

    Args:
        text: The text.
        what: Its name for messages, such as `"model_config"`.

    Raises:
        FileFormatError: It is not JSON, or nested too deeply.
    """
    _check_size(text, what)
    try:
        parsed = json.loads(text)
        too_deep = _depth(parsed) > _MAX_JSON_DEPTH
    except RecursionError:
        too_deep = True
    except ValueError as error:
        raise FileFormatError(
            explain(f"'{what}' is not valid JSON.", got=str(error))
        ) from error
    if too_deep:
        raise FileFormatError(
            explain(f"'{what}' is nested too deeply.", expected=_MAX_JSON_DEPTH)
        )
    return parsed


def _check_size(text: str, what: str) -> None:
    brackets = text.count("[") + text.count("{")
    if len(text) <= _MAX_JSON_BYTES and brackets <= _MAX_JSON_BRACKETS:
        return
    raise FileFormatError(
        explain(
            f"'{what}' is too large.",
            got=f"{len(text)} characters, {brackets} lists and dictionaries",
            expected=f"at most {_MAX_JSON_BYTES} and {_MAX_JSON_BRACKETS}",
        )
    )


def _depth(parsed: Any) -> int:
    """Return how deeply lists and dictionaries are nested (without recursion)."""
    depth, level = 0, [parsed]
    while level and depth <= _MAX_JSON_DEPTH:
        depth += 1
        level = [inner for value in level for inner in _inside(value)]
    return depth


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
