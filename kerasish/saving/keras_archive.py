"""`.keras`: a model as a zip of `metadata.json`, `config.json` and `model.weights.h5`.

Members are read by these three names, in memory and with a limit on their size. Layers
may have files of their own beside them: see `kerasish.saving.assets`.
"""

from __future__ import annotations

import io
import json
import os
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from kerasish.errors import FileFormatError, explain
from kerasish.graph.memory_limit import memory_limit
from kerasish.saving.assets import read_assets, write_assets
from kerasish.saving.file_window import FileWindow
from kerasish.saving.hdf5_safe import most_bytes, open_hdf5, parse_json
from kerasish.saving.hidden_state import FIT_STATE, read_hidden, read_training
from kerasish.saving.legacy_h5 import KERAS_VERSION
from kerasish.saving.old_layers import is_version_2, keep_old_meanings
from kerasish.saving.older_configs import modern_compile, modernise
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from kerasish.saving.weights_h5 import read_tree, write_tree

# A path, or the archive opened: what is read in several steps is read from one file,
# as another process may give its name to a new one at any time.
Source = str | os.PathLike[str] | BinaryIO

_SIGNATURE = b"PK\x03\x04"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MAX_CONFIG_BYTES = 2**26
_CHECKED_AT_ONCE = 2**20
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
)
_ENCRYPTED = 0x1
# Others (bzip2, lzma) let a header of some bytes ask for gigabytes to unpack.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def starts_like_zip(path: str | os.PathLike[str]) -> bool:
    """Return whether a file begins like a zip archive."""
    with open(path, "rb") as file:
        return file.read(len(_SIGNATURE)) == _SIGNATURE


def write_archive(model: Any, file: BinaryIO) -> None:
    """Write a whole model into an open binary file."""
    config = json.dumps(serialize_keras_object(model))
    saved = time.strftime("%Y-%m-%d@%H:%M:%S")
    weights = io.BytesIO()
    write_tree(model, weights, getattr(model, FIT_STATE, None))
    with zipfile.ZipFile(file, "w") as archive:
        metadata = {"keras_version": KERAS_VERSION, "date_saved": saved}
        archive.writestr(_METADATA, json.dumps(metadata))
        archive.writestr(_CONFIG, config)
        archive.writestr(_WEIGHTS, weights.getbuffer())
        write_assets(model, archive)


def read_archive(path: str | os.PathLike[str], compile: bool = True) -> Any:
    """Return the model in an archive.

    Args:
        path: The archive.
        compile: Whether to compile it as it was, with the optimizer's state.

    Raises:
        FileFormatError: It is no `.keras` archive, or it is damaged.
    """
    with _opened_twice(path) as files, _checked_weights(*files) as weights:
        archive = files[0]
        config = _modern_config(archive)
        compile_config = config.pop("compile_config", None)
        with memory_limit(most_bytes(_size(archive))):
            model = deserialize_keras_object(config)
            if compile and compile_config:
                model.compile_from_config(modern_compile(compile_config))
            with open_hdf5(weights) as root:
                read_tree(model, root, build_optimizer=True)
                read_hidden(model, root)
                setattr(model, FIT_STATE, read_training(root))
            _read_assets(model, archive)
    return model


@contextmanager
def _opened_twice(
    path: str | os.PathLike[str],
) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open one and the same file twice, as two threads read it."""
    while True:
        with open(path, "rb", buffering=0) as one, open(path, "rb", buffering=0) as two:
            if os.path.sameopenfile(one.fileno(), two.fileno()):
                yield cast(BinaryIO, one), cast(BinaryIO, two)
                return


def _size(source: Source) -> int:
    if isinstance(source, io.IOBase):
        return os.fstat(source.fileno()).st_size
    return os.path.getsize(cast(str, source))


def _modern_config(source: Source) -> dict[str, Any]:
    config = archived_config(source)
    if _is_of_keras_2(source):
        config = keep_old_meanings(config)
    config = modernise(config)
    if not isinstance(config, dict) or "class_name" not in config:
        message = explain(f"'{_CONFIG}' does not describe a model.")
        raise FileFormatError(message)
    return config


def _read_assets(model: Any, source: Source) -> None:
    left = most_bytes(_size(source))

    def read(name: str) -> bytes:
        nonlocal left
        content = _member(source, name, left)
        left -= len(content)
        return content

    read_assets(model, list(archived_sizes(source)), read)


def _is_of_keras_2(source: Source) -> bool:
    try:
        metadata = archived_metadata(source)
    except FileFormatError:
        return False  # Keras does without it too
    return isinstance(metadata, dict) and is_version_2(metadata.get("keras_version"))


def archived_weights(source: Source) -> io.BytesIO:
    """Return the member `model.weights.h5` of an archive, in memory."""
    limit = most_bytes(_size(source))
    return io.BytesIO(_member(source, _WEIGHTS, limit))


@contextmanager
def weights_in_place(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open the member `model.weights.h5` without reading it, if it is not packed."""
    with open(path, "rb", buffering=0) as file:
        yield _weights_of(cast(BinaryIO, file))


