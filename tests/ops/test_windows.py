"""Arguments and lengths of windows: what layers compute is what operations give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish.backend.windows import num_windows
from kerasish.ops import windows

SMALL = st.integers(1, 5)


@given(st.integers(1, 12), SMALL, SMALL, SMALL)
@pytest.mark.parametrize("padding", ["same", "causal"])
def test_same_and_causal_give_as_many_outputs_as_strides(
    padding, length, size, stride, dilation
):
    how = (length,), (size,), (stride,), (dilation,)
    (pair,) = windows.padding_pairs(padding, *how)
    found = num_windows(length, size, stride, dilation, pair)
    assert found == -(-length // stride)
    assert found == windows.output_length(length, size, stride, dilation, padding)


def test_same_puts_an_odd_place_after():
    pairs = windows.padding_pairs("same", (5, 6), (4, 3), (1, 2), (1, 1))
    assert pairs == ((1, 2), (0, 1))


@given(st.integers(1, 9), SMALL, SMALL)
def test_a_transposed_length_leads_back(length, size, stride):
    wide = windows.transposed_length(length, size, stride, 1, "valid", None)
    back = windows.output_length(wide, size, stride, 1, "valid")
    assert back == length
    same = windows.transposed_length(length, size, stride, 1, "same", None)
    assert windows.output_length(same, size, stride, 1, "same") == length


def test_unknown_lengths_stay_unknown():
    assert windows.output_length(None, 3, 1, 1, "same") is None
    assert windows.transposed_length(None, 3, 1, 1, "same", None) is None


def test_one_number_stands_for_every_axis():
    assert windows.per_axis(2, 3, "strides", "conv") == (2, 2, 2)
    assert windows.per_axis([1, 2], 2, "strides", "conv") == (1, 2)


@pytest.mark.parametrize("value", [0, True, 1.0, "3", (1,), (1, 0), None])
def test_numbers_that_mean_nothing_are_refused(value):
    with pytest.raises(ValueError, match="conv cannot understand its strides"):
        windows.per_axis(value, 2, "strides", "conv")


def test_shapes_come_apart_and_together_again():
    for data_format, shape in (
        ("channels_last", (None, 5, 6, 3)),
        ("channels_first", (None, 3, 5, 6)),
    ):
        spatial = windows.spatial_of(shape, data_format)
        channels = windows.channels_of(shape, data_format)
        assert (spatial, channels) == ((5, 6), 3)
        again = windows.with_spatial(None, spatial, channels, data_format)
        assert again == shape
