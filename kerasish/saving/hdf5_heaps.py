"""Damaged heaps of text in HDF5 files, which the HDF5 library would read forever.

Text of variable length lies in "global heap collections", a row of objects. The library
walks such a row object by object, and a free one of size 0 takes it nowhere (seen with
HDF5 2.0). Whoever lets the library read text has the file checked for that first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

_SIGNATURE = b"GCOL"
_VERSION = b"\x01"
_HEADER = struct.Struct("<4sB3xQ")
_OBJECT = struct.Struct("<H2x4xQ")
_AT_ONCE = 2**22


def has_endless_heap(file: BinaryIO) -> bool:
    """Return whether a heap in a file holds a free object of size 0.

    Args:
        file: The HDF5 file, read from start to end; its place is not kept.
    """
    return any(_is_endless(file, place) for place in list(_heaps(file)))


def _heaps(file: BinaryIO) -> Iterator[int]:
    """Yield where collections begin, by their signature."""
    mark = _SIGNATURE + _VERSION
    place, rest = 0, b""
    file.seek(0)
    while content := file.read(_AT_ONCE):
        searched = rest + content
        found = searched.find(mark)
        while found >= 0:
            yield place - len(rest) + found
            found = searched.find(mark, found + 1)
        place += len(content)
        rest = searched[1 - len(mark) :]


def _is_endless(file: BinaryIO, place: int) -> bool:
    file.seek(place)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return False
    size = _HEADER.unpack(header)[2]
    end = place + min(size, _end(file) - place)
    place += _HEADER.size
    while place + _OBJECT.size <= end:
        file.seek(place)
        number, length = _OBJECT.unpack(file.read(_OBJECT.size))
        if number == 0 and length == 0:
            return True
        # a free object counts its own header; others begin at a multiple of eight
        place += length if number == 0 else _OBJECT.size + (length + 7) // 8 * 8
    return False


def _end(file: BinaryIO) -> int:
    return file.seek(0, 2)
