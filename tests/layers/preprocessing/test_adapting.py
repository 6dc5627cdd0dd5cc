"""The pieces that `adapt` takes its data in."""

import numpy as np
import pytest

from kerasish.layers.preprocessing.adapting import batches
from kerasish.utils import PyDataset


class Rows(PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return np.array([index, index])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (np.array([1, 2]), [[1, 2]]),
        ([1, 2], [[1, 2]]),
        ((1, 2), [[1, 2]]),
        ("text", ["text"]),
        ([np.array([1]), np.array([2])], [[1], [2]]),
        ((np.array([i]) for i in range(2)), [[0], [1]]),
        (Rows(), [[0, 0], [1, 1]]),
        ([], [[]]),
    ],
)
def test_pieces(data, expected):
    found = [np.asarray(piece).tolist() for piece in batches(data, "Layer")]
    assert found == expected


def test_only_so_many_pieces():
    assert len(list(batches(iter([[1], [2], [3]]), "Layer", steps=2))) == 2


@pytest.mark.parametrize("data", [3, None, {"a": [1]}])
def test_other_things_are_refused(data):
    with pytest.raises(ValueError, match=r"Layer cannot adapt to this(.|\n)*iterable"):
        list(batches(data, "Layer"))


def test_targets_are_refused_with_the_way_to_leave_them_out():
    with pytest.raises(
        ValueError, match=r"inputs alone(.|\n)*tuples of 2(.|\n)*\*_ in"
    ):
        list(batches(iter([([1], [2])]), "Layer"))
