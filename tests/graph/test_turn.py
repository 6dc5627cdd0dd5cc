"""Transpositions of what was gathered, done to the indices instead."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops
from kerasish.backend import backend_scope, load_backend
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import is_leaf, trace

TABLE, PLACES = Spec((7, 4), "float32"), Spec((2, 3), "int32")
RNG = np.random.default_rng(8)


def names(function, *specs):
    graph = prepare(trace(function, specs), load_backend("numpy"))
    return [t.op.name for t in graph.nodes() if not is_leaf(t)]


def check(function, *specs):
    """Compare the program with what NumPy computes operation by operation."""
    values = [
        RNG.integers(0, 7, s.shape).astype(s.dtype)
        if s.dtype == "int32"
        else RNG.standard_normal(s.shape).astype(s.dtype)
        for s in specs
    ]
    found = []
    for optimize in (True, False):
        with backend_scope("numpy") as backend:
            made = compile_graph(trace(function, specs), backend, optimize=optimize)
            found.append(keras.tree.flatten(made(*values)))
    for ours, plain in zip(*found, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-6)


def looked_up(table, places, axes=(1, 0, 2)):
    return ops.transpose(ops.take(table, places, axis=0), axes)


def test_indices_are_turned_instead():
    assert names(looked_up, TABLE, PLACES) == ["transpose_to", "gather"]
    check(looked_up, TABLE, PLACES)


def test_three_axes_of_indices():
    def function(table, places):
        return looked_up(table, places, (2, 0, 1, 3))

    places = Spec((2, 3, 5), "int32")
    assert names(function, TABLE, places) == ["transpose_to", "gather"]
    check(function, TABLE, places)


@pytest.mark.parametrize("axes", [(0, 2, 1), (2, 1, 0)])
def test_other_axes_stay(axes):
    def function(table, places):
        return looked_up(table, places, axes)

    assert names(function, TABLE, PLACES) == ["gather", "transpose_to"]
    check(function, TABLE, PLACES)


def test_what_others_read_is_not_looked_up_twice():
    def function(table, places):
        found = ops.take(table, places, axis=0)
        return found, ops.transpose(found, (1, 0, 2))

    assert names(function, TABLE, PLACES).count("gather") == 1
    check(function, TABLE, PLACES)


def test_along_another_axis_nothing_is_turned():
    def function(table, places):
        return ops.transpose(ops.take(table, places, axis=1), (1, 0, 2))

    places = Spec((2, 3), "int32")
    square = Spec((7, 7), "float32")
    assert names(function, square, places) == ["gather", "transpose_to"]
    check(function, square, places)


def test_the_gradient_is_added_up_as_it_lies():
    def function(table, places, g):
        def loss(table):
            return ops.sum(looked_up(table, places, (2, 0, 1, 3)) * g)

        return keras.grad(loss)(table)

    specs = TABLE, Spec((2, 3, 5), "int32"), Spec((5, 2, 3, 4), "float32")
    found = names(function, *specs)
    assert found[-1] == "scatter_add"
    assert found[-2] == "transpose_to"
    check(function, *specs)
    graph = prepare(trace(function, specs), load_backend("numpy"))
    *_, turned, last = (t for t in graph.nodes() if not is_leaf(t))
    assert last.inputs[0] is turned
    assert turned.shape == (5, 2, 3)
