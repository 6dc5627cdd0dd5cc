"""Rewriting: what every pass is built from keeps order, roots and leaves."""

import numpy as np

from kerasish import ops
from kerasish.graph.rewrite import remake, rewrite
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import is_leaf, trace
from kerasish.graph.variable import Variable

VECTOR = Spec((3,), "float32")


def same(tensor, new):
    return remake(tensor, tuple(new[t] for t in tensor.inputs))


def example():
    v = Variable(np.zeros(3, "float32"))

    def function(x):
        v.assign(ops.add(ops.exp(x), v))
        return ops.negative(x), v.value

    return trace(function, [VECTOR]), v


def test_a_rewrite_that_changes_nothing_makes_an_equal_graph():
    graph, v = example()
    again = rewrite(graph, same)
    assert str(again) == str(graph)
    assert again.inputs == graph.inputs
    assert again.outputs[1] is again.writes[v]


def test_leaves_stay_and_everything_else_is_made_anew():
    graph, _ = example()
    again = rewrite(graph, same)
    old, new = set(graph.nodes()), set(again.nodes())
    assert {t for t in old if is_leaf(t)} == {t for t in new if is_leaf(t)}
    assert not {t for t in old & new if not is_leaf(t)}


def test_the_graph_is_left_as_it_is():
    graph, _ = example()
    before = str(graph)
    rewrite(graph, lambda t, new: new[t.inputs[0]])
    assert str(graph) == before


def test_new_numbers_are_a_topological_order():
    graph, _ = example()
    for node in rewrite(graph, same).nodes():
        assert all(source.number < node.number for source in node.inputs)


def test_remake_keeps_what_a_node_is():
    graph = trace(lambda x: ops.sum(ops.reshape(x, (3, 1)), axis=1), [VECTOR])
    for node in graph.nodes():
        if not is_leaf(node):
            again = remake(node, node.inputs)
            assert (again.op, again.attributes) == (node.op, node.attributes)
            assert (again.shape, again.dtype) == (node.shape, node.dtype)
