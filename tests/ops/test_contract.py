"""What holds for every declared operation, read from the registry: no code per op.

Eagerly, traced and planned, and as its composition it computes the same; its shape and
dtype rule tells the truth; its gradient, and the gradient of that, are those of a
central difference along a random direction, in float64.
"""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import dtypes, get_backend, set_floatx
from kerasish.gradients import grad
from kerasish.graph.gradient import spec_of
from kerasish.graph.registry import operations
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import CONSTANT, Tensor
from kerasish.graph.trace import trace
from tests.backend.harness import meaning
from tests.backend.references import REFERENCES
from tests.ops.samples import samples_of

# those of several results: tests/ops/test_several_contract.py
OPS = {name: op for name, op in operations().items() if not op.is_several}
EACH = pytest.mark.parametrize("name", sorted(OPS))
# float64: the truncation error of a central difference is about the square of the step,
# its rounding error about 1e-16 over the step
STEP = 1e-5
CLOSE = {"rtol": 2e-6, "atol": 2e-7}


@pytest.fixture(autouse=True)
def double():
    """Whole numbers become float64, and so do Python numbers."""
    set_floatx("float64")


def call(op, operands, attributes):
    """Call an operation with its operands given one by one."""
    return op(*([operands] if op.takes_several else operands), **attributes)


def planned(op, sample, optimize):
    """Return the result of the operation traced, compiled and replayed."""
    graph = trace(
        lambda *tensors: call(op, tensors, sample.attributes),
        [spec_of(x) for x in sample.operands],
    )
    return compile_graph(graph, get_backend(), optimize)(*sample.operands)


@EACH
def test_every_operation_has_samples(name):
    assert samples_of(OPS[name])


@EACH
def test_every_operation_says_what_its_gradient_is(name):
    op = OPS[name]
    stated = op.gradient_rule is not None or op.no_gradient_reason
    assert stated or not op.is_primitive, "declare .gradient or .no_gradient(reason)"


@EACH
def test_every_operation_is_documented(name):
    assert OPS[name].__doc__.startswith("Return ")


@EACH
def test_traced_and_planned_it_computes_what_it_does_eagerly(name):
    op = OPS[name]
    for sample in samples_of(op):
        eager = call(op, sample.operands, sample.attributes)
        for optimize in (True, False):
            result = planned(op, sample, optimize)
            np.testing.assert_allclose(result, eager, rtol=1e-13, atol=1e-13)
            assert result.dtype == eager.dtype


@pytest.mark.parametrize("name", sorted(n for n in OPS if not OPS[n].is_primitive))
def test_composed_it_computes_what_its_composition_does(name):
    op = OPS[name]
    for sample in samples_of(op):
        whole = call(op, sample.operands, sample.attributes)
        parts = op.function(*sample.operands, **sample.attributes)
        np.testing.assert_allclose(whole, parts, rtol=1e-13, atol=1e-13)
        assert whole.dtype == parts.dtype


@pytest.mark.parametrize("name", sorted(n for n in OPS if OPS[n].is_primitive))
def test_the_shape_and_dtype_rule_is_that_of_the_reference(name):
    op = OPS[name]
    for operands, attributes in samples_of(op):
        spec = op.infer(operands, attributes)
        expected = meaning(REFERENCES[name], operands, attributes)
        assert spec.shape == expected.shape
        if expected.dtype.kind != "i":  # NumPy's indices are int64, ours int32
            assert spec.dtype == expected.dtype.name
        else:
            assert spec.dtype in dtypes.SIGNED


@pytest.mark.parametrize("name", sorted(n for n in OPS if not OPS[n].is_primitive))
def test_a_composed_node_has_its_results_shape_and_dtype(name):
    op = OPS[name]
    for operands, attributes in samples_of(op):
        symbolic = [Tensor(CONSTANT, (), {}, x.shape, x.dtype.name) for x in operands]
        node = call(op, symbolic, attributes)
        result = call(op, operands, attributes)
        assert (node.shape, node.dtype) == (result.shape, result.dtype.name)
        assert node.op is op
        assert node.expansion is not None


