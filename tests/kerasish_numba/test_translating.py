"""Calls of NumPy as native calls: the same results, and only where they have a form."""

import functools

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kerasish.backend.streams import run_all
from kerasish_numba.program import NativeCall, NativeSequence
from kerasish_numba.translating import native_calls, single_calls

SHAPES = arrays.array_shapes(min_dims=1, max_dims=4, max_side=5)
DTYPES = st.sampled_from(["float32", "float64", "int32"])


def laid_out(shape, dtype, layout):
    """Return zeros that lie in memory in one of several ways."""
    if layout == "transposed":
        return np.zeros(shape[::-1], dtype).T
    if layout == "spread":
        return np.zeros((*shape[:-1], 2 * shape[-1]), dtype)[..., ::2]
    if layout == "reversed":
        return np.zeros(shape, dtype)[::-1]
    return np.zeros(shape, dtype)


def filled(shape, dtype, layout):
    made = laid_out(shape, dtype, layout)
    made[...] = np.random.default_rng(3).integers(-9, 9, shape)
    return made


def outcome(make, shape, dtype, layout):
    """Return what NumPy's call writes, and what the native calls write."""
    results = []
    for translate in (lambda call: [call], lambda call: native_calls([call])):
        out = laid_out(shape, dtype, layout)
        for call in translate(make(out)):
            call()
        results.append(out)
    return results


CALLS = {
    "copy": lambda out, x: functools.partial(np.copyto, out, x),
    "fill": lambda out, x: functools.partial(out.fill, 3),
    "add": lambda out, x: functools.partial(np.add, x, x, out=out),
    "in place": lambda out, x: functools.partial(np.subtract, out, x, out=out),
    "broadcast": lambda out, x: functools.partial(np.multiply, x, x[:1], out=out),
}
LAYOUTS = st.sampled_from(["plain", "transposed", "spread", "reversed"])


@given(st.sampled_from(sorted(CALLS)), SHAPES, DTYPES, LAYOUTS, LAYOUTS)
def test_calls_that_write_elements(name, shape, dtype, first, second):
    x = filled(shape, dtype, second)
    make = functools.partial(CALLS[name], x=x)
    expected, found = outcome(make, shape, dtype, first)
    np.testing.assert_array_equal(found, expected)


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["float32", "float64"]))
def test_sums_down_columns(rows, columns, dtype):
    x = filled((rows, columns), dtype, "plain")
    expected, found = outcome(
        lambda out: functools.partial(np.sum, x, axis=0, out=out),
        (columns,),
        dtype,
        "plain",
    )
    np.testing.assert_allclose(found, expected)


X, OUT = np.ones((2, 3), "float32"), np.zeros((2, 3), "float32")
WITHOUT_FORM = {
    "Python's own": lambda: None,
    "a product": functools.partial(np.matmul, X, X.T, out=np.zeros((2, 2), "float32")),
    "a mask": functools.partial(np.copyto, OUT, X, where=X > 0),
    "a part": functools.partial(np.add, X, X, out=OUT, where=X > 0),
    "a number": functools.partial(np.add, X, 1, out=OUT),
    "two dtypes": functools.partial(np.add, X, X.astype("float64"), out=OUT),
    "a dtype": functools.partial(np.copyto, np.zeros(2, "float16"), X[:, 0]),
    "nothing": functools.partial(np.copyto, OUT[:0], X[:0]),
    "turned sums": functools.partial(np.sum, X.T, axis=0, out=OUT[:, 0]),
    "another's fill": functools.partial(bytearray.fromhex, "00"),
}


@pytest.mark.parametrize("name", WITHOUT_FORM)
def test_other_calls_stay_as_they_are(name):
    call = WITHOUT_FORM[name]
    assert native_calls([call]) is None
    assert single_calls(call) == [call]


def test_lists_of_calls_are_opened():
    out = np.zeros((2, 3), "float32")
    first = functools.partial(np.copyto, out, X)
    last = functools.partial(np.add, out, X, out=out)
    inner = functools.partial(run_all, (last, NativeSequence(native_calls([last]))))
    calls = single_calls(functools.partial(run_all, (first, inner)))
    assert [isinstance(call, NativeCall) for call in calls] == [True] * 3
    run_all(calls)
    np.testing.assert_array_equal(out, np.full((2, 3), 3))
