"""Data sets are filtered, ordered and split as in real Keras, on made-up files."""

import inspect
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

from kerasish import datasets
from kerasish.datasets import archive, cifar, word_numbers

SETS = ("boston_housing", "california_housing", "imdb", "reuters")


def texts(rng, count):
    array = np.empty(count, dtype=object)
    for index in range(count):
        array[index] = rng.integers(1, 30, rng.integers(1, 12)).tolist()
    return array


@pytest.fixture
def loaders(tmp_path, monkeypatch, rng):
    """Return both libraries' `load_data` of a set, which reads a made-up file."""

    def make(name):
        path = str(tmp_path / f"{name}.npz")
        if name == "imdb":
            parts = {"x_train": texts(rng, 20), "x_test": texts(rng, 10)}
            np.savez(path, y_train=np.arange(20), y_test=np.arange(10), **parts)
        elif name == "reuters":
            np.savez(path, x=texts(rng, 25), y=np.arange(25))
        else:
            np.savez(path, x=rng.random((700, 3)), y=np.arange(700.0))
        theirs = getattr(keras.datasets, name).load_data
        for module in (archive, inspect.getmodule(theirs)):
            monkeypatch.setattr(module, "get_file", lambda *_, **__: path)
        return getattr(datasets, name).load_data, theirs

    return make


def listed(parts):
    return [[list(map(np.ndarray.tolist, part)) for part in parts]]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("boston_housing", {}),
        ("boston_housing", {"test_split": 0.33, "seed": 1}),
        ("california_housing", {}),
        ("california_housing", {"version": "small", "seed": 5}),
        ("imdb", {}),
        ("imdb", {"num_words": 10, "skip_top": 5}),
        ("imdb", {"num_words": 10, "oov_char": None}),
        ("imdb", {"start_char": None, "index_from": 0}),
        ("imdb", {"maxlen": 8, "seed": 3}),
        ("reuters", {}),
        ("reuters", {"maxlen": 8, "test_split": 0.4}),
        ("reuters", {"num_words": 20, "skip_top": 2}),
    ],
)
def test_results_agree(loaders, name, options):
    ours, theirs = loaders(name)
    assert listed(ours(**options)) == listed(theirs(**options))


@pytest.mark.parametrize(
    "name", [*SETS, "cifar10", "cifar100", "mnist", "fashion_mnist"]
)
def test_signatures_agree(name):
    ours = inspect.signature(getattr(datasets, name).load_data).parameters
    theirs = inspect.signature(getattr(keras.datasets, name).load_data).parameters
    expected = {key: p.default for key, p in theirs.items() if key != "kwargs"}
    assert {key: p.default for key, p in ours.items()} == expected
    assert list(ours) == list(expected)


class Asked(Exception):
    """What `get_file` was asked for."""


@pytest.mark.parametrize(
    ("name", "function"),
    [
        *((name, "load_data") for name in (*SETS, "cifar10", "cifar100")),
        ("imdb", "get_word_index"),
        ("reuters", "get_word_index"),
    ],
)
def test_files_are_the_same(monkeypatch, name, function):
    def ask(fname, origin, file_hash, extract=False):
        raise Asked(fname, origin, file_hash, extract)

    asked = []
    theirs = getattr(getattr(keras.datasets, name), function)
    ours = getattr(getattr(datasets, name), function)
    for module in (archive, cifar, word_numbers, inspect.getmodule(theirs)):
        monkeypatch.setattr(module, "get_file", ask)
    for call in (ours, theirs):
        with pytest.raises(Asked) as caught:
            call()
        asked.append(caught.value.args)
    assert asked[0] == asked[1]


def test_topics_are_the_same():
    ours = datasets.reuters.get_label_names()
    assert ours == keras.datasets.reuters.get_label_names()
