"""Fusion: which elementwise operations become one, and what a body says."""

import numpy as np
import pytest
from hypothesis import given

from kerasish import ops
from kerasish.backend import backend_scope, load_backend
from kerasish.graph.fuse import FUSED, Instruction, fuse
from kerasish.graph.lower import lower
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.simplify import simplify
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import is_leaf, trace
from kerasish.graph.variable import Variable
from tests.graph.programs import State, graph_of, programs

MATRIX, VECTOR = Spec((2, 3), "float32"), Spec((3,), "float32")


@pytest.fixture(autouse=True)
def fusing():
    with backend_scope("strict_fusing") as backend:
        yield backend


def fused(function, *specs):
    return prepare(trace(function, specs), load_backend("strict_fusing"))


def steps(graph):
    return [t for t in graph.nodes() if not is_leaf(t)]


def names(graph):
    return [t.op.name for t in steps(graph)]


def test_a_chain_becomes_one_step():
    graph = fused(lambda x: ops.exp(ops.tanh(ops.negative(x))), MATRIX)
    (step,) = steps(graph)
    assert step.op is FUSED
    assert step.attributes["body"] == (
        Instruction("negative", (0,), "float32"),
        Instruction("tanh", (1,), "float32"),
        Instruction("exp", (2,), "float32"),
    )


def test_a_tree_becomes_one_step():
    graph = fused(lambda x, y: ops.exp(x) * ops.tanh(y) + x, MATRIX, MATRIX)
    (step,) = steps(graph)
    assert len(step.inputs) == 2
    assert [i.name for i in step.attributes["body"]] == [
        *("exp", "tanh", "multiply", "add"),
    ]


def test_an_operation_alone_stays_itself():
    assert names(fused(lambda x: ops.exp(x), MATRIX)) == ["exp"]


def test_a_value_that_is_read_twice_has_a_step_of_its_own():
    def function(x):
        y = ops.exp(ops.negative(x))
        return ops.tanh(y), ops.sin(y)

    assert names(fused(function, MATRIX)) == ["fused", "tanh", "sin"]


def test_a_value_read_twice_by_one_reader_joins_it():
    def function(x):
        y = ops.exp(x)
        return ops.multiply(y, y)

    (step,) = steps(fused(function, MATRIX))
    assert step.attributes["body"][-1].operands == (1, 1)


def test_an_output_has_a_step_of_its_own():
    def function(x):
        y = ops.exp(x)
        return y, ops.tanh(y)

    assert names(fused(function, MATRIX)) == ["exp", "tanh"]


def test_an_assigned_value_has_a_step_of_its_own():
    v = Variable(np.zeros((2, 3), "float32"))

    def function(x):
        v.assign(ops.exp(x))
        return ops.tanh(v)

    assert names(fused(function, MATRIX)) == ["exp", "tanh"]


def test_a_smaller_operand_is_computed_before():
    graph = fused(lambda x, y: ops.exp(x) + ops.tanh(y), VECTOR, MATRIX)
    assert names(graph) == ["exp", "fused"]
    assert steps(graph)[0].shape == (3,)


def test_what_is_not_elementwise_divides_groups():
    def function(x):
        y = ops.exp(ops.negative(x))
        return ops.tanh(ops.sin(y - ops.max(y)))

    assert names(fused(function, MATRIX)) == ["fused", "reduce_max", "fused"]


def test_casts_and_comparisons_join():
    def function(x):
        return ops.multiply(x, ops.cast(ops.greater(x, 0), "float32"))

    (step,) = steps(fused(function, MATRIX))
    assert [i.dtype for i in step.attributes["body"]] == ["bool", "float32", "float32"]


def test_a_group_has_no_more_inputs_than_a_kernel_may_have():
    def function(*xs):
        total = xs[0]
        for x in xs[1:]:
            total = total + x
        return total

    graph = fused(function, *[MATRIX] * 40)
    assert len(steps(graph)) > 1
    assert all(len(t.inputs) <= 16 for t in steps(graph))


def test_the_same_group_has_the_same_body():
    first, second = (
        steps(fused(lambda x: ops.exp(ops.negative(x)), spec))[0].attributes["body"]
        for spec in (MATRIX, VECTOR)
    )
    assert first == second
    assert hash(first) == hash(second)


@given(programs())
def test_every_body_stands_for_its_nodes(program):
    backend = load_backend("strict_fusing")
    with backend_scope("strict_fusing"):
        lowered = lower(graph_of(program, State()), backend.kernels)
        plain = simplify(lowered, backend)
    graph = fuse(plain, lambda operation, dtypes: True)
    assert len(graph.nodes()) <= len(plain.nodes())
    for step in steps(graph):
        if step.op is not FUSED:
            continue
        body = step.attributes["body"]
        assert body[-1].dtype == step.dtype
        for i, instruction in enumerate(body):
            known = len(step.inputs) + i
            assert all(0 <= place < known for place in instruction.operands)
            assert instruction.name in backend.kernels


def test_a_mask_in_a_group_survives_its_result_in_place(fusing):
    def function(x, y):
        mask = ops.greater(ops.exp(x), 1)
        return ops.where(mask, ops.less(y, 0), ops.logical_not(mask))

    x = np.array([[-1, 0, 1], [2, -2, 3]], "float32")
    run = compile_graph(trace(function, [MATRIX, MATRIX]), fusing)
    result = fusing.to_host(run(fusing.from_host(x), fusing.from_host(-x)))
    expected = np.where(np.exp(x) > 1, -x < 0, ~(np.exp(x) > 1))
    np.testing.assert_array_equal(result, expected)
