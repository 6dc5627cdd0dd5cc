"""MNIST: 70,000 handwritten digits, as `keras.datasets.mnist` gives them.

Yann LeCun and Corinna Cortes hold the copyright of MNIST, a derivative work of NIST's
data sets, made available under the Creative Commons Attribution-Share Alike 3.0
license.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import FileFormatError, explain
from kerasish.utils.files import cache_folder, get_file

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
FILE_HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
# sha256 of the bytes of the four arrays, in this order: the same for every way of
# packing
CONTENT_HASH = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"
_NAMES = ("x_train", "y_train", "x_test", "y_test")

Split = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def load_data(path: str = "mnist.npz") -> tuple[Split, Split]:
    """Return `(x_train, y_train), (x_test, y_test)` of MNIST.

    The file is looked for in `$KERAS_HOME/datasets` (`~/.keras/datasets`), and
    downloaded if it is not there. What is in it is checked; nothing in it is unpickled.

    Args:
        path: Name of the file in that folder, or an absolute path.

    Returns:
        Images, uint8 of shape `(60000, 28, 28)` and `(10000, 28, 28)`, 0 to 255; and
        digits, uint8 of shape `(60000,)` and `(10000,)`, 0 to 9.

    Raises:
        OSError: It is not there, and cannot be downloaded.
        FileFormatError: What is there is not MNIST.
    """
    file = cache_folder() / path
    if not file.exists():
        file = Path(get_file(path, origin=ORIGIN, file_hash=FILE_HASH))
    arrays = _read(file)
    got = _hash_content(arrays)
    if got != CONTENT_HASH:
        raise _not_mnist(file, f"arrays with sha256 {got}", CONTENT_HASH)
    x_train, y_train, x_test, y_test = arrays
    return (x_train, y_train), (x_test, y_test)


def _read(file: Path) -> list[NDArray[Any]]:
    try:
        # opened here: of a damaged file, `np.load` would leave the closing to chance
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            return [archive[name] for name in _NAMES]
    except (KeyError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        names = ", ".join(_NAMES)
        raise _not_mnist(file, str(error), f"an .npz of {names}") from error


def _hash_content(arrays: list[NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _not_mnist(file: Path, got: str, expected: str) -> FileFormatError:
    return FileFormatError(
        explain(
            f"{file} is not the MNIST that Keras uses.",
            got=got,
            expected=expected,
            fix=f"delete the file, and load again to download it from {ORIGIN}",
        )
    )
