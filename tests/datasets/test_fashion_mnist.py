import gzip

import numpy as np
import pytest

from kerasish.datasets import fashion_mnist
from kerasish.errors import FileFormatError

COUNTS = {"train": 6, "t10k": 4}


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.tobytes()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The four files, with few samples, where `load_data` looks for them."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(fashion_mnist, "_TRAIN", COUNTS["train"])
    monkeypatch.setattr(fashion_mnist, "_TEST", COUNTS["t10k"])
    folder = tmp_path / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for part, count in COUNTS.items():
        images = np.arange(count * 784).reshape(count, 28, 28).astype("uint8")
        labels = np.arange(count).astype("uint8")
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            content = gzip.compress(idx(array))
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(content)
    return folder


def test_shapes_and_values(folder):
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert (x_train.shape, x_test.shape) == ((6, 28, 28), (4, 28, 28))
    assert y_train.tolist() == [0, 1, 2, 3, 4, 5]
    assert y_test.tolist() == [0, 1, 2, 3]
    assert x_train.dtype == y_train.dtype == np.uint8
    assert x_test[1, 0, 0] == 784 % 256
    x_train[0] = 1  # the caller's own copy


@pytest.mark.parametrize(
    "content",
    [
        b"not gzip",
        gzip.compress(idx(np.ones(5, "uint8"))),
        gzip.compress(idx(np.ones(6, "uint8")) + b"more"),
        gzip.compress(idx(np.ones(6, "uint8"))[:-1]),
        gzip.compress(b""),
        gzip.compress(idx(np.arange(6).astype("uint8")))[:20],
    ],
)
def test_damaged_files(folder, content):
    file = folder / "train-labels-idx1-ubyte.gz"
    file.write_bytes(content)
    with pytest.raises(FileFormatError, match="damaged") as error:
        fashion_mnist.load_data()
    assert str(file) in str(error.value)
    assert "uint8 of shape (6,)" in str(error.value)


def test_offline_names_url_and_folder(folder, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "ORIGIN", "http://127.0.0.1:1/")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(OSError, match="URL fetch failure") as error:
        fashion_mnist.load_data()
    assert "http://127.0.0.1:1/t10k-labels-idx1-ubyte.gz" in str(error.value)
    assert f"put the file into the folder {folder}" in str(error.value)