# Gradients


def float_positions(sample):
    return [i for i, x in enumerate(sample.operands) if x.dtype.kind == "f"]


def differentiable():
    """Return the operations that hand a gradient on, to at least one operand."""
    return sorted(
        name
        for name, op in OPS.items()
        if not op.no_gradient_reason and float_positions(samples_of(op)[0])
    )


def weighted(op, sample, rng):
    """Return a scalar function of the float operands: a random weighting of results."""
    result = call(op, sample.operands, sample.attributes)
    weights = rng.normal(size=result.shape)
    where = float_positions(sample)

    def function(*floats):
        operands = list(sample.operands)
        for i, x in zip(where, floats, strict=True):
            operands[i] = x
        return ops.sum(ops.multiply(call(op, operands, sample.attributes), weights))

    return function, [sample.operands[i] for i in where]


def slope(function, points, direction):
    """Return the central difference of a function along a direction."""
    ahead = [p + STEP * d for p, d in zip(points, direction, strict=True)]
    behind = [p - STEP * d for p, d in zip(points, direction, strict=True)]
    return (np.asarray(function(*ahead)) - np.asarray(function(*behind))) / (2 * STEP)


def along(gradient, points, direction):
    """Return the slope a gradient promises along a direction."""
    parts = gradient(*points)
    return ops.convert_to_numpy(
        sum(float(ops.vdot(g, d)) for g, d in zip(parts, direction, strict=True))
    )


@pytest.mark.parametrize("name", differentiable())
def test_gradient_is_the_slope(name, rng):
    op = OPS[name]
    for sample in samples_of(op):
        function, points = weighted(op, sample, rng)
        if function_has_no_float_result(op, sample):
            continue
        direction = [rng.normal(size=p.shape) for p in points]
        gradient = grad(function, range(len(points)))
        np.testing.assert_allclose(
            along(gradient, points, direction),
            slope(function, points, direction),
            **CLOSE,
        )
        for part, point in zip(gradient(*points), points, strict=True):
            assert part.shape == point.shape
            assert part.dtype == point.dtype


def function_has_no_float_result(op, sample):
    return call(op, sample.operands, sample.attributes).dtype.kind != "f"


@pytest.mark.parametrize("name", differentiable())
def test_gradient_of_the_gradient_is_its_slope(name, rng):
    op = OPS[name]
    for sample in samples_of(op):
        function, points = weighted(op, sample, rng)
        if function_has_no_float_result(op, sample):
            continue
        numbers = range(len(points))
        first = [rng.normal(size=p.shape) for p in points]

        def directional(*floats, function=function, first=first, numbers=numbers):
            parts = grad(function, numbers)(*floats)
            terms = [
                ops.sum(ops.multiply(g, d)) for g, d in zip(parts, first, strict=True)
            ]
            return ops.sum(ops.stack(terms))

        second = [rng.normal(size=p.shape) for p in points]
        np.testing.assert_allclose(
            along(grad(directional, numbers), points, second),
            slope(directional, points, second),
            rtol=2e-5,
            atol=2e-6,
        )


@pytest.mark.parametrize(
    "name", sorted(n for n, op in OPS.items() if op.no_gradient_reason)
)
def test_no_gradient_flows_where_none_is_declared(name):
    op = OPS[name]
    for sample in samples_of(op):
        where = float_positions(sample)
        if not where:
            continue

        def function(*floats, sample=sample, where=where):
            operands = list(sample.operands)
            for i, x in zip(where, floats, strict=True):
                operands[i] = x
            result = call(op, operands, sample.attributes)
            return ops.sum(ops.cast(result, "float64"))

        points = [sample.operands[i] for i in where]
        for part in grad(function, range(len(points)))(*points):
            assert not part.any()
