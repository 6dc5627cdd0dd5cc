"""A part of a file as a file of its own: a member of a zip archive, where it lies.

HDF5 inside an archive can so be looked into without reading the megabytes around what
is asked for. Nothing is ever written.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
from typing import TYPE_CHECKING, BinaryIO

from kerasish.errors import FileFormatError, explain

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_SIGNATURE = b"PK\x03\x04"


class FileWindow(io.RawIOBase, BinaryIO):
    """A readable file made of `size` bytes of another, from `start` on.

    Args:
        file: The file around it; it must stay open.
        start: Offset in bytes.
        size: Bytes; reading stops there.

    Attributes:
        start: As given.
        size: As given.
        num_read: Bytes read so far.

    Example:
        >>> FileWindow(io.BytesIO(b"abcdef"), 2, 3).read()
        b'cde'
    """

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file, self.start, self.size = file, start, size
        self._place = 0
        self.num_read = 0

    @classmethod
    def of_member(cls, file: BinaryIO, info: zipfile.ZipInfo) -> FileWindow:
        """Return the bytes of a member that is stored as it is.

        Args:
            file: The archive.
            info: The member's entry in the archive's list.

        Raises:
            FileFormatError: It does not lie where the list says, or not whole.
        """
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER.size)
        if len(header) == _LOCAL_HEADER.size:
            signature, name_size, extra_size = _LOCAL_HEADER.unpack(header)
            start = file.tell() + name_size + extra_size
            end = start + info.file_size
            if signature == _SIGNATURE and end <= file.seek(0, os.SEEK_END):
                return cls(file, start, info.file_size)
        raise FileFormatError(
            explain(
                "The archive is damaged or cut short.",
                got=f"no whole member '{info.filename}' where its list says",
            )
        )

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place in the window, in bytes."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place and return it, in bytes from the window's start."""
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}
        self._place = max(starts[whence] + offset, 0)
        return self._place

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer as far as the window goes, and return how many bytes."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(self.size - self._place, 0))
        self._file.seek(self.start + self._place)
        count: int = self._file.readinto(view[:wanted])  # type: ignore[attr-defined]
        self._place += count
        self.num_read += count
        return count
