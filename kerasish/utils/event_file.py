"""TensorBoard's event files, written without TensorBoard: records of messages.

A file is a row of records (length, checksum of the length, content, checksum of the
content); the content is an `Event` message. Field numbers are those of TensorBoard's
`event.proto`, `summary.proto` and `tensor.proto`; the form of the values (tensors, with
the name of the plugin that shows them) is the one TensorFlow 2 writes.
"""

from __future__ import annotations

import os
import struct
import threading
import time
import zlib
from collections.abc import Iterable
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

_DT_FLOAT, _DT_DOUBLE, _DT_STRING = 1, 2, 7
_VARINT, _FIXED64, _BYTES = 0, 1, 2  # wire types
_BUCKETS = 30
_FLUSH_SECONDS = 10
_lock = threading.Lock()
_num_files = 0


def _crc_table() -> list[int]:
    """Return the remainders of all bytes; Castagnoli's polynomial, bits reversed."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _crc_table()


def masked_crc32c(data: bytes) -> int:
    """Return the checksum of bytes: CRC-32C, turned and moved as TFRecord wants it.

    Example:
        >>> hex(masked_crc32c(b"123456789"))
        '0xc78ab0e5'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """Return bytes framed as one record."""
    length = struct.pack("<Q", len(data))
    return b"".join(
        [
            length,
            struct.pack("<I", masked_crc32c(length)),
            data,
            struct.pack("<I", masked_crc32c(data)),
        ]
    )


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)


