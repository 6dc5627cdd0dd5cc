"""Turned factors of a loop's products are copied once, before it."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.graph.hoist import hoist_copies
from kerasish.graph.loop import LOOP
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace

WEIGHTS, STATE = Spec((6, 4), "float32"), Spec((2, 4), "float32")


def steps(count, turn=True):
    """Return a function that multiplies a state by one matrix, step by step."""

    def function(weights, state, back):
        factor = ops.transpose(weights) if turn else weights

        def step(i, carry):
            wide = ops.matmul(carry, factor)
            return ops.tanh(ops.matmul(wide, back))

        return ops.fori_loop(0, count, step, state)

    return function


def traced(function, weights=WEIGHTS):
    return trace(function, (weights, STATE, Spec((6, 4), "float32")))


def copied(graph):
    """Return the operations that make what the loop captures."""
    (loop,) = [t for t in hoist_copies(graph).nodes() if t.op is LOOP]
    return {t.op.name for t in loop.inputs}


def test_a_turned_factor_is_copied():
    assert "copy" in copied(traced(steps(8)))


def test_a_loop_of_few_steps_copies_nothing():
    assert "copy" not in copied(traced(steps(2)))


def test_a_factor_as_it_lies_is_not_copied():
    assert "copy" not in copied(traced(steps(8, turn=False), Spec((4, 6), "float32")))


def test_a_graph_without_loops_is_left_alone():
    graph = trace(lambda x: ops.matmul(x, ops.transpose(x)), (WEIGHTS,))
    assert hoist_copies(graph) is graph


@pytest.mark.parametrize("count", [2, 8])
def test_the_loop_computes_the_same(count, backend, rng):
    weights, back = (rng.normal(size=(6, 4)).astype("float32") for _ in "ab")
    state = rng.normal(size=(2, 4)).astype("float32")
    expected = state
    for _ in range(count):
        expected = np.tanh(expected @ weights.T @ back)
    run = compile_graph(traced(steps(count)), backend)
    arrays = (backend.from_host(x) for x in (weights, state, back))
    found = backend.to_host(run(*arrays))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
