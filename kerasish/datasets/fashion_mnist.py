"""Fashion-MNIST: 70,000 pictures of clothes, as `keras.datasets.fashion_mnist`.

The copyright is held by Zalando SE; the data is licensed under the MIT license.
Classes: T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle
boot.
"""

from __future__ import annotations

import gzip
import math
import zlib

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import FileFormatError, explain
from kerasish.utils.files import get_file

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_FOLDER = "datasets/fashion-mnist"
_UBYTE = 0x08  # the dtype byte of the IDX format
_TRAIN, _TEST = 60_000, 10_000

Split = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def load_data() -> tuple[Split, Split]:
    """Return `(x_train, y_train), (x_test, y_test)` of Fashion-MNIST.

    The four files are looked for in `$KERAS_HOME/datasets/fashion-mnist`
    (`~/.keras/datasets/fashion-mnist`), and downloaded if they are not there.

    Returns:
        Pictures, uint8 of shape `(60000, 28, 28)` and `(10000, 28, 28)`, 0 to 255; and
        classes, uint8 of shape `(60000,)` and `(10000,)`, 0 to 9.

    Raises:
        OSError: A file is not there, and cannot be downloaded.
        FileFormatError: A file is damaged, or something else.
    """
    train = _load("train", _TRAIN)
    test = _load("t10k", _TEST)
    return train, test


def _load(part: str, count: int) -> Split:
    labels = _read(f"{part}-labels-idx1-ubyte.gz", (count,))
    images = _read(f"{part}-images-idx3-ubyte.gz", (count, 28, 28))
    return images, labels


def _read(name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the array in one file, fetched first if need be."""
    path = get_file(name, origin=ORIGIN + name, cache_subdir=_FOLDER)
    header = 4 + 4 * len(shape)
    try:
        with gzip.open(path) as file:
            # one byte more than there should be tells a file that is too long
            content = file.read(header + math.prod(shape) + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, str(error), shape) from error
    expected = bytes([0, 0, _UBYTE, len(shape)]) + np.array(shape, ">u4").tobytes()
    if content[:header] != expected or len(content) != header + math.prod(shape):
        raise _damaged(path, f"{len(content)} bytes of something else", shape)
    return np.frombuffer(bytearray(content[header:]), np.uint8).reshape(shape)


def _damaged(path: str, got: str, shape: tuple[int, ...]) -> FileFormatError:
    return FileFormatError(
        explain(
            f"{path} is damaged, or not a file of Fashion-MNIST.",
            got=got,
            expected=f"gzipped IDX, uint8 of shape {shape}",
            fix="delete the file, and load again to download it",
        )
    )
