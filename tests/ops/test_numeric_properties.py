"""NumPy-like operations on shapes, axes and dtypes drawn at random, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish import ops
from kerasish.backend import result_type
from tests.ops.drawing import (
    BROADCASTABLE,
    SHAPES,
    arrays,
    filled,
    with_axes,
    with_axis,
)

CLOSE = {"rtol": 1e-12, "atol": 1e-12}
INTEGERS = ("uint8", "int8", "int16", "int32")
DTYPES = (*INTEGERS, "bool", "float16", "float32")


def close(found, expected):
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, **CLOSE)


@pytest.mark.parametrize(
    "name", "hypot logaddexp logaddexp2 fmax fmin heaviside fmod".split()
)
@given(pair=BROADCASTABLE)
def test_operands_broadcast(name, pair):
    close(getattr(ops, name)(*pair), getattr(np, name)(*pair))


@pytest.mark.parametrize("name", ["gcd", "lcm"])
@given(pair=BROADCASTABLE)
def test_whole_operands_broadcast(name, pair):
    x, y = (np.floor(p).astype("int32") for p in pair)
    np.testing.assert_array_equal(getattr(ops, name)(x, y), getattr(np, name)(x, y))


@pytest.mark.parametrize(
    "name", "cbrt exp2 sinc deg2rad rad2deg fabs trunc signbit real imag isreal".split()
)
@given(x=arrays(SHAPES))
def test_one_by_one(name, x):
    x = np.asarray(x / 4)  # of rank 0, a quotient is a number
    close(getattr(ops, name)(x), getattr(np, name)(x))


def with_gaps(x):
    """Return an array some of whose elements are NaN, but no whole slice."""
    return np.where((np.arange(x.size).reshape(x.shape) % 5) == 4, np.nan, x)


@pytest.mark.parametrize("name", "nansum nanprod nanmax nanmin nanmean nanvar".split())
@given(drawn=with_axes(), keepdims=st.booleans())
def test_reductions_that_leave_nan_out(name, drawn, keepdims):
    x, axes = drawn
    x = x / 64  # a product of all stays in range
    gaps = with_gaps(x) if name in ("nansum", "nanprod") else x
    result = getattr(ops, name)(gaps, axis=axes, keepdims=keepdims)
    close(result, getattr(np, name)(gaps, axis=axes, keepdims=keepdims))


@given(
    drawn=with_axis(),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=3),
    keepdims=st.booleans(),
)
def test_quantiles(drawn, shares, keepdims):
    x, axis = drawn
    result = ops.quantile(x, shares, axis=axis, keepdims=keepdims)
    expected = np.quantile(x, shares, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9)


@given(drawn=with_axis(), shift=st.integers(-6, 6))
def test_rolling(drawn, shift):
    x, axis = drawn
    np.testing.assert_array_equal(ops.roll(x, shift, axis), np.roll(x, shift, axis))
    np.testing.assert_array_equal(ops.roll(x, shift), np.roll(x, shift))


@given(drawn=with_axis(), n=st.integers(0, 3))
def test_differences(drawn, n):
    x, axis = drawn
    close(ops.diff(x, n=n, axis=axis), np.diff(x, n=n, axis=axis))


@given(drawn=with_axis(), parts=st.integers(1, 6))
def test_parts_of_unequal_length(drawn, parts):
    x, axis = drawn
    for found, expected in zip(
        ops.array_split(x, parts, axis), np.array_split(x, parts, axis), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@given(values=st.lists(st.integers(-3, 3), max_size=8))
def test_different_elements(values):
    x = np.array(values, "int32")
    found = ops.unique(x, return_index=True, return_inverse=True, return_counts=True)
    expected = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@given(
    line=st.lists(st.integers(-4, 4), min_size=1, max_size=6),
    points=SHAPES.map(filled),
    side=st.sampled_from(["left", "right"]),
)
def test_places_in_a_sorted_row(line, points, side):
    row = np.sort(np.array(line, "float64"))
    flat = points.ravel()
    found = ops.searchsorted(row, flat, side=side)
    np.testing.assert_array_equal(found, np.searchsorted(row, flat, side=side))


@st.composite
def contractions(draw):
    """Return subscripts of two operands, and the operands."""
    lengths = {letter: draw(st.integers(1, 3)) for letter in "ijkl"}
    letters = st.lists(st.sampled_from("ijkl"), max_size=3, unique=True)
    first, second = draw(letters), draw(letters)
    kept = draw(st.permutations(sorted({*first, *second})))
    kept = kept[: draw(st.integers(0, len(kept)))]
    shapes = [[lengths[name] for name in term] for term in (first, second)]
    subscripts = f"{''.join(first)},{''.join(second)}->{''.join(kept)}"
    return subscripts, [filled(shape) for shape in shapes]


@given(contractions())
def test_sums_over_letters(drawn):
    subscripts, operands = drawn
    close(ops.einsum(subscripts, *operands), np.einsum(subscripts, *operands))


@pytest.mark.parametrize("name", "add multiply maximum hypot fmax logaddexp".split())
@given(pair=st.tuples(st.sampled_from(DTYPES), st.sampled_from(DTYPES)))
def test_dtypes_meet_as_result_type_says(name, pair):
    x, y = (filled((3,), dtype) for dtype in pair)
    found = str(getattr(ops, name)(x, y).dtype)
    together = result_type(*pair)
    if name in ("hypot", "logaddexp"):
        together = result_type(together, float)
    assert found == together
