"""Text as it comes into layers: arrays of strings and what stands for them."""

import numpy as np
import pytest

from kerasish.errors import DTypeError
from kerasish.layers import Input
from kerasish.layers.preprocessing.text import (
    as_text,
    as_tokens,
    map_distinct,
    require_host,
)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ("a", "a"),
        (["a", "b"], ["a", "b"]),
        ([b"a", "b"], ["a", "b"]),
        (np.array([["a"], ["b"]]), [["a"], ["b"]]),
        (np.array([b"\xc3\xa9"]), ["é"]),
        (np.array(["a", b"b"], object), ["a", "b"]),
    ],
)
def test_text_in_many_forms(inputs, expected):
    assert as_text(inputs, "Layer").tolist() == expected


def test_bytes_in_another_encoding():
    assert as_text(np.array([b"\xe9"]), "Layer", "latin-1").tolist() == ["é"]


@pytest.mark.parametrize("inputs", [[1], [1.5], ["a", None], ["a", float("nan")]])
def test_what_is_no_text_is_refused(inputs):
    with pytest.raises(DTypeError, match=r"Layer works on text(.|\n)*astype\(str\)"):
        as_text(np.array(inputs, object) if "a" in inputs else inputs, "Layer")


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ([1, -2], ["1", "-2"]),
        ([1.9], ["1"]),
        ([True, False], ["true", "false"]),
        (["a"], ["a"]),
    ],
)
def test_values_to_be_hashed(inputs, expected):
    assert as_tokens(inputs, "Layer").tolist() == expected


def test_each_distinct_token_is_worked_on_once():
    seen = []
    found = map_distinct(
        lambda t: seen.append(t) or len(t), np.array([["a", "bc", "a"]])
    )
    assert found.tolist() == [[1, 2, 1]]
    assert sorted(seen) == [b"a", b"bc"]


def test_symbolic_tensors_have_no_values():
    with pytest.raises(DTypeError, match="Layer works on the host only"):
        require_host([np.ones(2), Input((2,))], "Layer")
