"""Scattering, segments and slices at computed places: traced, gradients, messages.

Their values are tested by the tables (`calls_core.py`).
"""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import backend_scope, get_backend, set_floatx
from kerasish.errors import DTypeError, ShapeError
from kerasish.gradients import grad
from kerasish.graph.gradient import spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace

RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 3))
IDS = np.array([0, 2, 2, 0], np.int32)
PLACES = np.array([[0, 1], [3, 2], [0, 1]], np.int32)


@pytest.fixture(autouse=True)
def double():
    set_floatx("float64")


@pytest.fixture(params=["numpy", "strict", "strict_fusing"])
def on(request):
    with backend_scope(request.param) as backend:
        yield backend


def ran(function, *arrays):
    """Return what a function gives traced, planned and run, on the host."""
    graph = trace(function, [spec_of(a) for a in arrays])
    tensors = [ops.convert_to_tensor(a) for a in arrays]
    return ops.convert_to_numpy(compile_graph(graph, get_backend())(*tensors))


def slope(function, x, direction, step=1e-6):
    ahead, behind = (float(function(x + s * step * direction)) for s in (1, -1))
    return (ahead - behind) / (2 * step)


def test_indices_outside_are_left_out(on):
    places = np.array([[0], [-1], [3], [-4], [9]], np.int32)
    values = np.array([1.0, 10, 100, 1000, 10000])
    found = ran(lambda p, v: ops.scatter(p, v, (3,)), places, values)
    np.testing.assert_array_equal(found, [1, 0, 10])
    found = ran(
        lambda p, v: ops.scatter_update(ops.full((3,), 5.0), p, v), places, values
    )
    np.testing.assert_array_equal(found, [1, 5, 10])


def test_of_equal_indices_the_last_wins(on):
    indices = np.array([[1], [0], [1], [1]], np.int32)
    updates = np.array([1.0, 2, 3, 4])
    found = ran(lambda i, u: ops.scatter_update(ops.zeros(2), i, u), indices, updates)
    np.testing.assert_array_equal(found, [2, 4])


@pytest.mark.parametrize("reduction", [None, "add", "max", "min", "mul"])
def test_gradients_of_updates(reduction):
    updates = RNG.normal(size=3)

    def loss(x, updates):
        made = ops.scatter_update(x, PLACES, updates, reduction)
        return ops.sum(ops.sin(made * 2 + 1))

    direction = RNG.normal(size=X.shape)
    found = ops.vdot(grad(loss)(X, updates), direction)
    expected = slope(lambda x: loss(x, updates), X, direction)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
    direction = RNG.normal(size=3)
    found = ops.vdot(grad(loss, 1)(X, updates), direction)
    expected = slope(lambda u: loss(X, u), updates, direction)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


def test_what_is_overwritten_gets_no_gradient():
    def loss(x, updates):
        return ops.sum(ops.scatter_update(x, PLACES, updates) * 3)

    expected = np.full(X.shape, 3.0)
    expected[0, 1] = expected[3, 2] = 0
    np.testing.assert_array_equal(grad(loss)(X, np.ones(3)), expected)
    np.testing.assert_array_equal(grad(loss, 1)(X, np.ones(3)), [0, 3, 3])


def test_a_product_with_zeros_has_a_gradient():
    data = np.array([2.0, 0, 3, 0, 5, 0])
    ids = np.array([0, 0, 1, 2, 2, 2], np.int32)

    def loss(x):
        return ops.sum(ops.segment_prod(x, ids, 3))

    np.testing.assert_array_equal(grad(loss)(data), [0, 2, 1, 0, 0, 0])


def test_equal_extremes_share_the_gradient():
    data, ids = np.array([1.0, 3, 3, 2]), np.array([0, 1, 1, 1], np.int32)
    for function, sign in ((ops.segment_max, 1), (ops.segment_min, -1)):
        found = grad(lambda x, f=function, s=sign: ops.sum(f(s * x, ids, 3)[:2]))(data)
        np.testing.assert_array_equal(found, [sign, sign / 2, sign / 2, 0])


@pytest.mark.parametrize("name", ["segment_sum", "segment_prod", "segment_max"])
def test_gradients_of_segments(name):
    def loss(x):
        return ops.sum(ops.tanh(getattr(ops, name)(x, IDS, 3)[::2]))

    direction = RNG.normal(size=X.shape)
    np.testing.assert_allclose(
        ops.vdot(grad(loss)(X), direction), slope(loss, X, direction), rtol=1e-7
    )


