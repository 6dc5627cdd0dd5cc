"""Text files as samples."""

import numpy as np
import pytest

from kerasish.utils import text_dataset_from_directory


@pytest.fixture
def folder(tmp_path):
    for name, content in (("a", "grün".encode()), ("b", b"\xffbad")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "text.txt").write_bytes(content)
    return tmp_path


def test_texts(folder):
    dataset = text_dataset_from_directory(folder, shuffle=False, verbose=False)
    ((texts, labels),) = dataset
    assert texts.dtype == object
    assert texts.tolist() == ["grün", "\ufffdbad"]
    assert labels.tolist() == [0, 1]


def test_length_is_limited(folder):
    dataset = text_dataset_from_directory(
        folder, shuffle=False, max_length=3, label_mode=None, verbose=False
    )
    assert [texts.tolist() for texts in dataset] == [["grü", "\ufffdba"]]


def test_single_texts_become_numbers(folder):
    dataset = text_dataset_from_directory(
        folder, shuffle=False, batch_size=None, verbose=False
    )
    lengths = dataset.map(lambda text, label: (np.array([len(text)]), label))
    ((x, y),) = lengths.batch(2)
    assert (x.tolist(), y.tolist()) == ([[4], [4]], [0, 1])
