"""Lowering: compositions take the place of what the backend has no kernel for."""

import numpy as np

from kerasish import ops
from kerasish.graph.lower import lower
from kerasish.graph.registry import operations
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace

MATRIX = Spec((2, 3), "float32")
PRIMITIVES = {name: None for name, op in operations().items() if op.is_primitive}


def names(graph):
    return [t.op.name for t in graph.nodes()]


def test_a_composition_takes_the_place_of_a_composed_operation():
    graph = trace(lambda x: ops.relu(x), [MATRIX])
    assert names(graph) == ["input", "relu"]
    assert names(lower(graph, PRIMITIVES)) == ["input", "constant", "maximum"]


def test_a_kernel_wins_over_the_composition():
    graph = trace(lambda x: ops.relu(x), [MATRIX])
    assert names(lower(graph, {**PRIMITIVES, "relu": None})) == ["input", "relu"]


def test_compositions_of_compositions_are_lowered_too():
    lowered = lower(trace(lambda x: ops.mish(x), [MATRIX]), PRIMITIVES)
    assert all(t.expansion is None for t in lowered.nodes())
    assert set(names(lowered)) <= {*PRIMITIVES, "input", "constant"}


def test_a_kernel_inside_a_composition_is_kept():
    graph = trace(lambda x: ops.gelu(ops.softplus(x)), [MATRIX])
    lowered = lower(graph, {**PRIMITIVES, "softplus": None})
    assert "softplus" in names(lowered)
    assert "gelu" not in names(lowered)


def test_an_operand_that_only_the_composed_node_used_is_dropped():
    def function(x):
        return ops.clip(x, np.float32(-1), np.float32(1))

    lowered = lower(trace(function, [MATRIX]), PRIMITIVES)
    assert names(lowered).count("constant") == 2


def test_primitives_are_left_as_they_are():
    graph = trace(lambda x: ops.exp(ops.transpose(x)), [MATRIX])
    assert str(lower(graph, PRIMITIVES)) == str(graph)


def test_the_layer_stays_with_what_it_became():
    graph = trace(lambda x: ops.relu(x), [MATRIX])
    (relu,) = graph.outputs
    assert lower(graph, PRIMITIVES).outputs[0].scope == relu.scope
