"""Unpacking tar and zip archives that come from elsewhere.

Only folders and regular files are written, each inside the target: an archive with an
absolute path, a `..`, a link or a device is refused as a whole, before anything is
written. Files get the user's own permissions, never those in the archive.
"""

from __future__ import annotations

import secrets
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from kerasish.errors import FileFormatError, explain


class _Member(NamedTuple):
    name: str
    is_folder: bool
    is_plain: bool  # a regular file or a folder
    open: Callable[[], IO[bytes] | None]


def extract(archive: Path, target: Path, formats: Iterable[str]) -> None:
    """Unpack an archive into a folder, which appears only when it is complete.

    Args:
        archive: The file.
        target: The folder; what stood there is replaced.
        formats: "tar", "zip", or both: what the archive may be.

    Raises:
        FileFormatError: It is no such archive, is damaged, or would write outside the
            folder.
    """
    partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        _unpack(archive, partial, list(formats))
        if target.is_dir():
            shutil.rmtree(target)
        partial.replace(target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise FileFormatError(
            explain(f"{archive} is damaged.", got=str(error), fix="download it again")
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _unpack(archive: Path, folder: Path, formats: list[str]) -> None:
    if "tar" in formats and tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            _write_all([_tar_member(tar, m) for m in tar.getmembers()], folder, archive)
    elif "zip" in formats and zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            members = [_zip_member(zipped, m) for m in zipped.infolist()]
            _write_all(members, folder, archive)
    else:
        raise FileFormatError(
            explain(
                f"Could not extract {archive}.",
                got="a file of another kind",
                expected=" or ".join(formats) or "a format in `archive_format`",
                fix="pass extract=False for a file that is no archive",
            )
        )


def _tar_member(tar: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    plain = info.isreg() or info.isdir()
    return _Member(info.name, info.isdir(), plain, lambda: tar.extractfile(info))


def _zip_member(zipped: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    kind = info.external_attr >> 28  # Unix file type, 0 where none is kept
    plain = kind in (0, 0o4, 0o10)  # none, folder, regular file
    return _Member(info.filename, info.is_dir(), plain, lambda: zipped.open(info))


def _write_all(members: list[_Member], folder: Path, archive: Path) -> None:
    for member in members:
        _check(member, archive)
    folder.mkdir(parents=True)
    for member in members:
        path = folder / member.name
        (path if member.is_folder else path.parent).mkdir(parents=True, exist_ok=True)
        source = None if member.is_folder else member.open()
        if source is not None:
            with source, path.open("wb") as file:
                shutil.copyfileobj(source, file)


def _check(member: _Member, archive: Path) -> None:
    path = PurePosixPath(member.name.replace("\\", "/"))
    drive = ":" in path.parts[0] if path.parts else False
    inside = not path.is_absolute() and ".." not in path.parts and not drive
    if inside and member.is_plain:
        return
    raise FileFormatError(
        explain(
            f"{archive} was not extracted: it is not safe.",
            got=f"the member '{member.name}'"
            + ("" if member.is_plain else ", a link or device"),
            expected="files and folders inside the archive's own folder",
            fix="look into the archive, and unpack what you trust by hand",
        )
    )
