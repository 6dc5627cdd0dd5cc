"""A window shows a part of a file, and of an archive only what lies there whole."""

import io
import zipfile

import pytest

from kerasish.errors import FileFormatError
from kerasish.saving.file_window import FileWindow


@pytest.fixture
def window():
    return FileWindow(io.BytesIO(b"0123456789"), 2, 5)


def test_reading_stops_at_its_end(window):
    assert window.read(3) == b"234"
    assert window.tell() == 3
    assert window.read(9) == b"56"
    assert window.read() == b""
    assert window.num_read == 5


def test_seeking_is_relative_to_its_start(window):
    assert window.seek(-2, io.SEEK_END) == 3
    assert window.read() == b"56"
    assert window.seek(1) == 1
    assert window.seek(1, io.SEEK_CUR) == 2
    assert window.read(1) == b"4"
    assert window.seek(99) == 99
    assert window.read() == b""


def archived(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("first", b"x" * 100)
        archive.writestr("second", b"content")
    with zipfile.ZipFile(path) as archive:
        return path, archive.getinfo("second")


def test_a_member_is_found_where_it_lies(tmp_path):
    path, info = archived(tmp_path)
    with open(path, "rb") as file, FileWindow.of_member(file, info) as window:
        assert window.read() == b"content"


@pytest.mark.parametrize(("key", "value"), [("file_size", 2**40), ("header_offset", 7)])
def test_a_list_that_lies_is_refused(tmp_path, key, value):
    path, info = archived(tmp_path)
    setattr(info, key, value)
    with (
        open(path, "rb") as file,
        pytest.raises(FileFormatError, match="no whole member 'second'"),
    ):
        FileWindow.of_member(file, info)
