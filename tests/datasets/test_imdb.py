"""IMDB, with made-up reviews."""

import json

import numpy as np
import pytest

from kerasish.datasets import imdb
from kerasish.errors import FileFormatError

TRAIN = [[5, 6, 7], [1], [2, 3, 4, 5], [9, 8]]
TEST = [[1, 2], [7, 7, 7]]


def objects(items):
    array = np.empty(len(items), dtype=object)
    for index, item in enumerate(items):
        array[index] = item
    return array


@pytest.fixture
def reviews(home, accept):
    np.savez(
        home / "imdb.npz",
        x_train=objects(TRAIN),
        y_train=np.arange(4),
        x_test=objects(TEST),
        y_test=np.arange(2),
    )
    accept(imdb, home / "imdb.npz")


def by_label(part, originals):
    """Return texts in the order of the file, which the labels tell."""
    x, y = part
    assert x.dtype == object
    assert sorted(y.tolist()) == list(range(len(originals)))
    return [x[y.tolist().index(label)] for label in range(len(originals))]


@pytest.mark.usefixtures("reviews")
class TestLoadData:
    def test_words_are_numbered_from_4(self):
        train, test = imdb.load_data()
        # the word of the highest number is dropped, as in Keras
        assert by_label(train, TRAIN) == [
            [1, 8, 9, 10],
            [1, 4],
            [1, 5, 6, 7, 8],
            [1, 2, 11],
        ]
        assert by_label(test, TEST) == [[1, 4, 5], [1, 10, 10, 10]]

    def test_order(self):
        rng = np.random.RandomState(113)
        (_, y_train), (_, y_test) = imdb.load_data()
        assert y_train.tolist() == rng.permutation(4).tolist()
        assert y_test.tolist() == rng.permutation(2).tolist()

    def test_as_they_are(self):
        train, _ = imdb.load_data(num_words=99, start_char=None, index_from=0)
        assert by_label(train, TRAIN) == TRAIN

    def test_rare_and_frequent_words(self):
        train, _ = imdb.load_data(num_words=9, skip_top=6)
        assert by_label(train, TRAIN)[0] == [2, 8, 2, 2]
        train, _ = imdb.load_data(num_words=9, skip_top=6, oov_char=None)
        assert by_label(train, TRAIN)[0] == [8]

    def test_short_reviews(self):
        (x_train, y_train), (x_test, y_test) = imdb.load_data(maxlen=4)
        assert sorted(y_train.tolist()) == [1, 3]
        assert (len(x_train), len(x_test)) == (2, 1)
        assert y_test.tolist() == [0]

    def test_none_is_short_enough(self):
        with pytest.raises(ValueError, match="no sequence was kept") as error:
            imdb.load_data(maxlen=2)
        assert "got:      a shortest sequence of 2 numbers" in str(error.value)

    def test_unknown_keyword(self):
        with pytest.raises(TypeError, match="nb_words"):
            imdb.load_data(nb_words=3)


def test_word_index(home, accept):
    file = home / "imdb_word_index.json"
    file.write_text(json.dumps({"the": 1, "über": 2}), encoding="utf-8")
    accept(imdb, file, "INDEX_HASH")
    assert imdb.get_word_index() == {"the": 1, "über": 2}


@pytest.mark.parametrize("content", ["[1]", "{", "[" * 100_000])
def test_damaged_word_index(home, accept, content):
    file = home / "imdb_word_index.json"
    file.write_text(content)
    accept(imdb, file, "INDEX_HASH")
    with pytest.raises(FileFormatError, match="JSON with the number of each word"):
        imdb.get_word_index()
