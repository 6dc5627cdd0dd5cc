"""Vocabularies: files of tokens, counting, the order of equals."""

import math

import pytest

from kerasish.errors import FileFormatError
from kerasish.layers.preprocessing.vocabulary import (
    TokenCounts,
    given_tokens,
    read_vocabulary,
    require_distinct,
    write_vocabulary,
)


@pytest.mark.parametrize("tokens", [["a", "b"], ["", "[UNK]", "é", "two words"], ["x"]])
def test_what_is_written_is_read(tmp_path, tokens):
    path = tmp_path / "words.txt"
    write_vocabulary(path, tokens)
    assert read_vocabulary(path, str) == tokens
    assert not path.read_bytes().endswith(b"\n")


def test_lines_may_end_as_on_windows(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes(b"a\r\nb\r\n")
    assert read_vocabulary(path, str) == ["a", "b"]


def test_a_line_that_is_no_number_is_refused(tmp_path):
    path = tmp_path / "numbers.txt"
    path.write_text("1\ntwo\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"numbers\.txt' holds no vocabulary"):
        read_vocabulary(path, int)


def test_tokens_come_as_text_or_bytes():
    assert given_tokens(["a", b"b", "c"], str, "Layer") == ["a", "b", "c"]
    assert given_tokens((1, 2), int, "Layer") == [1, 2]


def test_repeated_tokens_are_named():
    require_distinct(["a", "b"], "Layer")
    with pytest.raises(ValueError, match=r"Layer holds tokens twice(.|\n)*\['b'\]"):
        require_distinct(["a", "b", "b"], "Layer")


def test_counts_and_inverse_frequencies():
    counts = TokenCounts()
    counts.add([["a", "b", "b"], ["a"], ["c"]])
    assert counts.most_common({"c"}) == ["b", "a"]
    assert counts.inverse_frequency("a") == pytest.approx(math.log(1 + 3 / 3))
    assert counts.inverse_frequency("b") == pytest.approx(math.log(1 + 3 / 2))


def test_a_vocabulary_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "v.txt"
    write_vocabulary(path, ["old"])
    with pytest.raises(UnicodeEncodeError):
        write_vocabulary(path, ["new", "\ud800"])
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["v.txt"]
    with pytest.raises(FileNotFoundError, match="Cannot write"):
        write_vocabulary(tmp_path / "none" / "v.txt", ["new"])
