"""Sums of parts set into zeros: the gradients of slices that make up a whole."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.graph.gradient import gradient_graph
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.tensor import Spec

X = np.linspace(-1, 1, 24).reshape(4, 6)


def names_and_gradient(function, shape=X.shape):
    graph = gradient_graph(function, [Spec(shape, "float64")], [0])
    names = [t.op.name for t in prepare(graph, get_backend()).nodes()]
    plain = compile_graph(graph, get_backend(), optimize=False)(X)[1][0]
    (found,) = compile_graph(graph, get_backend())(X)[1]
    np.testing.assert_array_equal(found, plain)
    return names


@pytest.mark.parametrize(("axis", "count"), [(0, 2), (1, 3), (1, 6)])
def test_the_parts_of_a_split_are_joined(axis, count):
    def function(x):
        parts = ops.split(x, count, axis=axis)
        return ops.sum(ops.stack([ops.sum(p ** (i + 2)) for i, p in enumerate(parts)]))

    names = names_and_gradient(function)
    assert "place" not in names
    assert "concat" in names


def partial(x):
    return ops.sum(x[:1] ** 2) + ops.sum(x[1:3] ** 3)


def overlapping(x):
    return ops.sum(x[:3] ** 2) + ops.sum(x[2:] ** 3)


def crossing(x):
    return ops.sum(x[:2] ** 2) + ops.sum(x[:, :3] ** 3)


def strided(x):
    return ops.sum(x[::2] ** 2) + ops.sum(x[1::2] ** 3)


def with_another(x):
    return ops.sum(x[:2] ** 2) + ops.sum(x[2:] ** 3) + ops.sum(x**4)


@pytest.mark.parametrize("function", [partial, overlapping, crossing, strided])
def test_parts_that_make_up_no_whole_are_added(function):
    assert "place" in names_and_gradient(function)


def test_what_else_is_added_stays():
    names_and_gradient(with_another)
