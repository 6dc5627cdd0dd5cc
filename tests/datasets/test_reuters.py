"""Reuters, with made-up news."""

import json

import numpy as np
import pytest

from kerasish.datasets import reuters

TEXTS = [[number + 1] * (number + 1) for number in range(5)]


@pytest.fixture
def news(home, accept):
    x = np.empty(5, dtype=object)
    x[:] = TEXTS
    np.savez(home / "reuters.npz", x=x, y=np.arange(5))
    accept(reuters, home / "reuters.npz")


@pytest.mark.usefixtures("news")
def test_texts_and_topics():
    (x_train, y_train), (x_test, y_test) = reuters.load_data(num_words=99)
    order = np.random.RandomState(113).permutation(5).tolist()
    assert [*y_train, *y_test] == order
    assert len(y_test) == 1
    for text, topic in zip([*x_train, *x_test], order, strict=True):
        assert text == [1] + [topic + 4] * (topic + 1)


@pytest.mark.usefixtures("news")
def test_equally_long_texts_stay_lists():
    (x_train, _), (x_test, _) = reuters.load_data(maxlen=3, test_split=0)
    assert (x_train.shape, x_test.shape) == ((1,), (0,))
    assert x_train[0] == [1, 2]  # the word of the highest number is dropped


def test_word_index(home, accept):
    file = home / "reuters_word_index.json"
    file.write_text(json.dumps({"wheat": 1}))
    accept(reuters, file, "INDEX_HASH")
    assert reuters.get_word_index() == {"wheat": 1}


def test_label_names():
    names = reuters.get_label_names()
    assert len(set(names)) == 46
    assert (names[3], names[45]) == ("earn", "lead")
