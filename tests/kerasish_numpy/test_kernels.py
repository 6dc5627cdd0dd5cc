"""Kernels NumPy's backend has in place of compositions and wrappers."""

from __future__ import annotations

import math

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish.ops import random_bits
from kerasish_numpy import hashing, special, sweeps
from kerasish_numpy.backend import make
from tests.backend.harness import arguments

BACKEND = make()
FLOATS = ["float32", "float64"]


def bound(name, out, inputs, **attributes):
    with BACKEND.execution_scope():
        kernel = BACKEND.kernels[name]
        keywords = arguments(BACKEND, kernel, out, inputs, attributes)
        BACKEND.bind(name, out, inputs, keywords)()
    return out


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", [3, 5000])
@pytest.mark.parametrize("in_place", [True, False])
def test_moving_average(dtype, size, in_place, rng):
    old = rng.normal(size=size).astype(dtype)
    new = rng.normal(size=size).astype(dtype)
    expected = 0.9 * old.astype("float64") + 0.1 * new.astype("float64")
    out = old if in_place else np.empty_like(old)
    bound("moving_average", out, (old, new), weight=0.1)
    tolerance = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(out, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", [3, 5000])
@pytest.mark.parametrize("in_place", [True, False])
def test_add_scaled_reads_its_factor_at_each_call(dtype, size, in_place, rng):
    x = rng.normal(size=size).astype(dtype)
    y = rng.normal(size=size).astype(dtype)
    factor = np.asarray(-0.5, dtype)
    out = x if in_place else np.empty_like(x)
    call = BACKEND.bind("add_scaled", out, (x, y, factor), {})
    first = x.copy()
    call()
    tolerance = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(out, first - 0.5 * y, rtol=tolerance, atol=tolerance)
    second = x.copy()
    factor[...] = 2
    call()
    np.testing.assert_allclose(out, second + 2 * y, rtol=tolerance, atol=tolerance)


def test_updates_without_blas_are_the_same(monkeypatch, rng):
    old = rng.normal(size=5000).astype("float32")
    new = rng.normal(size=5000).astype("float32")
    fast = bound("moving_average", old.copy(), (old, new), weight=0.3)
    monkeypatch.setattr(sweeps, "blas_function", lambda name: None)
    target = old.copy()
    slow = bound("moving_average", target, (target, new), weight=0.3)
    np.testing.assert_allclose(fast, slow, rtol=1e-6, atol=1e-6)


def test_updates_of_strided_arrays(rng):
    whole = rng.normal(size=(5000, 2)).astype("float32")
    old, new = whole[:, 0], rng.normal(size=5000).astype("float32")
    expected = 0.5 * old + 0.5 * new
    bound("moving_average", old, (old, new), weight=0.5)
    np.testing.assert_allclose(old, expected, rtol=1e-6, atol=1e-6)


@given(
    arrays.arrays(
        "float32",
        arrays.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7),
        elements=st.floats(-100, 100, width=32),
    ),
    st.data(),
)
def test_reductions_equal_numpys(x, data):
    axes = data.draw(
        st.lists(st.integers(0, x.ndim - 1), min_size=1, unique=True).map(sorted)
    )
    axis, keepdims = tuple(axes), data.draw(st.booleans())
    for name, function in {
        "reduce_sum": np.sum,
        "reduce_max": np.max,
        "reduce_min": np.min,
        "reduce_prod": np.prod,
    }.items():
        expected = function(x.astype("float64"), axis=axis, keepdims=keepdims)
        out = np.empty(expected.shape, "float32")
        bound(name, out, (x,), axis=axis, keepdims=keepdims)
        scale = np.abs(expected).max(initial=1)
        if scale > np.finfo("float32").max:
            continue
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5 * scale)


@pytest.mark.parametrize("shape", [(5000, 3), (4096, 2), (6144, 1, 4), (50, 90, 7)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tall_sums_are_added_in_blocks(shape, dtype, rng):
    x = rng.normal(size=shape).astype(dtype)
    out, axis = np.empty(shape[-1], dtype), tuple(range(len(shape) - 1))
    for _ in range(2):
        bound("reduce_sum", out, (x,), axis=axis, keepdims=False)
    rough = 1e-6 if dtype == "float32" else 1e-13
    expected = x.sum(axis, dtype="float64")
    np.testing.assert_allclose(out, expected, atol=rough * np.abs(x).sum(axis).max())


def test_a_long_sum_is_added_pairwise():
    x = np.full((1 << 20, 1), 0.1, "float32")
    out = np.empty((1,), "float32")
    bound("reduce_sum", out, (x,), axis=(0,), keepdims=False)
    assert abs(out[0] / (0.1 * 2**20) - 1) < 1e-3


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_random_words_equal_their_composition(seed, counter):
    key = np.array([seed, counter], "uint32")
    composed = make()
    composed.kernels = {
        k: v for k, v in composed.kernels.items() if k != "hashed_words"
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kerasish.ops.declare.get_backend", lambda: composed)
        expected = random_bits(key, (2, 9))
    out = np.empty((2, 9), "uint32")
    spare = (np.empty(18, "uint32"),)
    hashing.hashed_words(out, key, shape=(2, 9), scratch=spare)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float64", 1e-15), ("float32", 4e-7), ("float16", 1e-3)]
)
def test_the_error_function(dtype, tolerance):
    x = np.concatenate([np.linspace(-8, 8, 4001), [np.inf, -np.inf]]).astype(dtype)
    out = np.empty_like(x)
    special.erf(out, x)
    expected = [math.erf(float(v)) for v in x]
    np.testing.assert_allclose(out, expected, rtol=0, atol=tolerance)


def test_the_complementary_error_function_is_exact_far_out():
    x = np.linspace(-6, 26.5, 4001)
    out = np.empty_like(x)
    special.erfc(out, x)
    expected = [math.erfc(v) for v in x]
    np.testing.assert_allclose(out, expected, rtol=1e-15)


def test_the_inverse_error_function_is_exact_near_its_ends():
    near = 1 - 10.0 ** -np.arange(1, 16)
    x = np.concatenate([np.linspace(-0.9, 0.9, 1001), near, -near, [1e-300]])
    y = np.empty_like(x)
    special.erfinv(y, x)
    middle = np.abs(x) <= 0.5
    again = [math.erf(v) for v in y[middle]]
    np.testing.assert_allclose(again, x[middle], rtol=1e-15)
    again = [math.erfc(abs(v)) for v in y[~middle]]
    np.testing.assert_allclose(again, 1 - np.abs(x[~middle]), rtol=1e-14)
    np.testing.assert_array_equal(np.sign(y), np.sign(x))


def test_the_inverse_error_function_at_and_beyond_its_ends():
    out = np.empty(4)
    with np.errstate(all="ignore"):
        special.erfinv(out, np.array([1.0, -1.0, 1.5, np.nan]))
    np.testing.assert_array_equal(out, [np.inf, -np.inf, np.nan, np.nan])


@pytest.mark.parametrize("function", [special.erf, special.erfc])
def test_the_error_function_of_nan_is_nan(function):
    out = np.empty(1)
    function(out, np.array([np.nan]))
    assert np.isnan(out[0])
