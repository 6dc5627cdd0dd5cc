"""Reductions over axes drawn at random, against NumPy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish import ops
from kerasish.errors import ShapeError
from tests.ops.drawing import SHAPES, arrays, filled, with_axes, with_axis

CLOSE = {"rtol": 1e-12, "atol": 1e-12}


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "var", "std"])
@given(drawn=with_axes(), keepdims=st.booleans())
def test_over_some_axes(name, drawn, keepdims):
    x, axes = drawn
    result = getattr(ops, name)(x, axis=axes, keepdims=keepdims)
    expected = getattr(np, name)(x, axis=axes, keepdims=keepdims)
    np.testing.assert_allclose(result, expected, **CLOSE)
    assert result.shape == expected.shape


@pytest.mark.parametrize("name", ["any", "all"])
@given(drawn=with_axes(), keepdims=st.booleans())
def test_truth_over_some_axes(name, drawn, keepdims):
    x, axes = drawn
    result = getattr(ops, name)(x > 0, axis=axes, keepdims=keepdims)
    expected = getattr(np, name)(x > 0, axis=axes, keepdims=keepdims)
    np.testing.assert_array_equal(result, expected)


@given(arrays(SHAPES))
def test_sums_of_nothing(x):
    assert ops.sum(x) == pytest.approx(x.sum())
    assert bool(ops.any(x)) == x.any()
    assert bool(ops.all(x)) == x.all()


def test_sums_of_empty_axes():
    empty = np.zeros((0, 3))
    assert ops.sum(empty, axis=0).tolist() == [0, 0, 0]
    assert ops.prod(empty, axis=0).tolist() == [1, 1, 1]
    assert ops.sum(empty, axis=1).shape == (0,)
    assert ops.any(empty, axis=0).tolist() == [False] * 3
    assert ops.all(empty, axis=0).tolist() == [True] * 3
    assert math.isnan(ops.mean(empty))


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@given(drawn=with_axis(), keepdims=st.booleans())
def test_places(name, drawn, keepdims):
    x, axis = drawn
    tied = np.floor(x / 3)  # the first of equals
    result = getattr(ops, name)(tied, axis=axis, keepdims=keepdims)
    expected = getattr(np, name)(tied, axis=axis, keepdims=keepdims)
    np.testing.assert_array_equal(result, expected)
    assert result.dtype == "int32"
    whole = getattr(ops, name)(x, keepdims=keepdims)
    np.testing.assert_array_equal(whole, getattr(np, name)(x, keepdims=keepdims))


@given(with_axis())
def test_running_totals(drawn):
    x, axis = drawn
    np.testing.assert_allclose(ops.cumsum(x, axis), np.cumsum(x, axis), **CLOSE)
    np.testing.assert_allclose(ops.cumprod(x, axis), np.cumprod(x, axis), **CLOSE)


@given(with_axis())
def test_order(drawn):
    x, axis = drawn
    tied = np.floor(x / 3)
    order = ops.argsort(tied, axis)
    np.testing.assert_array_equal(order, np.argsort(tied, axis, kind="stable"))
    np.testing.assert_array_equal(ops.sort(tied, axis), np.sort(tied, axis))


@given(with_axes())
def test_logsumexp_is_safe(drawn):
    x, axes = drawn
    for scale in (1, 1000):
        shifted = ops.logsumexp(x + scale, axis=axes)
        exact = np.log(np.exp(x - x.max()).sum(axes)) + x.max() + scale
        np.testing.assert_allclose(shifted, exact, rtol=1e-12)


def test_logsumexp_of_impossible_values():
    impossible = np.array([-np.inf, 0.0])
    assert ops.logsumexp(impossible) == 0.0


@given(with_axis())
def test_norms(drawn):
    x, axis = drawn
    for order in (None, 1, 2, math.inf):
        expected = np.linalg.norm(x, order, axis)
        np.testing.assert_allclose(ops.norm(x, order, axis), expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "argmax", "cumsum", "argsort"])
def test_a_missing_axis_is_told_which_there_are(name):
    with pytest.raises(ShapeError) as caught:
        getattr(ops, name)(filled((2, 3)), axis=2)
    text = str(caught.value)
    assert "got:      axis 2" in text
    assert "expected: -2 to 1 for a tensor of rank 2" in text


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16", "bool"])
def test_small_whole_numbers_are_summed_wide(dtype):
    many = np.ones(1000, dtype)
    assert ops.sum(many) == 1000
    assert ops.prod(many) == 1


def test_means_of_many_halves_stay_in_range():
    many = np.full(70_000, 2, "float16")
    assert ops.mean(many) == 2
    assert ops.mean(many).dtype == "float16"


def test_an_initial_value_bounds_the_extremes():
    x = np.array([1.0, np.nan])
    assert ops.max(x[:1], initial=5) == 5
    assert ops.min(x[:1], initial=-5) == -5
    assert math.isnan(ops.max(x, initial=5))
