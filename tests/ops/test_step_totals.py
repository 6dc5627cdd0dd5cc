"""Sums over the steps of a loop, computed after it from stacked values."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.graph.body import dependents, placeholder
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import Graph, ancestors
from kerasish.ops.indexing import scatter_add
from kerasish.ops.products import matmul_of
from kerasish.ops.reduction import reduce_sum
from kerasish.ops.step_totals import total_over_steps

STEPS = 4
RNG = np.random.default_rng(0)


def weight(x, g):
    return matmul_of(ops.transpose(x), g)


def bias(x, g):
    return reduce_sum(g, axis=(0,), keepdims=False)


def both(x, g):
    return ops.add(weight(x, g), ops.reshape(weight(x, ops.exp(g)), (3, 2)))


def moved(x, g):
    return ops.transpose(ops.cast(weight(x, g), "float32"))


def rows(x, g):
    indices = ops.cast(reduce_sum(x, axis=(1,), keepdims=False) > 0, "int32")
    return scatter_add(indices, g, shape=(2, 2))


@pytest.mark.parametrize("function", [weight, bias, both, moved, rows])
def test_the_sum_is_that_of_the_steps(function):
    x, g = placeholder(Spec((5, 3), "float64")), placeholder(Spec((5, 2), "float64"))
    step = function(x, g)
    changing = dependents(ancestors([step]), [x, g])
    total = total_over_steps(step, changing, STEPS)
    factors = list(dict.fromkeys(total.factors))
    stacks = {t: placeholder(Spec((STEPS, *t.shape), t.dtype)) for t in factors}
    # what is stacked is computed from x and g, whose stacks are given here
    given = [RNG.normal(size=(STEPS, *t.shape)) for t in (x, g)]
    values = stacked(factors, x, g, given)
    found = run([total(stacks)], list(stacks.values()), values)
    steps = [run([step], [x, g], [a[i] for a in given])[0] for i in range(STEPS)]
    np.testing.assert_allclose(found[0], np.sum(steps, axis=0), rtol=1e-6)


def stacked(factors, x, g, given):
    each = [run(factors, [x, g], [a[i] for a in given]) for i in range(STEPS)]
    return [np.stack(values) for values in zip(*each, strict=True)]


def run(outputs, inputs, arrays):
    graph = Graph(tuple(inputs), tuple(outputs), structure=tuple(range(len(outputs))))
    return compile_graph(graph, get_backend())(*arrays)


def test_what_never_changes_is_multiplied():
    x = placeholder(Spec((3,), "float64"))
    total = total_over_steps(ops.exp(x), set(), STEPS)
    assert total.factors == []
    (found,) = run([total({})], [x], [np.zeros(3)])
    np.testing.assert_array_equal(found, np.full(3, 4.0))


def large(x, g):
    return reduce_sum(x, axis=(0,), keepdims=False)


def nonlinear(x, g):
    return ops.exp(x)


@pytest.mark.parametrize("function", [large, nonlinear])
def test_what_is_better_added_up_in_the_loop(function):
    x = placeholder(Spec((5000,), "float64"))
    step = function(x, None)
    assert total_over_steps(step, {x, step}, STEPS) is None
