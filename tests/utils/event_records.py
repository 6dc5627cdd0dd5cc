"""A reader of event files for the tests, written from the format and not from ours."""

import struct
from typing import NamedTuple

import numpy as np


class Value(NamedTuple):
    """One value of a summary."""

    step: int
    tag: str
    plugin: str
    tensor: object


def crc32c(data):
    """Return CRC-32C, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def unmasked(masked):
    turned = (masked - 0xA282EAD8) % 2**32
    return (turned >> 17 | turned << 15) % 2**32


def records(content):
    """Return the records in a file's content; every checksum must be right."""
    found = []
    while content:
        length, length_crc = struct.unpack("<QI", content[:12])
        assert unmasked(length_crc) == crc32c(content[:8])
        data, (data_crc,) = (
            content[12 : 12 + length],
            struct.unpack("<I", content[12 + length : 16 + length]),
        )
        assert unmasked(data_crc) == crc32c(data)
        found.append(data)
        content = content[16 + length :]
    return found


def fields(message):
    """Return a message's fields: number -> list of ints, doubles and bytes."""
    found = {}
    while message:
        key, message = varint(message)
        if key & 7 == 0:
            value, message = varint(message)
        elif key & 7 == 1:
            (value,), message = struct.unpack("<d", message[:8]), message[8:]
        else:
            assert key & 7 == 2
            length, message = varint(message)
            value, message = message[:length], message[length:]
        found.setdefault(key >> 3, []).append(value)
    return found


def varint(message):
    number = shift = 0
    for place, byte in enumerate(message):
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, message[place + 1 :]
    raise AssertionError("a number that does not end")


def tensor(message):
    """Return a tensor's values: an array, or a list of strings."""
    parts = fields(message)
    dims = fields(parts[2][0]).get(2, [])
    shape = [fields(dim)[1][0] for dim in dims]
    if parts[1] == [7]:
        return parts[8]
    dtype = {1: "<f4", 2: "<f8"}[parts[1][0]]
    return np.frombuffer(parts[4][0], dtype).reshape(shape)


def read_events(path):
    """Return the values in an event file, which must begin with the version."""
    first, *events = [fields(data) for data in records(path.read_bytes())]
    assert first[3] == [b"brain.Event:2"]
    values = []
    for event in events:
        assert event[1][0] > 1.7e9  # seconds since 1970
        for summary in event[5]:
            (value,) = (fields(v) for v in fields(summary)[1])
            plugin = fields(fields(value[9][0])[1][0])[1][0]
            step = event.get(2, [0])[0]
            tag = value[1][0].decode()
            values.append(Value(step, tag, plugin.decode(), tensor(value[8][0])))
    return values
