import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish.utils.sequence import pad_sequences

SEQUENCES = [[1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"value": -1}, [[-1, -1, 1], [-1, 2, 3], [4, 5, 6]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5]]),
        ({"maxlen": 4}, [[0, 0, 0, 1], [0, 0, 2, 3], [0, 4, 5, 6]]),
        ({"maxlen": 0}, [[], [], []]),
    ],
)
def test_rows(options, expected):
    rows = pad_sequences(SEQUENCES, **options)
    assert rows.dtype == np.int32
    assert rows.tolist() == expected


@given(
    st.lists(st.lists(st.integers(1, 9)), max_size=5),
    st.integers(0, 6),
    st.sampled_from(["pre", "post"]),
    st.sampled_from(["pre", "post"]),
)
def test_against_plain_python(sequences, maxlen, padding, truncating):
    def row(items):
        items = items[:maxlen] if truncating == "post" else items[::-1][:maxlen][::-1]
        rest = [0] * (maxlen - len(items))
        return items + rest if padding == "post" else rest + items

    rows = pad_sequences(sequences, maxlen, padding=padding, truncating=truncating)
    assert rows.shape == (len(sequences), maxlen)
    assert rows.tolist() == [row(items) for items in sequences]


def test_vectors_arrays_and_other_dtypes():
    vectors = [[[1, 2]], [[3, 4], [5, 6]], []]
    assert pad_sequences(vectors).shape == (3, 2, 2)
    rows = pad_sequences([np.array([1.5])], 2, dtype="float32", value=-1.0)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[-1.0, 1.5]]
    words = pad_sequences([["a"], ["b", "see"]], dtype=object, value="-")
    assert words.tolist() == [["-", "a"], ["b", "see"]]


@pytest.mark.parametrize("sequences", [[], [[]], [[], []]])
def test_nothing_gives_rows_of_length_zero(sequences):
    assert pad_sequences(sequences).shape == (len(sequences), 0)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((5,), {}, "`sequences` must be iterable"),
        ((iter([[1]]),), {}, "`sequences` must be iterable"),
        (([1, 2],), {}, "must be a list of iterables(.|\n)*got:      1 among them"),
        ((SEQUENCES,), {"padding": "before"}, "`padding` 'before'"),
        ((SEQUENCES,), {"truncating": "pots"}, "did you mean 'post'"),
        (([[[1, 2]], [[1, 2, 3]]],), {}, r"(?s)Sequence 1.*\(3,\).*\(2,\)"),
    ],
)
def test_errors(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        pad_sequences(*arguments, **options)


def test_string_cannot_pad_numbers():
    with pytest.raises(TypeError, match=r"(?s)cannot pad numbers.*dtype=object"):
        pad_sequences([["a"]], value="-")
