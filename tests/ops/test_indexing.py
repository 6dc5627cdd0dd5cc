"""Picking elements: indices and slices drawn at random, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.errors import DTypeError, ShapeError
from kerasish.gradients import grad
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from tests.ops.drawing import filled, with_axis, with_key


def traced(function, *arrays):
    specs = [Spec(a.shape, a.dtype.name) for a in arrays]
    return compile_graph(trace(function, specs), get_backend())(*arrays)


@given(with_key())
def test_items(drawn):
    x, key = drawn
    expected = x[key]
    np.testing.assert_array_equal(ops.get_item(x, key), expected)
    np.testing.assert_array_equal(traced(lambda x: x[key], x), expected)


@given(with_key())
def test_the_gradient_of_items_puts_them_back(drawn):
    x, key = drawn
    expected = np.zeros_like(x)
    expected[key] = 1
    slope = grad(lambda x: ops.sum(ops.get_item(x, key)))(x)
    np.testing.assert_array_equal(slope, expected)


def test_items_by_whole_number_tensors():
    x, places = filled((4, 3)), np.array([[3, 0], [-1, 1]], "int32")
    np.testing.assert_array_equal(ops.get_item(x, places), x[places])
    key = (slice(None), np.array([2, 0], "int32"))
    np.testing.assert_array_equal(ops.get_item(x, key), x[key])


def test_too_many_indices():
    with pytest.raises(ShapeError, match=r"Too many indices.\n  got:      3 for shape"):
        ops.get_item(filled((2, 3)), (0, 0, 0))


def test_an_index_outside():
    with pytest.raises(ShapeError, match="got:      axis 5"):
        ops.get_item(filled((2, 3)), 5)


@given(with_axis(), st.data())
def test_take(drawn, data):
    x, axis = drawn
    length = x.shape[axis]
    index = st.integers(-length, length - 1)
    places = np.array(data.draw(st.lists(index, max_size=5)), "int32")
    expected = np.take(x, places, axis)
    np.testing.assert_array_equal(ops.take(x, places, axis), expected)
    flat = np.take(x, places % x.size)
    np.testing.assert_array_equal(ops.take(x, places % x.size), flat)


@given(with_axis(), st.data())
def test_the_gradient_of_take_adds_up(drawn, data):
    x, axis = drawn
    length = x.shape[axis]
    index = st.integers(0, length - 1)
    places = np.array(data.draw(st.lists(index, min_size=1, max_size=6)), "int32")
    slope = grad(lambda x: ops.sum(ops.take(x, places, axis)))(x)
    counts = np.bincount(places, minlength=length).astype("float64")
    lengths = [length if i == axis % x.ndim else 1 for i in range(x.ndim)]
    expected = np.broadcast_to(counts.reshape(lengths), x.shape)
    np.testing.assert_array_equal(slope, expected)


@given(with_axis(), st.data())
def test_take_along_axis(drawn, data):
    x, axis = drawn
    length = x.shape[axis]
    shape = [data.draw(st.integers(1, 3)) if i == axis % x.ndim else n
             for i, n in enumerate(x.shape)]  # fmt: skip
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    places = rng.integers(-length, length, shape).astype("int32")
    expected = np.take_along_axis(x, places, axis)
    np.testing.assert_array_equal(ops.take_along_axis(x, places, axis), expected)


@given(with_axis(), st.integers(1, 4))
def test_top_k(drawn, k):
    x, _ = drawn
    k = min(k, x.shape[-1])
    tied = np.floor(x / 3)
    values, places = ops.top_k(tied, k)
    expected = np.argsort(-tied, axis=-1, kind="stable")[..., :k]
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(values, np.take_along_axis(tied, expected, -1))


@given(st.lists(st.integers(-2, 6), min_size=1, max_size=6), st.integers(1, 5))
def test_one_hot(labels, num_classes):
    codes = ops.one_hot(np.array(labels, "int32"), num_classes)
    expected = [[float(label == c) for c in range(num_classes)] for label in labels]
    assert codes.tolist() == expected
    assert codes.dtype == "float32"


def test_in_top_k_counts_equals_in_favour():
    scores = np.array([[0.5, 0.5, 0.1], [0.1, 0.2, 0.7]], "float32")
    assert ops.in_top_k([1, 0], scores, 1).tolist() == [True, False]
    assert ops.in_top_k([1, 1], scores, 2).tolist() == [True, True]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ops.take(x, np.array([0.0]), 0),
        lambda x: ops.take_along_axis(x, np.zeros((2, 1)), 1),
        lambda x: ops.get_item(x, (0, np.array([1.0]))),
    ],
)
def test_indices_are_whole_numbers(call):
    with pytest.raises(DTypeError) as caught:
        call(filled((2, 3)))
    text = str(caught.value)
    assert "Indices must be whole numbers." in text
    assert "got:      float" in text
    assert 'ops.cast(indices, "int32")' in text


def test_sparse_codes_are_refused():
    with pytest.raises(ValueError, match="sparse tensors do not exist"):
        ops.one_hot([0], 2, sparse=True)


@pytest.mark.usefixtures("on_numpy")
def test_an_index_outside_raises_on_numpy():
    with pytest.raises(IndexError):
        ops.take(filled((3,)), np.array([3], "int32"))
