"""Products of matrices and tensors, shapes drawn at random, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.errors import ShapeError
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from tests.ops.drawing import SOLID, filled

CLOSE = {"rtol": 1e-12, "atol": 1e-9}
PRODUCTS = hnp.mutually_broadcastable_shapes(
    signature=np.matmul.signature, max_dims=2, max_side=4
).map(lambda shapes: [filled(s) for s in shapes.input_shapes])


def planned(function, *arrays):
    specs = [Spec(a.shape, a.dtype.name) for a in arrays]
    return compile_graph(trace(function, specs), get_backend())(*arrays)


@given(PRODUCTS)
def test_matmul(pair):
    expected = np.matmul(*pair)
    for result in (ops.matmul(*pair), planned(ops.matmul, *pair)):
        np.testing.assert_allclose(result, expected, **CLOSE)
        assert result.shape == expected.shape


@given(PRODUCTS)
def test_products_of_turned_operands(pair):
    x, y = (
        np.ascontiguousarray(np.swapaxes(a, -1, -2)) if a.ndim > 1 else a for a in pair
    )

    def function(x, y):
        return ops.matmul(turned(x), turned(y))

    np.testing.assert_allclose(planned(function, x, y), np.matmul(*pair), **CLOSE)


def turned(x):
    return ops.swapaxes(x, -1, -2) if len(x.shape) > 1 else x


@given(SOLID, st.integers(0, 3), SOLID)
def test_tensordot(shape, shared, rest):
    shared = min(shared, len(shape))
    x = filled(shape)
    y = filled((*shape[len(shape) - shared :], *rest[:2]))
    expected = np.tensordot(x, y, shared)
    np.testing.assert_allclose(ops.tensordot(x, y, shared), expected, **CLOSE)


@given(st.integers(0, 3), st.integers(1, 3), st.integers(1, 4))
def test_dot(before, after, inner):
    x, y = filled((2,) * before + (inner,)), filled((2,) * (after - 1) + (inner, 3))
    np.testing.assert_allclose(ops.dot(x, y), np.dot(x, y), **CLOSE)
    vector = filled((inner,))
    np.testing.assert_allclose(ops.dot(x, vector), np.dot(x, vector), **CLOSE)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_sums_of_nothing_are_0(shape):
    empty = np.zeros(shape)
    assert float(ops.vdot(empty, empty)) == 0
    found = ops.tensordot(empty, empty, [[0], [0]])
    np.testing.assert_array_equal(found, np.tensordot(empty, empty, [[0], [0]]))


@given(SOLID, SOLID)
def test_outer(first, second):
    x, y = filled(first), filled(second)
    np.testing.assert_array_equal(ops.outer(x, y), np.outer(x, y))


@pytest.mark.parametrize(
    ("first", "second"), [((2, 3), (2, 3)), ((3,), (2,)), ((), (2,)), ((2, 3), ())]
)
def test_inner_lengths_that_differ(first, second):
    with pytest.raises(ShapeError) as caught:
        ops.matmul(filled(first), filled(second))
    text = str(caught.value)
    assert "cannot be multiplied as matrices" in text
    assert f"got:      shapes {first} and {second}" in text
    assert "the last length of the first equal to the second's last but one" in text


def test_small_whole_numbers_are_multiplied_wide():
    x = np.full((2, 300), 10, "int8")
    product = ops.matmul(x, x.T)
    assert product.dtype == "int32"
    assert (product == 30_000).all()