def test_ids_outside_are_left_out(on):
    ids = np.array([-1, 0, 1, 5], np.int32)
    found = ran(lambda x, i: ops.segment_sum(x, i, 2), X, ids)
    np.testing.assert_array_equal(found, X[1:3])


def test_the_number_of_segments_is_found_eagerly(on):
    found = ops.segment_sum(ops.convert_to_tensor(X), ops.convert_to_tensor(IDS))
    assert found.shape == (3, 3)


def test_empty_segments_of_whole_numbers_hold_the_limits():
    ones, ids = np.ones(2, np.int8), np.array([0, 0], np.int32)
    assert ops.segment_max(ones, ids, 2).tolist() == [1, -128]
    assert ops.segment_min(ones, ids, 2).tolist() == [1, 127]
    truths = np.array([True, False])
    assert ops.segment_max(truths, ids, 2).tolist() == [True, False]
    assert ops.segment_sum(truths, ids, 2).dtype == np.int32


def test_messages():
    with pytest.raises(ValueError, match="give num_segments"):
        trace(lambda i: ops.segment_sum(X, i), [spec_of(IDS)])
    with pytest.raises(ShapeError, match=r"expected: shape \(4,\)"):
        ops.segment_sum(X, IDS[:2], 3)
    with pytest.raises(ValueError, match="'sum'"):
        ops.scatter_update(X, PLACES, np.ones(3), "sum")
    with pytest.raises(ShapeError, match="a last length from 1 to 2"):
        ops.scatter(np.zeros((2, 3), np.int32), np.ones(2), (4, 4))
    with pytest.raises(DTypeError, match="whole numbers"):
        ops.scatter(np.zeros((2, 1)), np.ones(2), (4,))


# slices


@pytest.mark.parametrize("start", [(0, 0), (1, 1), (2, 0), (9, 9), (-3, 0)])
def test_parts_are_moved_to_where_they_fit(on, start):
    at = tuple(
        slice(s, s + n)
        for s, n in ((min(max(start[0], 0), 2), 2), (min(max(start[1], 0), 1), 2))
    )
    starts, updates = np.array(start, np.int32), np.full((2, 2), 9.0)
    changed = X.copy()
    changed[at] = 9
    x = ops.convert_to_tensor(X)
    cut = ops.convert_to_numpy(ops.slice(x, start, (2, 2)))
    np.testing.assert_array_equal(cut, X[at])
    cut = ran(lambda x, s: ops.slice(x, s, (2, 2)), X, starts)
    np.testing.assert_array_equal(cut, X[at])
    update = ops.convert_to_tensor(updates)
    made = ops.convert_to_numpy(ops.slice_update(x, start, update))
    np.testing.assert_array_equal(made, changed)
    np.testing.assert_array_equal(ran(ops.slice_update, X, starts, updates), changed)


@pytest.mark.parametrize("traced", [False, True])
def test_gradients_of_slices(traced):
    starts = np.array([1, 0], np.int32)

    def loss(x, updates, starts=starts):
        part = ops.slice(x, starts, (2, 2))
        made = ops.slice_update(x * 2, starts, ops.multiply(part, updates))
        return ops.sum(ops.sin(made))

    def by_x(x, updates, starts):
        return grad(loss, 0)(x, updates, starts)

    updates, direction = RNG.normal(size=(2, 2)), RNG.normal(size=X.shape)
    found = ran(by_x, X, updates, starts) if traced else grad(loss, 0)(X, updates)
    expected = slope(lambda x: loss(x, updates), X, direction)
    np.testing.assert_allclose(ops.vdot(found, direction), expected, rtol=1e-7)
    direction = RNG.normal(size=(2, 2))
    expected = slope(lambda u: loss(X, u), updates, direction)
    found = ops.vdot(grad(loss, 1)(X, updates), direction)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_parts_must_fit():
    with pytest.raises(ShapeError, match=r"shape \(5, 3\) at \(2,\) start indices"):
        ops.slice(X, [0, 0], (5, 3))
    with pytest.raises(ShapeError, match="2 start indices"):
        ops.slice_update(X, [0], np.ones((1, 1)))
