"""Heaps in which the HDF5 library would never come to an end."""

import io
import struct

import h5py
import numpy as np
import pytest

from kerasish.errors import FileFormatError
from kerasish.saving.hdf5_heaps import has_endless_heap
from kerasish.saving.hdf5_safe import names_attribute, open_hdf5, text_attribute


def with_text(lengths=(3, 300)):
    """Return a file whose attributes are text of these lengths, and plain ones."""
    file = io.BytesIO()
    with h5py.File(file, "w") as root:
        for length in lengths:
            root.attrs[f"t{length}"] = "x" * length
        root.attrs["list"] = np.array(["a", "b"], h5py.string_dtype())
        root.attrs["bytes"] = np.bytes_("plain")
        root.attrs["number"] = 5
    return file.getvalue()


def endless(content):
    """Return the file with the free part of its first heap made one of no size."""
    damaged, at = bytearray(content), content.index(b"GCOL") + 16
    while (number := struct.unpack_from("<H", damaged, at)[0]) != 0:
        size = struct.unpack_from("<Q", damaged, at + 8)[0]
        assert number < 100
        at += 16 + (size + 7) // 8 * 8
    damaged[at + 8 : at + 16] = bytes(8)
    return bytes(damaged)


@pytest.mark.parametrize("lengths", [(3, 300), (5000,), (70000, 10, 70001), ()])
def test_good_heaps_end(lengths):
    """Whatever the library writes, it can read."""
    assert not has_endless_heap(io.BytesIO(with_text(lengths)))


def test_a_free_object_of_no_size_is_seen():
    """Wherever it lies, and however the file is read."""
    bad = endless(with_text())
    assert has_endless_heap(io.BytesIO(bad))
    far = bytes(2**22 - bad.index(b"GCOL") - 2) + bad  # across two reads
    assert has_endless_heap(io.BytesIO(far))
    for cut in range(len(bad) - 60, len(bad)):
        has_endless_heap(io.BytesIO(bad[:cut]))


@pytest.mark.parametrize("in_memory", [True, False])
def test_text_is_refused_and_the_rest_is_read(tmp_path, in_memory):
    """Text in such a file is an error of the file; what is no text can be read."""
    path = tmp_path / "a.h5"
    path.write_bytes(endless(with_text()))
    source = io.BytesIO(path.read_bytes()) if in_memory else path
    with open_hdf5(source) as root:
        assert text_attribute(root, "bytes") == "plain"
        assert text_attribute(root, "number") == "5"
        for name in ("t3", "t3", "list"):
            with pytest.raises(FileFormatError, match="a heap with an object of size"):
                text_attribute(root, name)


def test_two_files_at_once_are_told_apart(tmp_path):
    """What was found in one file says nothing of another."""
    with open_hdf5(io.BytesIO(with_text())) as good:
        with open_hdf5(io.BytesIO(endless(with_text()))) as bad:
            assert names_attribute(good, "list") == ["a", "b"]
            with pytest.raises(FileFormatError, match="object of size 0"):
                names_attribute(bad, "list")
        assert text_attribute(good, "t3") == "xxx"
