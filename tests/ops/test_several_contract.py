"""What holds for every operation of several results, read from the registry."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend, set_floatx
from kerasish.gradients import grad
from kerasish.graph.gradient import spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace
from tests.backend.cases import several
from tests.backend.several import SEVERAL

OPS = several()
EACH = pytest.mark.parametrize("name", sorted(OPS))
STEP = 1e-5


@pytest.fixture(autouse=True)
def double():
    set_floatx("float64")


def call(op, operands, attributes):
    return op(*([operands] if op.takes_several else operands), **attributes)


@EACH
def test_it_says_what_its_gradient_is(name):
    assert OPS[name].gradient_rule is not None or OPS[name].no_gradient_reason


@EACH
def test_it_is_documented(name):
    assert OPS[name].__doc__.startswith("Return ")


@EACH
def test_traced_and_planned_it_computes_what_it_does_eagerly(name):
    op = OPS[name]
    for operands, attributes in SEVERAL[name].cases:
        eager = [ops.convert_to_numpy(x) for x in call(op, operands, attributes)]
        SEVERAL[name].check(eager, *operands, rtol=1e-10, **attributes)

        def function(*tensors, op=op, attributes=attributes):
            return call(op, tensors, attributes)

        graph = trace(function, [spec_of(x) for x in operands])
        for optimize in (True, False):
            planned = compile_graph(graph, get_backend(), optimize)(*operands)
            for found, expected in zip(planned, eager, strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
                assert found.dtype == expected.dtype


def differentiable():
    return sorted(
        name
        for name, op in OPS.items()
        if op.no_gradient_reason is None and SEVERAL[name].unique
    )


@pytest.mark.parametrize("name", differentiable())
@pytest.mark.parametrize("order", [1, 2])
def test_gradient_is_the_slope(name, order, rng):
    for operands, attributes in SEVERAL[name].cases:
        function, points = weighted(OPS[name], operands, attributes, rng)
        if order == 2:
            function = directional(function, points, rng)
        direction = [rng.normal(size=p.shape) for p in points]
        parts = grad(function, range(len(points)))(*points)
        promised = sum(
            float(ops.vdot(g, d)) for g, d in zip(parts, direction, strict=True)
        )
        ahead = [p + STEP * d for p, d in zip(points, direction, strict=True)]
        behind = [p - STEP * d for p, d in zip(points, direction, strict=True)]
        slope = (float(function(*ahead)) - float(function(*behind))) / (2 * STEP)
        np.testing.assert_allclose(promised, slope, rtol=2e-5, atol=2e-6)


def weighted(op, operands, attributes, rng):
    """Return a random weighting of the float results, as a function of the floats."""
    where = [i for i, x in enumerate(operands) if x.dtype.kind == "f"]
    results = call(op, operands, attributes)
    weights = [rng.normal(size=r.shape) for r in results]

    def function(*floats):
        given = list(operands)
        for i, x in zip(where, floats, strict=True):
            given[i] = x
        terms = [
            ops.sum(ops.multiply(result, weight))
            for result, weight in zip(call(op, given, attributes), weights, strict=True)
            if str(result.dtype).startswith("float")
        ]
        return ops.sum(ops.stack(terms))

    return function, [operands[i] for i in where]


def directional(function, points, rng):
    """Return a function's slope along a fixed direction, as a function."""
    direction = [rng.normal(size=p.shape) for p in points]

    def slope(*floats):
        parts = grad(function, range(len(points)))(*floats)
        terms = [
            ops.sum(ops.multiply(g, d)) for g, d in zip(parts, direction, strict=True)
        ]
        return ops.sum(ops.stack(terms))

    return slope
