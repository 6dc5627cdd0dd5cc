import numpy as np
import pytest

from kerasish.datasets import mnist
from kerasish.errors import FileFormatError
from kerasish.utils.files import cache_folder

HAS_MNIST = (cache_folder() / "mnist.npz").exists()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


@pytest.mark.skipif(
    not HAS_MNIST, reason="needs datasets/mnist.npz in KERAS_HOME or ~/.keras"
)
def test_the_real_one():
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert (x_train.shape, y_train.shape) == ((60000, 28, 28), (60000,))
    assert (x_test.shape, y_test.shape) == ((10000, 28, 28), (10000,))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert x_train.mean() == pytest.approx(33.318421, abs=1e-6)


def small_arrays():
    shapes = {"x_train": (4, 2, 2), "y_train": 4, "x_test": (2, 2, 2), "y_test": 2}
    return {name: np.ones(shape, "uint8") for name, shape in shapes.items()}


def test_content_is_checked_however_it_is_packed(home, monkeypatch):
    arrays = small_arrays()
    np.savez(home / "mnist.npz", **arrays)
    np.savez_compressed(home / "packed.npz", **arrays)
    with pytest.raises(FileFormatError, match="is not the MNIST") as error:
        mnist.load_data()
    assert f"expected: {mnist.CONTENT_HASH}" in str(error.value)
    assert "fix:      delete the file" in str(error.value)
    right = mnist._hash_content(list(arrays.values()))
    monkeypatch.setattr(mnist, "CONTENT_HASH", right)
    for path in ("mnist.npz", "packed.npz", str(home / "mnist.npz")):
        (x_train, _), (_, y_test) = mnist.load_data(path)
        assert (x_train.shape, y_test.shape) == ((4, 2, 2), (2,))


def test_damaged_files(home):
    file = home / "mnist.npz"
    np.savez(file, **small_arrays())
    whole = file.read_bytes()
    for content in (b"", b"no archive", whole[:300]):
        file.write_bytes(content)
        with pytest.raises(FileFormatError, match="is not the MNIST"):
            mnist.load_data()
    np.savez(file, x_train=np.ones(3))
    with pytest.raises(FileFormatError, match=r"(?s)y_train.*an .npz of x_train"):
        mnist.load_data()


def test_nothing_is_unpickled(home):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("unpickled",)

    np.savez(home / "mnist.npz", x_train=np.array([Trap()], dtype=object))
    with pytest.raises(FileFormatError, match="is not the MNIST"):
        mnist.load_data()


def test_offline_names_url_and_folder(home, monkeypatch):
    monkeypatch.setattr(mnist, "ORIGIN", "http://127.0.0.1:1/mnist.npz")
    with pytest.raises(OSError, match="URL fetch failure") as error:
        mnist.load_data()
    assert "http://127.0.0.1:1/mnist.npz" in str(error.value)
    assert f"put the file into the folder {home}" in str(error.value)
