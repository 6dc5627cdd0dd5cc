"""Native products against NumPy's, for every layout that BLAS may be told of."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

from hypothesis import given
from hypothesis import strategies as st

from kerasish_numba import products
from kerasish_numba.program import NativeCall
from kerasish_numba.team import TEAM

RNG = np.random.default_rng(5)


def values(shape, dtype, layout):
    """Return an array that lies in memory in one of several ways."""
    *stack, rows, columns = shape
    if layout == "transposed":
        return np.swapaxes(values((*stack, columns, rows), dtype, "plain"), -1, -2)
    if layout == "part":
        return values((*stack, rows, columns + 3), dtype, "plain")[..., 1:-2]
    if layout == "spread":
        return values((*stack, rows, 2 * columns), dtype, "plain")[..., ::2]
    if layout == "reversed":
        return values(shape, dtype, "plain")[..., ::-1, :]
    if layout == "one row":
        return np.broadcast_to(values((*stack, 1, columns), dtype, "plain"), shape)
    return RNG.normal(size=shape).astype(dtype)


def product(x1, x2):
    shape = np.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    out = np.full((*shape, x1.shape[-2], x2.shape[-1]), 7, x1.dtype)
    call = products.PRODUCT.bind(out, (x1, x2), {})
    for _ in range(2):
        call()
    return out, call


LAYOUTS = st.sampled_from(
    ["plain", "transposed", "part", "spread", "reversed", "one row"]
)
STACKS = st.sampled_from([((), ()), ((3,), ()), ((), (3,)), ((2, 3), (1, 3))])
LENGTHS = st.integers(1, 6)


@given(STACKS, LENGTHS, LENGTHS, LENGTHS, LAYOUTS, LAYOUTS, st.sampled_from("fd"))
def test_a_product_is_numpys(stacks, m, k, n, first, second, dtype):
    x1 = values((*stacks[0], m, k), dtype, first)
    x2 = values((*stacks[1], k, n), dtype, second)
    out, _ = product(x1, x2)
    np.testing.assert_allclose(out, np.matmul(x1, x2), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layout", ["plain", "transposed", "part"])
@pytest.mark.parametrize("shape", [(4, 3, 5), (1, 3, 5), (4, 3, 1), (4, 1, 1)])
def test_usual_layouts_are_native(layout, shape):
    m, k, n = shape
    x1, x2 = values((m, k), "float32", layout), values((k, n), "float32", layout)
    _, call = product(x1, x2)
    assert isinstance(call, NativeCall)


@pytest.mark.parametrize("sizes", [(70, 9, 5), (5, 9, 70), (1, 9, 70), (70, 9, 1)])
@pytest.mark.parametrize("layout", ["plain", "transposed"])
def test_parts_make_up_the_product(sizes, layout, monkeypatch):
    monkeypatch.setattr(TEAM, "number", lambda work, most: min(3, most))
    m, k, n = sizes
    x1, x2 = values((m, k), "float32", layout), values((k, n), "float32", layout)
    out, call = product(x1, x2)
    assert call.row[2] == 3
    np.testing.assert_allclose(out, x1 @ x2, rtol=1e-5, atol=1e-5)


def test_a_stack_is_cut_between_products(monkeypatch):
    monkeypatch.setattr(TEAM, "number", lambda work, most: min(3, most))
    x1, x2 = values((5, 4, 3), "float64", "plain"), values((5, 3, 2), "float64", "part")
    out, call = product(x1, x2)
    assert call.row[2] == 3
    np.testing.assert_allclose(out, x1 @ x2, rtol=1e-12)


def test_a_stack_by_one_matrix_is_one_product():
    x1, x2 = values((5, 4, 3), "float32", "plain"), values((3, 2), "float32", "plain")
    out, _ = product(x1, x2)
    np.testing.assert_allclose(out, x1 @ x2, rtol=1e-5)
    joined, rows = products._joined_rows(out, x1, x2)
    assert joined.shape == (20, 2)
    assert rows.shape == (20, 3)


def test_the_result_may_be_part_of_another_array():
    whole = np.zeros((4, 9), "float32")
    x1, x2 = values((4, 3), "float32", "plain"), values((3, 5), "float32", "plain")
    products.PRODUCT.bind(whole[:, 2:7], (x1, x2), {})()
    np.testing.assert_allclose(whole[:, 2:7], x1 @ x2, rtol=1e-5)
    assert not whole[:, :2].any()
    assert not whole[:, 7:].any()


@pytest.mark.parametrize("dtype", ["float16", "int32", "complex64"])
def test_other_dtypes_stay_numpys(dtype):
    x1, x2 = np.arange(6).reshape(2, 3).astype(dtype), np.ones((3, 2), dtype)
    out, call = product(x1, x2)
    assert not isinstance(call, NativeCall)
    np.testing.assert_array_equal(out, x1 @ x2)


@pytest.mark.parametrize("sizes", [(0, 3, 2), (2, 0, 2), (2, 3, 0)])
def test_empty_products(sizes):
    m, k, n = sizes
    out, _ = product(np.ones((m, k), "float32"), np.ones((k, n), "float32"))
    np.testing.assert_array_equal(out, np.zeros((m, n)))
