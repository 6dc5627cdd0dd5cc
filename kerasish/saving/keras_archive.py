"""`.keras`: a model as a zip of `metadata.json`, `config.json` and `model.weights.h5`.

Members are read by these three names, in memory and with a limit on their size. Layers
may have files of their own beside them: see `kerasish.saving.assets`.
"""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
import zlib
from typing import Any, BinaryIO

from kerasish.errors import FileFormatError, explain
from kerasish.saving.assets import read_assets, write_assets
from kerasish.saving.hdf5_safe import open_hdf5, parse_json
from kerasish.saving.legacy_h5 import KERAS_VERSION
from kerasish.saving.older_configs import modern_compile, modernise
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from kerasish.saving.weights_h5 import read_tree, write_tree

_SIGNATURE = b"PK\x03\x04"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MAX_CONFIG_BYTES = 2**28
# Weights barely shrink: a member that claims more than this times the file is a trap.
_MAX_RATIO = 50
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError)


def starts_like_zip(path: str | os.PathLike[str]) -> bool:
    """Return whether a file begins like a zip archive."""
    with open(path, "rb") as file:
        return file.read(len(_SIGNATURE)) == _SIGNATURE


def write_archive(model: Any, file: BinaryIO) -> None:
    """Write a whole model into an open binary file."""
    config = json.dumps(serialize_keras_object(model))
    saved = time.strftime("%Y-%m-%d@%H:%M:%S")
    weights = io.BytesIO()
    write_tree(model, weights)
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
    text = _member(path, _CONFIG, _MAX_CONFIG_BYTES).decode("utf-8", "replace")
    config = modernise(parse_json(text, _CONFIG))
    if not isinstance(config, dict) or "class_name" not in config:
        message = explain(f"'{_CONFIG}' does not describe a model.")
        raise FileFormatError(message)
    compile_config = config.pop("compile_config", None)
    model = deserialize_keras_object(config)
    if compile and compile_config:
        model.compile_from_config(modern_compile(compile_config))
    with open_hdf5(archived_weights(path)) as root:
        read_tree(model, root, build_optimizer=True)
    with zipfile.ZipFile(path) as archive:
        members = archive.namelist()
    read_assets(model, members, lambda name: _member(path, name, _MAX_CONFIG_BYTES))
    return model


def archived_weights(path: str | os.PathLike[str]) -> io.BytesIO:
    """Return the member `model.weights.h5` of an archive, in memory."""
    limit = max(_MAX_CONFIG_BYTES, _MAX_RATIO * os.path.getsize(path))
    return io.BytesIO(_member(path, _WEIGHTS, limit))


def archived_metadata(path: str | os.PathLike[str]) -> Any:
    """Return what an archive says of itself: Keras's version and the date."""
    text = _member(path, _METADATA, _MAX_CONFIG_BYTES).decode("utf-8", "replace")
    return parse_json(text, _METADATA)


def _member(path: str | os.PathLike[str], name: str, limit: int) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as member:
            content = member.read(limit + 1)  # the size in the header may be a lie
    except KeyError as error:
        raise FileFormatError(
            explain(
                "The file is a zip, but no .keras archive.",
                got=f"no member '{name}'",
                expected=f"{_METADATA}, {_CONFIG} and {_WEIGHTS}",
            )
        ) from error
    except _ZIP_ERRORS as error:
        raise FileFormatError(
            explain("The archive is damaged or cut short.", got=str(error))
        ) from error
    if len(content) > limit:
        message = explain(f"'{name}' is refused.", got=f"more than {limit} bytes")
        raise FileFormatError(message)
    return content
