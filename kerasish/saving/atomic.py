"""Writing a file whole or not at all.

The bytes go to a temporary file in the same folder, are forced to the disk, and then
take the target's name in one step. A process killed half way leaves the old file as it
was; the temporary file it left behind is removed by the next save to the same name.
Every writer of `kerasish.saving` goes through `atomic_write`.
"""

from __future__ import annotations

import io
import itertools
import os
import platform
import shutil
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from kerasish.errors import explain

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

if sys.platform != "win32":
    import fcntl

_HOST = f"{zlib.crc32(platform.node().encode()):08x}"
_numbers = itertools.count(1)
_writing: set[Path] = set()


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file to write; it appears under `path` when the block ends without error.

    Args:
        path: Where the file shall be. A symbolic link is followed, so that the file it
            points to is replaced and not the link.

    Yields:
        A binary file, readable and seekable.

    Raises:
        OSError: The folder is missing or read-only, or the disk is full; the message
            names the file, and what was there before is unchanged.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.bin"
        >>> with atomic_write(path) as file:
        ...     _ = file.write(b"whole")
        >>> path.read_bytes()
        b'whole'
    """
    target = Path(os.path.realpath(path))
    failures: list[OSError] = []
    try:
        _check_target(target)
        _remove_abandoned(target)
        with _temporary(target, failures) as (temporary, file):
            yield file
            _to_disk(file)
            file.close()
            _keep_mode(target, temporary)
            os.replace(temporary, target)
        _folder_to_disk(target.parent)
    except Exception as error:
        if not failures and not isinstance(error, OSError):
            raise
        reason = failures[0] if failures else error
        raise _cannot_write(path, cast(OSError, reason)) from error


class _Target(io.FileIO):
    """A file that keeps why it could not be written: HDF5 does not pass that on."""

    def __init__(self, path: Path, failures: list[OSError]) -> None:
        super().__init__(path, "wb+")
        self._failures = failures

    def write(self, content: ReadableBuffer) -> int:
        try:
            return super().write(content)
        except OSError as error:
            self._failures.append(error)
            raise


def atomic_link(source: Path, target: Path) -> None:
    """Give a file another name too, in place of the file that had it.

    Args:
        source: The file; where the system knows no links, it is copied.
        target: Its new name, in the same folder.

    Raises:
        OSError: It cannot be done; what was there before is unchanged.
    """
    link = _free_temporary(Path(os.path.realpath(target)))
    try:
        with suppress(OSError):
            os.link(source, link)
            os.replace(link, target)
            return
    finally:
        with suppress(OSError):
            link.unlink(missing_ok=True)
    with atomic_write(target) as copy, open(source, "rb") as whole:
        shutil.copyfileobj(whole, copy)


@contextmanager
def one_at_a_time(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Wait until nobody else is in such a block with this folder, and hold it.

    Needed where several files change together. The end of a process frees the folder,
    however it ends. On systems without such locks nothing is waited for.

    Args:
        folder: The folder; nothing is written into it.
    """
    descriptor = None
    # Not every file system can do this.
    with suppress(OSError):
        if sys.platform != "win32":
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def _temporary(
    target: Path, failures: list[OSError]
) -> Iterator[tuple[Path, BinaryIO]]:
    temporary = _free_temporary(target)
    _writing.add(temporary)
    try:
        with io.BufferedRandom(_Target(temporary, failures)) as file:
            yield temporary, file
    finally:
        _writing.discard(temporary)
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _free_temporary(target: Path) -> Path:
    return target.parent / f"{_prefix(target)}{os.getpid()}-{next(_numbers)}.tmp"


def _prefix(target: Path) -> str:
    # A long name is cut: most file systems allow 255 bytes.
    return f".{target.name[:60]}.{_HOST}-"


def _check_target(target: Path) -> None:
    if target.is_dir():
        raise IsADirectoryError(21, "there is a folder of that name")
    if not target.parent.is_dir():
        raise FileNotFoundError(2, f"the folder '{target.parent}' does not exist")


def _remove_abandoned(target: Path) -> None:
    prefix = _prefix(target)
    with os.scandir(target.parent) as entries:
        names = [e.name for e in entries if e.name.startswith(prefix)]
    for name in names:
        temporary = target.parent / name
        pid = name[len(prefix) :].partition("-")[0]
        if name.endswith(".tmp") and pid.isdigit() and _abandoned(temporary, int(pid)):
            with suppress(OSError):
                temporary.unlink()


def _abandoned(temporary: Path, pid: int) -> bool:
    if pid == os.getpid():
        return temporary not in _writing
    if os.name != "posix":
        return True  # Windows refuses to remove a file that is still being written
    try:
        os.kill(pid, 0)  # signal 0 sends nothing, it only asks
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _keep_mode(target: Path, temporary: Path) -> None:
    if target.exists():
        shutil.copymode(target, temporary)


def _folder_to_disk(folder: Path) -> None:
    # The new name itself must survive a power cut. Not every system can do this.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _cannot_write(path: str | os.PathLike[str], error: OSError) -> OSError:
    message = explain(
        f"Cannot write '{os.fspath(path)}'.",
        got=error.strerror or str(error),
        fix="save to a folder that exists, can be written to and has room; "
        "a file that was there before is unchanged",
    )
    # With an errno, Python picks the subclass (PermissionError, ...) by itself.
    return OSError(error.errno, message) if error.errno else OSError(message)
