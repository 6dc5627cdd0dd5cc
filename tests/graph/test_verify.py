"""The grammar of a legal graph: what is caught, and what the message names."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.graph import verify as room
from kerasish.graph.registry import operation
from kerasish.graph.tensor import INPUT, Spec, Tensor
from kerasish.graph.trace import Graph, trace
from kerasish.graph.variable import Variable
from kerasish.graph.verify import verify

VECTOR = Spec((3,), "float32")


def leaf(*shape, dtype="float32"):
    return Tensor(INPUT, (), {}, shape, dtype)


def graph_of(*outputs, writes=None):
    return Graph((), outputs, writes=writes or {})


def test_the_check_is_on_in_tests():
    assert room.ENABLED


def test_a_legal_graph_is_handed_back():
    graph = trace(lambda x: ops.softmax(ops.exp(x)), [VECTOR])
    assert verify(graph, "trace") is graph


def test_the_check_can_be_off(monkeypatch):
    monkeypatch.setattr(room, "ENABLED", False)
    wrong = Tensor(operation("exp"), (leaf(3),), {}, (4,), "float32")
    assert verify(graph_of(wrong), "any")


def faults():
    """Yield graphs with one fault each, and what the message says of it."""
    exp, add = operation("exp"), operation("add")
    yield (
        "shape",
        graph_of(Tensor(exp, (leaf(3),), {}, (4,), "float32", "model/dense")),
        "float32[3]",
    )
    yield (
        "dtype",
        graph_of(Tensor(exp, (leaf(3),), {}, (3,), "float64", "model/dense")),
        "float32[3]",
    )
    late = Tensor(exp, (leaf(3),), {}, (3,), "float32", "model/dense")
    late.inputs = (leaf(3),)
    yield "order", graph_of(late), "inputs made before it"
    variable = Variable(np.zeros(3, "float32"))
    wide = Tensor(add, (leaf(4), leaf(4)), {}, (4,), "float32", "model/dense")
    yield "write", graph_of(writes={variable: wide}), "<Variable"


@pytest.mark.parametrize(
    ("graph", "expected"), [f[1:] for f in faults()], ids=[f[0] for f in faults()]
)
def test_a_fault_names_pass_node_layer_and_rule(graph, expected):
    with pytest.raises(AssertionError) as caught:
        verify(graph, "simplify")
    text = str(caught.value)
    assert "Pass 'simplify' left an illegal node in 'model/dense'" in text
    assert "got:      <Tensor" in text
    assert expected in text


def test_an_operand_of_the_wrong_shape_is_caught_by_the_rule_itself():
    wrong = Tensor(operation("add"), (leaf(3), leaf(4)), {}, (3,), "float32")
    with pytest.raises(ValueError, match="do not broadcast"):
        verify(graph_of(wrong), "simplify")