def _field(number: int, value: int | float | bytes | str) -> bytes:
    """Return one field of a message: an int, a float (as double), or bytes."""
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | _FIXED64) + struct.pack("<d", value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _shape(sizes: Iterable[int]) -> bytes:
    return b"".join(_field(2, _field(1, size)) for size in sizes)


def _number_tensor(values: NDArray[np.generic], dtype: int) -> bytes:
    shape = _field(2, _shape(values.shape))
    return _field(1, dtype) + shape + _field(4, values.tobytes())


def _string_tensor(strings: Iterable[bytes], sizes: Iterable[int]) -> bytes:
    values = b"".join(_field(8, string) for string in strings)
    return _field(1, _DT_STRING) + _field(2, _shape(sizes)) + values


class EventFile:
    """A new event file in a folder, which is made if need be.

    Values are held back until `flush`, or some seconds have passed.

    Args:
        folder: The folder; TensorBoard shows its name as the name of the run.

    Attributes:
        path: The file.

    Example:
        >>> import tempfile
        >>> with EventFile(tempfile.mkdtemp()) as file:
        ...     file.scalar("loss", 0.5, step=1)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        global _num_files
        with _lock:
            number = _num_files
            _num_files += 1
        os.makedirs(folder, exist_ok=True)
        import socket

        host, now = socket.gethostname(), time.time()
        name = f"events.out.tfevents.{int(now)}.{host}.{os.getpid()}.{number}.v2"
        self.path = os.path.join(folder, name)
        self._waiting: list[bytes] = []
        self._flushed = time.monotonic()
        self._write(_field(3, "brain.Event:2"), step=0)

    def _write(self, content: bytes, step: int) -> None:
        event = _field(1, time.time()) + _field(2, step) + content
        self._waiting.append(record(event))
        if time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def _summary(
        self, tag: str, plugin: str, tensor: bytes, step: int, content: bytes = b""
    ) -> None:
        plugin_data = _field(1, plugin) + (_field(2, content) if content else b"")
        metadata = _field(1, plugin_data)
        value = _field(1, tag) + _field(8, tensor) + _field(9, metadata)
        self._write(_field(5, _field(1, value)), step)

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Write a number.

        Args:
            tag: Its name.
            value: The number; float32 in the file.
            step: Where it lies on the horizontal axis.
        """
        tensor = _number_tensor(np.array(value, "<f4"), _DT_FLOAT)
        self._summary(tag, "scalars", tensor, step)

    def histogram(self, tag: str, values: NDArray[np.generic], step: int) -> None:
        """Write how numbers are spread, in 30 buckets.

        Args:
            tag: Name.
            values: Numbers, of any shape; those that are not finite are left out.
            step: Where it lies on the horizontal axis.
        """
        tensor = _number_tensor(buckets(values), _DT_DOUBLE)
        self._summary(tag, "histograms", tensor, step)

    def images(self, tag: str, images: NDArray[np.uint8], step: int) -> None:
        """Write images.

        Args:
            tag: Name.
            images: uint8 of shape `(count, height, width, channels)` with 1, 3 or 4
                channels.
            step: Where they lie on the horizontal axis.
        """
        _, height, width, _ = images.shape
        sizes = [str(width).encode(), str(height).encode()]
        strings = [*sizes, *(png(image) for image in images)]
        tensor = _string_tensor(strings, [len(strings)])
        self._summary(tag, "images", tensor, step)

    def model(self, tag: str, config: str, step: int) -> None:
        """Write a model's configuration, for the tab "Graphs".

        Args:
            tag: Name.
            config: As `model.to_json()` returns it.
            step: Where it lies on the horizontal axis.
        """
        tensor = _string_tensor([config.encode()], [])
        self._summary(tag, "graph_keras_model", tensor, step, content=b"1")

    def flush(self) -> None:
        """Append what was written to the file, which is open only while this runs."""
        with open(self.path, "ab") as file:
            file.writelines(self._waiting)
        self._waiting = []
        self._flushed = time.monotonic()

    def __enter__(self) -> EventFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.flush()


def buckets(values: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return a histogram: rows of left edge, right edge and count.

    Args:
        values: Numbers, of any shape; those that are not finite are left out.

    Returns:
        Array of shape `(30, 3)`. Equal numbers are all in the last row.

    Example:
        >>> buckets(np.array([1.0, 2.0, 2.0]))[[0, -1], 2].tolist()
        [1.0, 2.0]
    """
    numbers = np.asarray(values, "<f8").ravel()
    numbers = numbers[np.isfinite(numbers)]
    rows = np.zeros((_BUCKETS, 3), "<f8")
    if not numbers.size:
        return rows
    low, high = numbers.min(), numbers.max()
    if low + (high - low) / _BUCKETS <= low:  # too close to tell buckets apart
        rows[:, :2] = low
        rows[-1, 2] = numbers.size
        return rows
    counts, edges = np.histogram(numbers, _BUCKETS)
    rows[:, 0], rows[:, 1], rows[:, 2] = edges[:-1], edges[1:], counts
    return rows


def weight_images(values: NDArray[np.generic]) -> NDArray[np.uint8] | None:
    """Return weights as images; None for those that make none.

    A matrix is one image, lying on its side if it is high; three axes are a row of
    images, one for each output; of four axes, the last one has to be colours.
    """
    values = np.squeeze(values)
    if values.ndim == 1:
        values = values[np.newaxis, :, np.newaxis, np.newaxis]
    elif values.ndim == 2:
        wide = values.T if values.shape[0] > values.shape[1] else values
        values = wide[np.newaxis, :, :, np.newaxis]
    elif values.ndim == 3:
        values = values.transpose(2, 0, 1)[..., np.newaxis]
    if values.ndim != 4 or values.shape[-1] not in (1, 3, 4):
        return None
    shades = np.clip(np.nan_to_num(values), 0, 1) * 255
    images: NDArray[np.uint8] = shades.astype(np.uint8)
    return images


def png(image: NDArray[np.uint8]) -> bytes:
    """Return an image as the content of a PNG file.

    Args:
        image: uint8 of shape `(height, width, channels)` with 1, 3 or 4 channels.
    """
    height, width, channels = image.shape
    color = {1: 0, 3: 2, 4: 6}[channels]
    lines = np.zeros((height, 1 + width * channels), np.uint8)  # filter 0: as it is
    lines[:, 1:] = image.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    parts = {
        b"IHDR": header,
        b"IDAT": zlib.compress(lines.tobytes()),
        b"IEND": b"",
    }
    chunks = [_chunk(kind, content) for kind, content in parts.items()]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    size, crc = len(content), zlib.crc32(checked)
    return struct.pack(">I", size) + checked + struct.pack(">I", crc)
