"""Merging loops: what a gradient collects is collected by the loop itself."""

import numpy as np

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.graph.gradient import gradient_graph
from kerasish.graph.loop import LOOP
from kerasish.graph.lower import lower
from kerasish.graph.merge import merge_loops
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace

X = Spec((5, 3), "float32")


def merged(graph):
    return merge_loops(lower(graph, get_backend().kernels))


def loops(graph):
    return [t for t in graph.nodes() if t.op is LOOP]


def stacked(node):
    count = node.attributes["carries"]
    return node.attributes["body"].outputs[count:]


def step(c, a):
    c = ops.tanh(c * a + 1)
    return c, (c, ops.exp(a))


def test_a_loop_and_its_gradients_loop_run_once_each():
    def loss(x):
        return ops.sum(ops.scan(step, ops.zeros(3), x)[0])

    graph = gradient_graph(loss, [X], [0])
    assert len(loops(graph)) == 3
    assert len(loops(merged(graph))) == 2


def test_two_losses_over_one_loop_share_it():
    def function(x):
        last, (all_, others) = ops.scan(step, ops.zeros(3), x)
        return ops.sum(last) + ops.sum(all_) * ops.sum(others)

    graph = gradient_graph(function, [X], [0])
    forward = [t for t in loops(merged(graph)) if not t.attributes["reverse"]]
    assert len(forward) == 1


def test_results_that_nobody_reads_are_dropped():
    def function(x):
        last, (_, others) = ops.scan(step, ops.zeros(3), x)
        return last, others

    (node,) = loops(merged(trace(function, [X])))
    assert [t.op.name for t in stacked(node)] == ["exp"]


def test_loops_over_other_values_stay_apart():
    def function(x):
        first = ops.scan(step, ops.zeros(3), x)[0]
        return first + ops.scan(step, ops.ones(3), x, reverse=True)[0]

    assert len(loops(merged(trace(function, [X])))) == 2


def test_a_graph_without_loops_is_left_alone():
    graph = trace(lambda x: ops.exp(x), [X])
    assert merge_loops(graph) is graph


def test_the_results_are_the_same():
    def function(x):
        last, (all_, others) = ops.scan(step, ops.zeros(3), x)
        return ops.sum(last) + ops.sum(all_ * others)

    x = np.linspace(-1, 1, 15, dtype="float32").reshape(5, 3)
    graph = gradient_graph(function, [X], [0])
    for one, other in zip(
        *(
            [value, g]
            for value, (g,) in (
                compile_graph(graph, get_backend(), optimize)(x)
                for optimize in (True, False)
            )
        ),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5)
