"""CIFAR-10 and CIFAR-100, with made-up pictures."""

import io
import pickle
import tarfile

import numpy as np
import pytest

import kerasish
from kerasish.datasets import cifar10, cifar100
from kerasish.errors import FileFormatError


def pictures(seed, count):
    values = np.random.default_rng(seed).integers(0, 256, (count, 3072))
    return values.astype("uint8")


def pack(home, module, contents):
    """Write the archive of a data set, as it lies in the cache after a download."""
    path = home / f"{module._NAME}_archive"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            data = content if isinstance(content, bytes) else pickle.dumps(content, 2)
            info = tarfile.TarInfo(f"{module._FOLDER}/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


TEN = {
    name: {b"data": pictures(number, 3), b"labels": [number, 7, 9]}
    for number, name in enumerate(
        [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]
    )
}
HUNDRED = {
    name: {
        b"data": pictures(number, count),
        b"fine_labels": list(range(90, 90 + count)),
        b"coarse_labels": list(range(count)),
    }
    for number, (name, count) in enumerate({"train": 4, "test": 2}.items())
}


@pytest.fixture
def ten(home, accept, monkeypatch):
    """Write the archive of CIFAR-10, with changes."""
    monkeypatch.setattr(cifar10, "_FILE_SIZE", 3)

    def write(**changes):
        accept(cifar10, pack(home, cifar10, TEN | changes))

    write()
    return write


@pytest.fixture
def hundred(home, accept, monkeypatch):
    monkeypatch.setattr(cifar100, "_TRAIN", 4)
    monkeypatch.setattr(cifar100, "_TEST", 2)
    accept(cifar100, pack(home, cifar100, HUNDRED))


@pytest.mark.usefixtures("ten")
def test_cifar10():
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert (x_train.shape, x_test.shape) == ((15, 32, 32, 3), (3, 32, 32, 3))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    labels = [[n] for number in range(5) for n in (number, 7, 9)]
    assert (y_train.tolist(), y_test.tolist()) == (labels, [[5], [7], [9]])
    # channel by channel, each row by row
    values = TEN["data_batch_2"][b"data"][1].reshape(3, 32, 32)
    np.testing.assert_array_equal(x_train[4], values.transpose(1, 2, 0))


@pytest.mark.usefixtures("ten")
def test_channels_first():
    kerasish.config.set_image_data_format("channels_first")
    (x_train, _), _ = cifar10.load_data()
    assert x_train.shape == (15, 3, 32, 32)
    np.testing.assert_array_equal(x_train[0].ravel(), TEN["data_batch_1"][b"data"][0])


@pytest.mark.usefixtures("hundred")
@pytest.mark.parametrize(("label_mode", "first"), [("fine", 90), ("coarse", 0)])
def test_cifar100(label_mode, first):
    (x_train, y_train), (x_test, y_test) = cifar100.load_data(label_mode)
    assert (x_train.shape, x_test.shape) == ((4, 32, 32, 3), (2, 32, 32, 3))
    assert y_train.dtype == np.int64  # as in Keras
    assert y_train.tolist() == [[first + n] for n in range(4)]
    assert y_test.tolist() == [[first], [first + 1]]


def test_another_label_mode():
    with pytest.raises(ValueError, match="Unknown `label_mode` 'medium'"):
        cifar100.load_data("medium")


class Trap:
    def __reduce__(self):
        return pytest.fail, ("unpickled",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged"),
        (pickle.dumps([1]), "a list without data or labels"),
        (pickle.dumps({b"data": pictures(0, 3)}), "a dict without data or labels"),
        (pickle.dumps({b"data": pictures(0, 2), b"labels": [1, 2]}), r"\(2, 3072\)"),
        (
            pickle.dumps({b"data": pictures(0, 3).astype("i4"), b"labels": [1, 2, 3]}),
            "int32 data",
        ),
        (pickle.dumps({b"data": pictures(0, 3), b"labels": [1, 2]}), "2 labels"),
        (pickle.dumps({b"data": pictures(0, 3), b"labels": [1, 2, "3"]}), "3 labels"),
        (pickle.dumps(Trap()), "it names"),
    ],
)
def test_damaged_files(ten, content, message):
    ten(data_batch_3=content)
    with pytest.raises(FileFormatError, match=message) as error:
        cifar10.load_data()
    assert "data_batch_3" in str(error.value)
    assert "load again to download it" in str(error.value)


def test_missing_files(home, accept, monkeypatch):
    accept(cifar10, pack(home, cifar10, {"readme.html": b""}))
    with pytest.raises(FileFormatError, match="no such file"):
        cifar10.load_data()
