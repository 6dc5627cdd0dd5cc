"""`split_dataset`: sizes, orders, and what can be split."""

import numpy as np
import pytest

from kerasish.utils import PyDataset, split_dataset
from kerasish.utils.samples import from_rows

X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10)


def sizes(total, **options):
    return tuple(len(part) for part in split_dataset(np.arange(total), **options))


@pytest.mark.parametrize(
    ("total", "options", "expected"),
    [
        # as real Keras has them
        (10, {"left_size": 0.33}, (3, 7)),
        (10, {"right_size": 0.33}, (7, 3)),
        (7, {"left_size": 0.5}, (4, 3)),
        (10, {"left_size": 0.25, "right_size": 0.25}, (2, 2)),
        (7, {"left_size": 2}, (2, 5)),
        (3, {"left_size": 0.3, "right_size": 2}, (1, 2)),
        (100, {"left_size": 0.29}, (29, 71)),
    ],
)
def test_sizes(total, options, expected):
    assert sizes(total, **options) == expected


def test_the_first_and_the_last_samples():
    left, right = split_dataset(Y, left_size=3, right_size=4)
    assert [int(y) for y in left] == [0, 1, 2]
    assert [int(y) for y in right] == [6, 7, 8, 9]


@pytest.mark.parametrize("arrays", [(X, Y), [X, Y]])
def test_several_arrays(arrays):
    left, right = split_dataset(arrays, left_size=0.8)
    assert [int(y) for _, y in left] == list(range(8))
    x, y = next(iter(right))
    assert (x.tolist(), int(y)) == ([16.0, 17.0], 8)
    (batch,) = right.batch(5)
    assert [part.shape for part in batch] == [(2, 2), (2,)]


def test_shuffled():
    parts = split_dataset(Y, left_size=0.5, shuffle=True, seed=1)
    # Python's `random`, as in Keras
    assert [[int(y) for y in part] for part in parts] == [
        [6, 8, 9, 7, 5],
        [3, 0, 4, 1, 2],
    ]


def test_batches_stay_batches():
    batches = from_rows(lambda rows: (X[rows], {"y": Y[rows]}), 10, 3, False, None)
    left, right = split_dataset(batches, left_size=0.5)
    assert [y["y"].tolist() for _, y in left] == [[0, 1, 2], [3, 4]]
    assert [y["y"].tolist() for _, y in right] == [[5, 6, 7], [8, 9]]
    samples = from_rows(lambda rows: Y[rows], 10, None, False, None)
    assert [int(y) for y in split_dataset(samples, right_size=1)[1]] == [9]


class Indexed:
    """As a PyTorch `Dataset` is."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return index, -index


def test_samples_by_number():
    left, right = split_dataset(Indexed(), left_size=3)
    assert (list(left), list(right)) == ([(0, 0), (1, -1), (2, -2)], [(3, -3)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "must be specified"),
        ({"left_size": 0}, "got:      left_size=0"),
        ({"left_size": 10}, "an integer from 1 to 9"),
        ({"left_size": -1}, "`left_size` does not fit 10 samples"),
        ({"right_size": 1.0}, r"a fraction in \(0, 1\)"),
        ({"left_size": 7, "right_size": 7}, "larger than the whole"),
        ({"left_size": 0.01}, "one is empty"),
    ],
)
def test_wrong_sizes(options, message):
    with pytest.raises(ValueError, match=message):
        split_dataset(Y, **options)


@pytest.mark.parametrize("size", ["half", True])
def test_size_is_a_number(size):
    with pytest.raises(TypeError, match="Invalid `left_size` type"):
        split_dataset(Y, left_size=size)


@pytest.mark.parametrize("dataset", [{"a": X}, 3, "text", PyDataset(), iter([1])])
def test_what_cannot_be_split(dataset):
    with pytest.raises(TypeError, match="Unsupported dataset type"):
        split_dataset(dataset, left_size=0.5)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ([1, 2, 3], "int'> at index 0"),
        ((X, Y[:4]), "4 samples at index 1"),
        (np.zeros((0, 2)), "empty dataset"),
    ],
)
def test_wrong_data(dataset, message):
    with pytest.raises(ValueError, match=message):
        split_dataset(dataset, left_size=0.5)
