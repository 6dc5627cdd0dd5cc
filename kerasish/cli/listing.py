"""What lies in an HDF5 file, told by its headers: no array is read.

The walk goes over everything, not only where Keras puts things, and notes what the
readers would refuse instead of stopping there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kerasish.cli.output import one_line
from kerasish.errors import FileFormatError
from kerasish.models.summary import readable_size
from kerasish.saving.hdf5_safe import (
    damage,
    dataset,
    member,
    member_names,
    most_bytes,
    text_attribute,
)
from kerasish.saving.lazy_h5py import h5py

_MOST_DEPTH = 64
_MOST_MEMBERS = 1_000_000


@dataclass(frozen=True)
class Problem:
    """Something in a file that loading refuses.

    Attributes:
        where: A layer, a path in the file, or a part of it.
        what: Why, in one line.
    """

    where: str
    what: str


@dataclass(frozen=True)
class Array:
    """An array as its header describes it.

    Attributes:
        path: Where it lies, from the root of its file.
        shape: Its shape.
        dtype: The name of its dtype.
        num_bytes: What its values take, unpacked.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    num_bytes: int

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass
class Listing:
    """Everything in one or several files.

    Attributes:
        arrays: All arrays, in the order of their paths, numbers by their value.
        names: Names of objects by the paths of their groups, as Keras 3 notes them.
        problems: What would be refused.
    """

    arrays: list[Array] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def list_arrays(roots: tuple[h5py.Group, ...], with_names: bool = False) -> Listing:
    """Return what lies in open files.

    Args:
        roots: The files.
        with_names: Whether to read the names of objects, which are text; before any
            text is read, a file is looked through for damage from start to end.
    """
    found = Listing()
    for root in roots:
        room = most_bytes(root.file.id.get_filesize())
        _Walk(found, room, with_names).go(root, "", ())
    found.arrays.sort(key=lambda array: natural(array.path))
    return found


def natural(path: str) -> list[tuple[int, str]]:
    """Return a key that orders paths by their parts, numbers by their value."""
    parts = path.split("/")
    return [(int(p), "") if p.isdecimal() else (1 << 62, p) for p in parts]


class _Walk:
    """One pass over a file; `room` is what its arrays may take together."""

    def __init__(self, found: Listing, room: int, with_names: bool) -> None:
        self.found, self.room, self.with_names = found, room, with_names
        self.left = _MOST_MEMBERS

    def go(self, group: h5py.Group, path: str, around: tuple[Any, ...]) -> None:
        try:
            with damage("The group cannot be read: the file is damaged."):
                place = h5py.h5o.get_info(group.id).addr
        except FileFormatError as error:
            self._refuse(path, one_line(error))
            return
        if place in around or len(around) > _MOST_DEPTH:
            self._refuse(path, "groups inside themselves, or nested too deeply")
            return
        for name in self._names(group, path):
            inner = f"{path}/{name}".lstrip("/")
            try:
                with damage("It cannot be read: the file is damaged."):
                    self._look(group, name, inner, (*around, place))
            except FileFormatError as error:
                self._refuse(inner, one_line(error))

    def _look(
        self, group: h5py.Group, name: str, path: str, around: tuple[Any, ...]
    ) -> None:
        thing = member(group, name)
        if isinstance(thing, h5py.Group):
            self._note_name(thing, path.rpartition("/")[0], name)
            self.go(thing, path, around)
        elif thing is not None:
            self._note_array(group, name, path)

    def _names(self, group: h5py.Group, path: str) -> Iterator[str]:
        try:
            names = member_names(group)
        except FileFormatError as error:
            self._refuse(path, one_line(error))
            return
        for name in names:
            self.left -= 1
            if self.left == 0:
                self._refuse(path, f"more than {_MOST_MEMBERS} groups and arrays")
            if self.left > 0:
                yield name

    def _note_name(self, group: h5py.Group, path: str, name: str) -> None:
        if name == "vars" and self.with_names:
            called = text_attribute(group, "name")
            if called is not None:
                self.found.names[path] = called

    def _note_array(self, group: h5py.Group, name: str, path: str) -> None:
        stored = dataset(group, name)
        if stored is None:
            return
        shape = tuple(int(size) for size in stored.shape)
        dtype = str(stored.dtype)
        if stored.dtype.kind not in "biuf":
            dtype = "bfloat16"  # `dataset` lets no other pass
        num_bytes = math.prod(shape) * stored.dtype.itemsize
        if num_bytes > self.room:
            size = readable_size(stored.file.id.get_filesize())
            what = f"shape {shape}, {readable_size(num_bytes)}, in a file of {size}"
            self._refuse(path, f"far more than the file can hold: {what}")
            return
        self.room -= num_bytes
        self.found.arrays.append(Array(path, shape, dtype, num_bytes))

    def _refuse(self, path: str, what: str) -> None:
        self.found.problems.append(Problem(path or "/", what))
