"""`get_file`: a file from the web, kept in Keras's cache folder.

A download goes to a temporary name beside its destination, is checked there, and only
then renamed: a file under its own name is complete. What needs the network or opens
archives is in `download.py` and `archives.py`, loaded when first used, because
importing Python's HTTP client takes longer than the rest of `kerasish.utils` (26 ms).
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from kerasish.errors import explain, unknown_name

_HASHES = {"md5": 32, "sha256": 64}  # name -> hexadecimal digits
_ARCHIVE_FORMATS = ("tar", "zip")


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | list[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file, downloaded first if it is not in the cache.

    Args:
        fname: Name of the file in the cache (no folders); that in `origin` by default.
            With `extract`, a name without suffix is the folder to extract to.
        origin: URL of the file.
        untar: Old form of `extract`, for tar archives.
        md5_hash: Old form of `file_hash`.
        file_hash: Expected md5 or sha256 of the file, in hexadecimal digits.
        cache_subdir: Folder inside the cache folder; an absolute path stands alone.
        hash_algorithm: "md5", "sha256", or "auto": told by the hash's length.
        extract: Whether to unpack a tar or zip archive.
        archive_format: "tar", "zip", a list of these, or "auto" for both.
        cache_dir: Cache folder; `$KERAS_HOME`, else `~/.keras` by default.
        force_download: Whether to download what is in the cache already.

    Returns:
        Path of the file, or of the folder it was extracted to.

    Raises:
        ValueError: No `origin`, a name with folders, or a hash that does not match.
        OSError: The download fails.
        FileFormatError: What is to be extracted is no such archive, or would write
            outside its folder.
    """
    if not origin:
        raise ValueError(
            explain(
                "`get_file` does not know where the file is.",
                fix='please specify the "origin" argument (URL of the file)',
            )
        )
    name = _file_name(fname, origin)
    extract = extract or untar
    folder = cache_folder(cache_subdir, cache_dir)
    archive, target = folder / name, folder / name
    if extract:
        archive, target = _archive_and_folder(folder, name, named=bool(fname))
    hash_wanted = file_hash or md5_hash
    fetched = _is_needed(archive, hash_wanted, hash_algorithm, force_download)
    if fetched:
        _make_folder(folder)
        check = _HashCheck(hash_wanted, hash_algorithm, origin)
        _load("download").download(origin, archive, check)
    if extract and (fetched or not target.exists()):
        formats = ["tar"] if untar else _formats(archive_format)
        _load("archives").extract(archive, target, formats)
    return str(target)


def cache_folder(
    subdir: str = "datasets", cache_dir: str | os.PathLike[str] | None = None
) -> Path:
    """Return the folder that files are cached in, which may not exist yet.

    Args:
        subdir: Folder inside the cache folder; an absolute path stands alone.
        cache_dir: Cache folder; `$KERAS_HOME`, else `~/.keras` by default.
    """
    base = cache_dir or os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(base).expanduser() / subdir


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            explain(
                f"The cache folder {folder} cannot be made.",
                got=str(error),
                fix="set KERAS_HOME to a folder you may write to, or pass `cache_dir`",
            )
        ) from error


def hash_file(path: str | os.PathLike[str], algorithm: str = "sha256") -> str:
    """Return the hash of a file's bytes, in hexadecimal digits.

    Args:
        path: The file.
        algorithm: "md5" or "sha256".
    """
    import hashlib

    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


class _HashCheck:
    """Raises if a file's hash is not the one expected."""

    def __init__(self, expected: str | None, algorithm: str, origin: str) -> None:
        self.expected = expected
        self.algorithm = algorithm
        self.origin = origin

    def __call__(self, path: Path) -> None:
        if self.expected is None:
            return
        algorithm = _algorithm(self.expected, self.algorithm)
        got = hash_file(path, algorithm)
        if got != self.expected.lower():
            raise ValueError(
                explain(
                    f"Incomplete or corrupted file detected: {self.origin} is not the "
                    "file expected.",
                    got=f"{algorithm} {got}",
                    expected=f"{algorithm} {self.expected}",
                    fix="try again later; if it stays so, the file there has changed",
                )
            )


def _algorithm(expected: str, algorithm: str) -> str:
    """Return the name of the hash algorithm meant."""
    if algorithm == "auto":
        return "sha256" if len(expected) == _HASHES["sha256"] else "md5"
    if algorithm not in _HASHES:
        raise ValueError(unknown_name("hash algorithm", algorithm, [*_HASHES, "auto"]))
    return algorithm


def _is_needed(path: Path, expected: str | None, algorithm: str, force: bool) -> bool:
    """Return whether to download: forced, absent, or not the right file."""
    if expected is not None:
        # a wrong name is told before any work is done
        algorithm = _algorithm(expected, algorithm)
    if force or not path.exists():
        return True
    return expected is not None and hash_file(path, algorithm) != expected.lower()


def _file_name(fname: str | os.PathLike[str] | None, origin: str) -> str:
    """Return the plain name under which the file is cached."""
    name = os.fspath(fname) if fname else unquote(urlsplit(origin).path).split("/")[-1]
    if not name:
        raise ValueError(
            explain(
                "The URL names no file.",
                got=origin,
                fix="please specify the `fname` argument",
            )
        )
    if Path(name).name != name or name in (".", "..") or "\\" in name:
        raise ValueError(
            explain(
                "Paths are not accepted as the `fname` argument.",
                got=f"fname={name}",
                expected="the name of a file, without folders",
                fix="name the folder in `cache_dir` or `cache_subdir`",
            )
        )
    return name


def _archive_and_folder(folder: Path, name: str, named: bool) -> tuple[Path, Path]:
    """Return where an archive goes, and where it is unpacked to; as Keras names them.

    Args:
        folder: Cache folder.
        name: Of the archive if it has a suffix, else of the folder to unpack to.
        named: Whether the user gave the name; one from a URL is the folder's.
    """
    if named and "." in name:
        return folder / name, folder / (name.split(".")[0] + "_extracted")
    return folder / f"{name}_archive", folder / name


def _formats(archive_format: str | list[str] | None) -> list[str]:
    if archive_format == "auto":
        return list(_ARCHIVE_FORMATS)
    formats = [archive_format] if isinstance(archive_format, str) else archive_format
    for name in formats or []:
        if name not in _ARCHIVE_FORMATS:
            raise ValueError(unknown_name("archive format", name, _ARCHIVE_FORMATS))
    return list(formats or [])


def _load(module: str) -> Any:
    """Return a module of this package that is loaded when first used; see above."""
    return importlib.import_module(f"kerasish.utils.{module}")
