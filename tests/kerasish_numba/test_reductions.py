"""Compiled reductions against NumPy's."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

from kerasish.backend import load_backend
from kerasish_numba import reductions
from kerasish_numba.program import NativeCall, NativeSequence
from tests.backend.harness import arguments

RNG = np.random.default_rng(3)
CASES = [
    ((6, 5), (1,)),
    ((6, 5), (0,)),
    ((6, 5), (0, 1)),
    ((4, 3, 5), (1,)),
    ((4, 3, 5), (-1, -2)),
    ((4, 3, 5), (0, 2)),
    ((2, 9000), (1,)),
    ((700, 3), (0,)),
    ((1300, 200), (0,)),
    ((3, 40, 20, 7), (1, 2)),
    ((90, 20, 30, 2), (0, 1, 2)),
    ((1, 1), (1,)),
    ((0, 4), (0,)),
]


@pytest.fixture(scope="module")
def numba_backend():
    return load_backend("numba")


def reduced(backend, name, x, axis, keepdims):
    shape = getattr(np, name.removeprefix("reduce_"))(
        np.zeros(x.shape), axis=axis, keepdims=keepdims
    ).shape
    out = np.empty(shape, x.dtype)
    attributes = {"axis": axis, "keepdims": keepdims}
    kernel = backend.kernels[name]
    attributes = arguments(backend, kernel, out, (x,), attributes)
    for _ in range(2):
        backend.bind(name, out, (x,), attributes)()
    return out


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize(("shape", "axis"), CASES)
@pytest.mark.parametrize("keepdims", [True, False])
def test_sums_and_extremes(numba_backend, dtype, shape, axis, keepdims):
    x = (RNG.normal(size=shape) * 9).astype(dtype)
    exact = dtype.replace("float32", "float64")
    expected = x.sum(axis=axis, keepdims=keepdims, dtype=exact)
    found = reduced(numba_backend, "reduce_sum", x, axis, keepdims)
    rough = 1e-6 * np.abs(x).sum(axis).max(initial=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=rough)
    if x.size:
        found = reduced(numba_backend, "reduce_max", x, axis, keepdims)
        np.testing.assert_array_equal(found, x.max(axis=axis, keepdims=keepdims))


def test_long_sums_keep_their_digits(numba_backend):
    x = RNG.uniform(0, 1, (1, 1 << 22)).astype("float32")
    found = reduced(numba_backend, "reduce_sum", x, (1,), False)
    np.testing.assert_allclose(found, x.sum(axis=1, dtype="float64"), rtol=3e-7)


@pytest.mark.parametrize("columns", [2, 300])
def test_tall_sums_keep_their_digits(numba_backend, columns):
    x = RNG.uniform(0, 1, (1 << 17, columns)).astype("float32")
    found = reduced(numba_backend, "reduce_sum", x, (0,), False)
    np.testing.assert_allclose(found, x.sum(axis=0, dtype="float64"), rtol=3e-7)


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_tall_sums_in_parts(numba_backend, parts, monkeypatch):
    monkeypatch.setattr(
        reductions.TEAM, "number", lambda work, most: max(min(parts, most), 1)
    )
    x = RNG.normal(size=(2000, 3)).astype("float32")
    found = reduced(numba_backend, "reduce_sum", x, (0,), True)
    np.testing.assert_allclose(found, x.sum(axis=0, keepdims=True), atol=1e-4)


@pytest.mark.parametrize("name", ["reduce_sum", "reduce_max"])
def test_reductions_of_images_are_native(numba_backend, name):
    x, out = np.ones((9, 20, 20, 8), "float32"), np.empty(8, "float32")
    attributes = {"axis": (0, 1, 2), "keepdims": False}
    call = numba_backend.bind(name, out, (x,), attributes)
    assert isinstance(call, NativeCall | NativeSequence)


@pytest.mark.parametrize("name", ["sum", "max"])
def test_layouts_that_are_not_contiguous(numba_backend, name):
    x = RNG.normal(size=(5, 6)).astype("float32").T
    found = reduced(numba_backend, f"reduce_{name}", x, (1,), False)
    np.testing.assert_allclose(found, getattr(x, name)(axis=1), rtol=1e-6)


def test_nan_is_handed_on(numba_backend):
    x = np.array([[1.0, np.nan, 3.0], [np.nan, 2.0, 3.0], [1.0, 2.0, 3.0]], "float32")
    found = reduced(numba_backend, "reduce_max", x, (1,), False)
    np.testing.assert_array_equal(found, x.max(axis=1))
    found = reduced(numba_backend, "reduce_max", x, (0,), False)
    np.testing.assert_array_equal(found, x.max(axis=0))


@pytest.mark.parametrize(
    "x",
    [
        RNG.normal(size=(7, 5)),
        np.array([[1.0, 3.0, 3.0], [np.nan, 1.0, np.nan], [0.0, np.nan, 9.0]]),
        np.array([[5.0]]),
    ],
    ids=["drawn", "ties", "one"],
)
@pytest.mark.parametrize("axis", [0, 1])
def test_places(numba_backend, x, axis):
    x = x.astype("float32")
    out = np.empty(x.argmax(axis).shape, "int32")
    scratch = (np.empty(out.shape, "int64"),)
    attributes = {"axis": axis, "scratch": scratch}
    numba_backend.bind("arg_max", out, (x,), attributes)()
    np.testing.assert_array_equal(out, x.argmax(axis))