def _weights_of(archive: BinaryIO) -> BinaryIO:
    info = _weights_entry(archive)
    if info.compress_type != zipfile.ZIP_STORED:
        return archived_weights(archive)
    return FileWindow.of_member(archive, info)


@contextmanager
def _checked_weights(archive: BinaryIO, again: BinaryIO) -> Iterator[BinaryIO]:
    """Find the weights in place, and raise at the end if their checksum is wrong.

    Another thread computes it, as that takes as long as to read the arrays. So it needs
    the archive opened `again`.
    """
    stored = _weights_entry(archive).CRC
    with futures.ThreadPoolExecutor(1) as pool:
        weights = _weights_of(archive)
        if not isinstance(weights, FileWindow):
            yield weights  # unpacking has checked them
            return
        window = FileWindow(again, weights.start, weights.size)
        checksum = pool.submit(_checksum, window)
        yield weights
        if checksum.result() == stored:
            return
    raise FileFormatError(
        explain("The archive is damaged.", got=f"a wrong checksum of '{_WEIGHTS}'")
    )


def _checksum(window: FileWindow) -> int:
    buffer, value = memoryview(bytearray(_CHECKED_AT_ONCE)), 0
    while count := window.readinto(buffer):
        value = zlib.crc32(buffer[:count], value)
    return value


def _weights_entry(source: Source) -> zipfile.ZipInfo:
    with _opened(source) as archive:
        return _only(archive, _WEIGHTS)


def archived_sizes(source: Source) -> dict[str, int]:
    """Return the names of an archive's members and the sizes it says they have."""
    with _opened(source) as archive:
        return {info.filename: info.file_size for info in archive.infolist()}


def archived_config(source: Source) -> Any:
    """Return the config in an archive, as it stands there."""
    text = _member(source, _CONFIG, _config_limit(source)).decode("utf-8", "replace")
    return parse_json(text, _CONFIG)


def archived_metadata(source: Source) -> Any:
    """Return what an archive says of itself: Keras's version and the date."""
    text = _member(source, _METADATA, _config_limit(source)).decode("utf-8", "replace")
    return parse_json(text, _METADATA)


def _config_limit(source: Source) -> int:
    return min(_MAX_CONFIG_BYTES, most_bytes(_size(source)))


@contextmanager
def _opened(source: Source) -> Iterator[zipfile.ZipFile]:
    """Open an archive; whatever zip and its codecs raise becomes a FileFormatError."""
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except FileFormatError:
        raise
    except _ZIP_ERRORS as error:
        raise FileFormatError(
            explain("The archive is damaged or cut short.", got=str(error))
        ) from error


def _member(source: Source, name: str, limit: int) -> bytes:
    with _opened(source) as archive:
        info = _only(archive, name)
        with archive.open(info) as member:
            content = member.read(limit + 1)  # the size in the header may be a lie
    if len(content) > limit:
        message = explain(f"'{name}' is refused.", got=f"more than {limit} bytes")
        raise FileFormatError(message)
    return content


def _only(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Return the entry of a name, found to be the only one and plainly packed."""
    found = [info for info in archive.infolist() if info.filename == name]
    if not found:
        raise FileFormatError(
            explain(
                "The file is a zip, but no .keras archive.",
                got=f"no member '{name}'",
                expected=f"{_METADATA}, {_CONFIG} and {_WEIGHTS}",
            )
        )
    got = None
    if len(found) > 1:  # two readers could see two different models
        got = f"{len(found)} members of that name"
    elif found[0].flag_bits & _ENCRYPTED:
        got = "an encrypted member"
    elif found[0].compress_type not in _METHODS:
        got = f"a member packed by method {found[0].compress_type}"
    if got is not None:
        expected = "one member, stored or deflated"
        raise FileFormatError(
            explain(f"'{name}' is refused.", got=got, expected=expected)
        )
    return found[0]
