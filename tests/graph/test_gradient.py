"""Reverse mode: the walk, broadcasting and casts, several paths, and its messages.

The rules of the operations are checked in tests/ops/test_contract.py.
"""

import numpy as np
import pytest
from hypothesis import given, settings

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.errors import ShapeError
from kerasish.graph.gradient import fit_to, gradient_graph, gradients, spec_of
from kerasish.graph.registry import operation
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import INPUT, Spec, Tensor
from kerasish.graph.trace import ancestors, trace
from kerasish.graph.variable import Variable
from tests.graph.programs import INPUTS, STEPS, Program, batches, programs

VECTOR, SCALAR = Spec((3,), "float32"), Spec((), "float32")


def slope(function, *values):
    """Return the gradient of a scalar function with respect to its arguments."""
    arrays = [np.asarray(v, "float32") for v in values]
    graph = gradient_graph(function, [spec_of(a) for a in arrays], range(len(arrays)))
    value, found = compile_graph(graph, get_backend())(*arrays)
    return value, [g.tolist() for g in found]


def test_the_chain_rule():
    value, (g,) = slope(lambda x: ops.sum(ops.square(ops.exp(x))), [0.0, 1.0])
    np.testing.assert_allclose(value, 1 + np.exp(2), rtol=1e-6)
    np.testing.assert_allclose(g, 2 * np.exp([0, 2]), rtol=1e-6)


def test_paths_add_up():
    _, (g,) = slope(lambda x: ops.sum(x * x + 3 * x - x), [2.0])
    assert g == [6.0]


def test_an_operand_used_twice_in_one_operation_gets_both_shares():
    assert slope(lambda x: ops.sum(ops.multiply(x, x)), [3.0])[1] == [[6.0]]


def test_cotangents_are_summed_over_broadcast_axes():
    def function(x, y, z):
        return ops.sum(ops.add(ops.add(x, y), z))

    _, found = slope(function, np.zeros((2, 3)), np.zeros((3,)), np.zeros((2, 1)))
    assert found == [[[1.0] * 3] * 2, [2.0] * 3, [[3.0], [3.0]]]


def test_cotangents_have_their_operands_dtype():
    specs = [Spec((2,), "float16"), Spec((2,), "float64")]
    graph = gradient_graph(lambda x, y: ops.sum(x * y), specs, [0, 1])
    assert [t.dtype for t in graph.outputs] == ["float64", "float16", "float64"]


def test_what_the_result_does_not_depend_on_has_no_gradient():
    def function(x, y):
        return gradients(ops.sum(x), [x, y])

    assert trace(function, [VECTOR, VECTOR]).structure == [0, None]


def test_a_gradient_graph_fills_those_with_zeros():
    assert slope(lambda x, y: ops.sum(x), [1.0], [2.0])[1] == [[1.0], [0.0]]


def test_nothing_flows_through_whole_numbers():
    def function(x):
        return ops.sum(ops.cast(ops.cast(x, "int32"), "float32") * x)

    assert slope(function, [2.7])[1] == [[2.0]]


def test_nothing_flows_through_a_stop():
    assert slope(lambda x: ops.sum(ops.stop_gradient(x) * x), [3.0])[1] == [[3.0]]


def test_a_source_in_the_middle_is_one():
    def function(x):
        y = ops.exp(x)
        return gradients(ops.sum(y * y), [y])

    (graph,) = trace(function, [VECTOR]).outputs
    assert graph.shape == (3,)


def test_the_target_itself_is_a_source():
    graph = trace(lambda x: gradients(x, [x]), [SCALAR])
    result = compile_graph(graph, get_backend())(np.float32(5).reshape(()))
    assert float(result[0]) == 1.0


def test_a_cotangent_may_be_given():
    def function(x, g):
        return gradients(ops.multiply(x, 2), [x], g)

    run = compile_graph(trace(function, [VECTOR, VECTOR]), get_backend())
    (result,) = run(np.ones(3, "float32"), np.array([1, 2, 3], "float32"))
    assert result.tolist() == [2, 4, 6]


