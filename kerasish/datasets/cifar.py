"""What the files of CIFAR-10 and CIFAR-100 have in common."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import image_data_format
from kerasish.datasets import safe_pickle
from kerasish.errors import FileFormatError, explain
from kerasish.utils.files import get_file

Split = tuple[NDArray[np.uint8], NDArray[np.int64]]

_SIZE, _CHANNELS = 32, 3
_VALUES = _CHANNELS * _SIZE * _SIZE


def fetch(name: str, origin: str, file_hash: str, folder: str) -> Path:
    """Return the folder of a data set's files, downloaded if it is not there."""
    target = get_file(name, origin=origin, extract=True, file_hash=file_hash)
    return Path(target) / folder


def read_file(path: Path, label_name: str, count: int) -> Split:
    """Return the pictures and labels in one file.

    Args:
        path: The file.
        label_name: Of the labels in it.
        count: How many pictures there should be.

    Returns:
        uint8 of shape `(count, 32, 32, 3)`, or channels first if that is the setting in
        force; and int64 of shape `(count, 1)`.

    Raises:
        FileFormatError: The file is missing, damaged, or something else.
    """
    if not path.is_file():
        raise _wrong(path, "no such file", count)
    with path.open("rb") as file:
        found = safe_pickle.load(file, str(path))
    values = found if isinstance(found, dict) else {}
    data, labels = values.get(b"data"), values.get(label_name.encode())
    if not isinstance(data, np.ndarray) or not isinstance(labels, list):
        raise _wrong(path, f"a {type(found).__name__} without data or labels", count)
    if data.shape != (count, _VALUES) or data.dtype != np.uint8:
        raise _wrong(path, f"{data.dtype} data of shape {data.shape}", count)
    if len(labels) != count or any(type(label) is not int for label in labels):
        raise _wrong(path, f"{len(labels)} labels", count)
    return _pictures(data), np.array(labels, np.int64)[:, np.newaxis]


def _pictures(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pictures = data.reshape(-1, _CHANNELS, _SIZE, _SIZE)
    if image_data_format() == "channels_first":
        return pictures
    return np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))


def _wrong(path: Path, got: str, count: int) -> FileFormatError:
    return FileFormatError(
        explain(
            f"{path} is not a file of CIFAR.",
            got=got,
            expected=f"uint8 data of shape ({count}, {_VALUES}), and {count} labels",
            fix=f"delete the folder {path.parent}, and load again to download it",
        )
    )
