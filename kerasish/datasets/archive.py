"""`.npz` files of data sets, and the random split into training and test part.

Arrays of Python objects in them are pickles; `safe_pickle` reads these.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from kerasish.datasets import safe_pickle
from kerasish.errors import FileFormatError, explain
from kerasish.utils.files import get_file

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

Arrays = dict[str, NDArray[Any]]
Part = tuple[NDArray[Any], NDArray[Any]]


def fetch_arrays(
    path: str, origin: str, file_hash: str, names: Sequence[str]
) -> Arrays:
    """Return arrays of a `.npz` file in the cache, downloaded if it is not there.

    Args:
        path: Name of the file in `$KERAS_HOME/datasets`.
        origin: URL.
        file_hash: sha256 of the file.
        names: Of the arrays wanted.

    Raises:
        OSError: It is not there, and cannot be downloaded.
        FileFormatError: It is damaged, or lacks an array.
    """
    file = get_file(path, origin=origin, file_hash=file_hash)
    try:
        with zipfile.ZipFile(file) as archive:
            return {name: _read(archive, name, file) for name in names}
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError, OSError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(
            explain(
                f"{file} is damaged, or not what it should be.",
                got=str(error),
                expected="an .npz of " + ", ".join(names),
                fix="delete the file, and load again to download it",
            )
        ) from error


def _read(archive: zipfile.ZipFile, name: str, file: str) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as member:
        if not _holds_objects(member):
            member.seek(0)
            return np.asarray(np.lib.format.read_array(member, allow_pickle=False))
        value = safe_pickle.load(member, f"{name} in {file}")
    if not isinstance(value, np.ndarray):
        raise ValueError(f"{name} is a {type(value).__name__}, not an array")
    return value


def _holds_objects(member: IO[bytes]) -> bool:
    """Return whether a `.npy` holds a pickle, which then comes next."""
    version = np.lib.format.read_magic(member)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"version {version} of the .npy format")
    _, _, dtype = readers[version](member)
    return bool(dtype.hasobject)


def shuffled(x: NDArray[Any], y: NDArray[Any], seed: int) -> Part:
    """Return samples and targets in a random order, the same as in Keras."""
    order = np.random.RandomState(seed).permutation(len(x))
    return x[order], y[order]


def split(x: NDArray[Any], y: NDArray[Any], test_split: float) -> tuple[Part, Part]:
    """Return `(x_train, y_train), (x_test, y_test)`: the last samples are for testing.

    Args:
        x: Samples.
        y: Targets.
        test_split: Fraction for testing, in [0, 1).

    Raises:
        ValueError: `test_split` is not in this range.
    """
    if not 0 <= test_split < 1:
        raise ValueError(
            explain(
                "Invalid `test_split` argument.",
                got=f"test_split={test_split}",
                expected="a number in [0, 1)",
            )
        )
    count = int(len(x) * (1 - test_split))
    return (x[:count], y[:count]), (x[count:], y[count:])
