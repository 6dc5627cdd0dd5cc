"""`.npz` files with and without pickles in them."""

import zipfile

import numpy as np
import pytest

from kerasish.datasets import archive
from kerasish.errors import FileFormatError
from kerasish.utils.files import hash_file


def fetch(file, *names):
    return archive.fetch_arrays(
        file.name, "http://127.0.0.1:1/", hash_file(file), names
    )


def test_numbers_and_objects(home):
    lists = np.empty(2, dtype=object)
    lists[:] = [[1, 2], [3]]
    np.savez(home / "a.npz", x=lists, y=np.arange(2), z=np.ones(3))
    arrays = fetch(home / "a.npz", "x", "y")
    assert list(arrays) == ["x", "y"]
    assert arrays["x"].tolist() == [[1, 2], [3]]
    assert arrays["y"].tolist() == [0, 1]


class Trap:
    def __reduce__(self):
        return pytest.fail, ("unpickled",)


def test_nothing_is_run(home):
    np.savez(home / "a.npz", x=np.array([Trap()], dtype=object))
    with pytest.raises(FileFormatError, match="it names") as error:
        fetch(home / "a.npz", "x")
    assert "x in " in str(error.value)


def write_npy(home, content):
    with zipfile.ZipFile(home / "a.npz", "w") as file:
        file.writestr("x.npy", content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "EOF|magic"),
        (b"\x93NUMPY\x09\x00", "version"),
        (b"\x93NUMPY\x01\x00\x03\x00{}\n", "header|keys"),
    ],
)
def test_damaged_members(home, content, message):
    write_npy(home, content)
    with pytest.raises(FileFormatError, match=message):
        fetch(home / "a.npz", "x")


def test_damaged_files(home):
    (home / "a.npz").write_bytes(b"no archive")
    with pytest.raises(FileFormatError, match="damaged") as error:
        fetch(home / "a.npz", "x")
    assert "expected: an .npz of x" in str(error.value)
    np.savez(home / "a.npz", y=np.arange(2))
    with pytest.raises(FileFormatError, match=r"x\.npy"):
        fetch(home / "a.npz", "x")


def test_pickle_of_something_else(home):
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }\n"
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    write_npy(home, start + b"I1\n.")
    with pytest.raises(FileFormatError, match="x is a int, not an array"):
        fetch(home / "a.npz", "x")


def test_order_is_that_of_the_legacy_generator():
    x, y = archive.shuffled(np.arange(4) * 10, np.arange(4), seed=113)
    order = np.random.RandomState(113).permutation(4)
    assert (x.tolist(), y.tolist()) == ((order * 10).tolist(), order.tolist())


@pytest.mark.parametrize(
    ("test_split", "counts"), [(0.2, (8, 2)), (0, (10, 0)), (0.33, (6, 4))]
)
def test_split(test_split, counts):
    (x_train, _), (x_test, y_test) = archive.split(
        np.arange(10), np.arange(10), test_split
    )
    assert (len(x_train), len(x_test)) == counts
    assert y_test.tolist() == list(range(counts[0], 10))


@pytest.mark.parametrize("test_split", [1, -0.1])
def test_wrong_split(test_split):
    with pytest.raises(ValueError, match="Invalid `test_split`") as error:
        archive.split(np.arange(10), np.arange(10), test_split)
    assert f"got:      test_split={test_split}" in str(error.value)


def test_offline_names_url_and_folder(home):
    with pytest.raises(OSError, match="URL fetch failure") as error:
        archive.fetch_arrays("a.npz", "http://127.0.0.1:1/a.npz", "0" * 64, ("x",))
    assert f"put the file into the folder {home}" in str(error.value)
