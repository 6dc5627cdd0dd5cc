"""Python's operators on symbolic tensors and variables."""

import operator

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish.graph.variable import Variable

X = np.array([[1.5, -2.0], [3.0, 4.0]], "float32")
Y = np.array([[2.0, 1.0], [-1.0, 4.0]], "float32")
ARITHMETIC = [
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv),
    *(operator.mod, operator.matmul, operator.lt, operator.le, operator.gt),
    operator.ge,
]


def planned(function, *arrays):
    specs = [Spec(a.shape, a.dtype.name) for a in arrays]
    return compile_graph(trace(function, specs), get_backend())(*arrays)


@pytest.mark.parametrize("use", ARITHMETIC, ids=lambda use: use.__name__)
def test_binary_operators_are_numpys(use):
    expected = use(X, Y)
    np.testing.assert_allclose(planned(use, X, Y), expected)
    np.testing.assert_allclose(use(Variable(X), Variable(Y)), expected)
    np.testing.assert_allclose(use(Variable(X), Y), expected)
    np.testing.assert_allclose(planned(lambda x: use(x, Y), X), expected)
    np.testing.assert_allclose(planned(lambda y: use(X, y), Y), expected)
    np.testing.assert_allclose(use(X, Variable(Y)), expected)


def test_powers():
    base = np.abs(X)
    np.testing.assert_allclose(planned(lambda x, y: x**y, base, Y), base**Y, rtol=1e-6)
    np.testing.assert_allclose(planned(lambda y: 2**y, Y), 2**Y)


@pytest.mark.parametrize("use", [operator.and_, operator.or_, operator.xor])
def test_truth_operators(use):
    first, second = X > 0, Y > 1
    np.testing.assert_array_equal(planned(use, first, second), use(first, second))
    np.testing.assert_array_equal(planned(operator.invert, first), ~first)


def test_unary_operators():
    np.testing.assert_array_equal(planned(operator.neg, X), -X)
    np.testing.assert_array_equal(planned(abs, X), abs(X))
    np.testing.assert_array_equal(-Variable(X), -X)


def test_python_numbers_are_weak():
    half = X.astype("float16")
    assert planned(lambda x: x * 2.5 + 1, half).dtype == "float16"
    assert planned(lambda x: 1 - x, np.array([1], "int8")).dtype == "int8"


def test_items_rows_and_methods():
    assert planned(lambda x: x[0, 1], X) == -2.0
    assert planned(lambda x: x.T, X).tolist() == X.T.tolist()
    assert planned(lambda x: x.reshape(4), X).shape == (4,)
    assert planned(lambda x: x.reshape((1, -1)), X).shape == (1, 4)
    assert planned(lambda x: x.astype("int32"), X).dtype == "int32"


def test_rows_can_be_unpacked():
    def function(x):
        first, second = x
        return first + second

    assert planned(function, X).tolist() == [4.5, 2.0]
    assert [row.tolist() for row in Variable(X)] == X.tolist()


def test_a_scalar_has_no_rows():
    with pytest.raises(TypeError, match="rank 0"):
        trace(lambda x: list(ops.sum(x)), [Spec((3,), "float32")])
    with pytest.raises(TypeError, match="rank 0"):
        list(Variable(1.0))


def test_equality_is_identity():
    def function(x):
        assert x == x
        assert x != x + 0
        return x

    trace(function, [Spec((3,), "float32")])