def test_only_a_scalar_has_a_gradient():
    with pytest.raises(ShapeError) as caught:
        trace(lambda x: gradients(ops.exp(x), [x]), [VECTOR])
    text = str(caught.value)
    assert "Only a scalar has a gradient." in text
    assert "<Tensor exp float32[3]>" in text
    assert "ops.mean" in text


def test_variables_are_sources_too():
    v = Variable(np.array([1.0, 2.0], "float32"))
    graph = gradient_graph(
        lambda x: ops.sum(v * x), [Spec((2,), "float32")], [], variables=[v]
    )
    _, (g,) = compile_graph(graph, get_backend())(np.array([5.0, 7.0], "float32"))
    assert g.tolist() == [5.0, 7.0]


def test_a_composed_operation_without_a_rule_goes_through_its_composition():
    def function(x):
        return gradients(ops.sum(ops.gelu(x)), [x])

    graph = trace(function, [VECTOR])
    assert "gelu" not in [t.op.name for t in ancestors(list(graph.outputs))]


def test_gradients_belong_to_the_layer_of_their_operation():
    def function(x):
        with_scope = ops.exp(x)
        with_scope.scope = "model/dense"
        return gradients(ops.sum(with_scope), [x])

    graph = trace(function, [VECTOR])
    assert "model/dense" in {t.scope for t in graph.nodes() if t.op.name == "multiply"}


@pytest.mark.parametrize(
    ("given_shape", "wanted"),
    [
        ((2, 3), (2, 3)),
        ((2, 3), (3,)),
        ((2, 3), (1, 3)),
        ((2, 3), (2, 1)),
        ((2, 3), ()),
        ((), (2, 3)),
        ((1,), (2, 3)),
        ((4, 2, 3), (2, 1)),
        ((0, 3), (3,)),
    ],
)
def test_a_cotangent_is_fitted_to_its_tensor(given_shape, wanted):
    graph = trace(
        lambda g: fit_to(g, Tensor(INPUT, (), {}, wanted, "float64")),
        [Spec(given_shape, "float32")],
    )
    assert graph.outputs[0].shape == wanted
    assert graph.outputs[0].dtype == "float64"


def test_rules_see_the_attributes():
    _, (g,) = slope(
        lambda x: ops.sum(operation("slice_to")(x, slices=(slice(1),))), [1, 2]
    )
    assert g == [1.0, 0.0]


# Random programs: the gradient along a direction is the slope in that direction


class Constants:
    """A state of arrays in place of variables: programs that only read can use it."""

    def __init__(self):
        rng = np.random.default_rng(3)
        self.variables = [rng.uniform(-1, 1, shape) for shape in [(2, 3), (3,), ()]]


DIFFERENTIABLE = {"moving", "binary", "reading", "reducing", "joining", "masked"}


def differentiable(program):
    """Leave out the steps that write, draw, or stop gradients."""
    kept = [
        s for s in program.steps if STEPS[s[0] % len(STEPS)].__name__ in DIFFERENTIABLE
    ]
    return Program((*kept, (5, 0, 0, 0)))


@settings(max_examples=40)
@given(programs().map(differentiable))
def test_the_gradient_of_a_program_is_its_slope(program):
    state, points = Constants(), batches(1)[0]

    def function(*inputs):
        first, second, third = program(state, *inputs)
        parts = [ops.sum(ops.tanh(t)) for t in (first, second, third)]
        return parts[0] * 0.7 + parts[1] * 1.3 - parts[2] * 0.4

    value = compile_graph(trace(function, INPUTS), get_backend())
    both = compile_graph(gradient_graph(function, INPUTS, [0, 1]), get_backend())
    rng = np.random.default_rng(5)
    direction = [rng.normal(size=p.shape) for p in points]
    _, found = both(*points)
    promised = sum(ops.vdot(g, d) for g, d in zip(found, direction, strict=True))
    step = 1e-6
    ahead = value(*(p + step * d for p, d in zip(points, direction, strict=True)))
    behind = value(*(p - step * d for p, d in zip(points, direction, strict=True)))
    np.testing.assert_allclose(
        promised, (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-7
    )
