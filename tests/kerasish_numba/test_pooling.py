"""Compiled windows and scattered rows against NumPy's kernels."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

from hypothesis import given
from hypothesis import strategies as st

from kerasish.backend import load_backend

NUMPY, NUMBA = load_backend("numpy"), load_backend("numba")


def run(backend, name, out, inputs, attributes):
    kernel = backend.kernel(name)
    rule = getattr(kernel, "scratch", None)
    if rule is not None:
        forms = rule(out, *inputs, **attributes)
        attributes = {**attributes, "scratch": tuple(np.empty(*f) for f in forms)}
    backend.bind(name, out, inputs, attributes)()
    return out


@st.composite
def windows(draw):
    size = draw(st.integers(1, 4))
    padding = draw(st.integers(0, size - 1)), draw(st.integers(0, size - 1))
    length = draw(st.integers(max(1, size - sum(padding)), 9))
    stride, axis = draw(st.integers(1, 4)), draw(st.integers(0, 2))
    shape = [2, 3, 4]
    shape[axis] = length
    drawn = draw(st.lists(st.integers(0, 3), min_size=7, max_size=40))
    x = np.resize(np.array(drawn, "float32"), shape)
    if draw(st.booleans()):
        x[0, 0, 0] = np.nan
    how = {"axis": axis, "size": size, "stride": stride, "padding": padding}
    return x, how


def results(x, how):
    shape = list(x.shape)
    shape[how["axis"]] = (
        x.shape[how["axis"]] + sum(how["padding"]) - how["size"]
    ) // how["stride"] + 1
    return np.empty(shape, x.dtype)


@given(windows())
def test_largest_elements_and_their_gradients(case):
    x, how = case
    y, expected = (run(b, "window_max", results(x, how), (x,), how) for b in BOTH)
    np.testing.assert_array_equal(y, expected)
    g = np.arange(y.size, dtype=x.dtype).reshape(y.shape) + 1
    found, wanted = (
        run(b, "window_scatter", np.empty_like(x), (g, y, x), how) for b in BOTH
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


BOTH = (NUMBA, NUMPY)


def test_large_ones_run_in_streams(monkeypatch):
    from kerasish_numba import pooling

    monkeypatch.setattr(pooling.TEAM, "number", lambda work, most: min(3, most))
    x = np.random.default_rng(1).normal(size=(7, 8, 5)).astype("float32")
    how = {"axis": 1, "size": 2, "stride": 2, "padding": (0, 0)}
    y, expected = (run(b, "window_max", results(x, how), (x,), how) for b in BOTH)
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
@pytest.mark.parametrize("shape", [(6, 4), (6,), (6, 2, 3), (1, 4)])
def test_rows_are_added_to_their_places(dtype, shape, rng):
    places = rng.integers(-shape[0], shape[0], (5, 3))
    rows = rng.normal(size=(5, 3, *shape[1:])).astype(dtype)
    attributes = {"shape": shape}
    found, expected = (
        run(b, "scatter_add", np.empty(shape, dtype), (places, rows), attributes)
        for b in BOTH
    )
    np.testing.assert_allclose(
        found, expected, rtol=2e-3 if dtype == "float16" else 1e-5
    )


def test_a_place_outside_is_refused_before_anything_is_written():
    out = np.ones((3, 2), "float32")
    rows = np.ones((2, 2), "float32")
    with pytest.raises(IndexError, match="index 3 is out of bounds for 3 places"):
        run(NUMBA, "scatter_add", out, (np.array([0, 3]), rows), {"shape": (3, 2)})
    np.testing.assert_array_equal(out, 1)
