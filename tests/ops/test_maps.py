"""Maps and partial results: `map`, `vectorized_map`, `associative_scan`."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import backend_scope, get_backend, set_floatx
from kerasish.errors import ShapeError
from kerasish.gradients import grad
from kerasish.graph import tree
from kerasish.graph.gradient import spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace

RNG = np.random.default_rng(5)
X = RNG.normal(size=(5, 2, 3))
N = np.arange(1.0, 6.0)


@pytest.fixture(autouse=True)
def double():
    set_floatx("float64")


@pytest.fixture(params=["numpy", "strict", "strict_fusing"])
def on(request):
    with backend_scope(request.param) as backend:
        yield backend


def compiled(function, array):
    return compile_graph(trace(function, [spec_of(array)]), get_backend())


def assert_close(found, expected):
    ours, theirs = tree.flatten(found), tree.flatten(expected)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        one = ops.convert_to_numpy(one)
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize("function", [ops.map, ops.vectorized_map])
def test_maps(on, function):
    def program(x):
        return function(
            lambda ab: {"sum": ops.sum(ab[0]), "both": ops.matmul(ab[0], ab[1])},
            (x, ops.transpose(x, (0, 2, 1))),
        )

    expected = {"sum": X.sum((1, 2)), "both": X @ X.transpose(0, 2, 1)}
    given = ops.convert_to_tensor(X)
    assert_close(program(given), expected)
    assert_close(compiled(program, X)(given), expected)


def test_maps_hand_gradients_on():
    found = grad(lambda x: ops.sum(ops.map(lambda a: ops.sum(a) ** 3, x)))(X)
    expected = np.broadcast_to(3 * X.sum((1, 2), keepdims=True) ** 2, X.shape)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", range(1, 12))
def test_partial_results_of_any_length(length, reverse):
    matrices = RNG.normal(size=(length, 2, 2))
    found = ops.associative_scan(ops.matmul, matrices, reverse=reverse)
    order = matrices[::-1] if reverse else matrices
    expected = [order[0]]
    for m in order[1:]:
        expected.append(m @ expected[-1] if reverse else expected[-1] @ m)
    expected = np.array(expected[::-1] if reverse else expected)
    assert_close(found, expected)


def test_partial_results_along_an_axis_in_a_structure(on):
    def combine(a, b):
        return {
            "u": ops.multiply(a["u"], b["u"]),
            "v": ops.add(ops.multiply(b["u"], a["v"]), b["v"]),
        }

    def function(x):
        return ops.associative_scan(combine, {"u": x, "v": ops.exp(x)}, axis=1)

    given = RNG.normal(size=(2, 7))
    u, v = np.zeros((2, 7)), np.zeros((2, 7))
    a, b = np.ones(2), np.zeros(2)
    for i in range(7):
        a, b = a * given[:, i], given[:, i] * b + np.exp(given[:, i])
        u[:, i], v[:, i] = a, b
    tensor = ops.convert_to_tensor(given)
    assert_close(function(tensor), {"u": u, "v": v})
    assert_close(compiled(function, given)(tensor), {"u": u, "v": v})


def test_partial_results_need_one_length():
    with pytest.raises(ShapeError, match="differ in length"):
        ops.associative_scan(lambda a, b: a, [N, N[:2]])
