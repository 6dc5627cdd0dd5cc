"""Operations with several results: eager, traced, planned, differentiated.

`halves` is declared here and stands for what has to be an operation of several results,
such as a decomposition: (sum, difference) of its operands, and how many there are.
"""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import backend_scope, load_backend, set_floatx
from kerasish.backend.contract import scratch
from kerasish.gradients import grad, value_and_grad
from kerasish.graph import registry
from kerasish.graph.gradient import spec_of
from kerasish.graph.interpret import Interpreter
from kerasish.graph.listing import list_plan
from kerasish.graph.pieces import CARVED, block_of, carve, num_bytes, pieces_of
from kerasish.graph.plan import make_plan
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.tensor import Spec, Tensor
from kerasish.graph.trace import trace
from kerasish.graph.variable import Variable
from kerasish.ops import rules
from kerasish.ops.declare import Array
from kerasish.ops.several import several
from tests.graph import shadow

BACKENDS = ["numpy", "strict", "strict_fusing"]
X, Y = np.arange(6.0).reshape(2, 3), np.full((2, 3), 2.0)


def kernel_for(backend):
    """Return the kernel of `halves` in terms of a backend's own kernels."""

    @scratch(lambda outs, x, y, **_: [(outs[0].shape, outs[0].dtype)])
    def halves(outs, x, y, *, scale, scratch):
        (spare,) = scratch
        backend.kernels["add"](spare, x, y)
        backend.kernels["copy"](outs[0], spare)
        backend.kernels["subtract"](outs[1], x, y)
        outs[2].fill(scale)

    return halves


@pytest.fixture
def halves(monkeypatch):
    """Declare the operation for one test, with kernels on every backend."""
    monkeypatch.setattr(registry, "_operations", dict(registry._operations))

    @several
    def halves(x: Array, y: Array, *, scale: int = 1) -> list[Spec]:
        """Return x + y, x - y, and the scale."""
        form = rules.floating(x, y)
        return [form, form, Spec((1,), "int32")]

    @halves.gradient
    def _(gs, ys, x, y, *, scale):
        assert [y.shape for y in ys] == [x.shape, x.shape, (1,)]
        g, h, last = gs
        assert last is None
        g = ops.zeros_like(x) if g is None else g
        h = ops.zeros_like(x) if h is None else h
        return ops.add(g, h), ops.subtract(g, h)

    for name in BACKENDS:
        backend = load_backend(name)
        monkeypatch.setattr(
            backend, "kernels", {**backend.kernels, "halves": kernel_for(backend)}
        )
    return halves


@pytest.fixture(params=BACKENDS)
def on(request):
    with backend_scope(request.param) as backend:
        yield backend


def host(x):
    return ops.convert_to_numpy(x)


def tensors(*arrays):
    return [ops.convert_to_tensor(a) for a in arrays]


def test_called_on_arrays_it_returns_a_tuple(halves, on):
    results = halves(*tensors(X, Y), scale=7)
    assert isinstance(results, tuple)
    for found, expected in zip(results, [X + Y, X - Y, [7]], strict=True):
        np.testing.assert_array_equal(host(found), expected)


def test_called_on_tensors_it_adds_one_node_and_a_view_for_each_result(halves):
    graph = trace(lambda x, y: halves(x, y), [spec_of(X), spec_of(Y)])
    (block,) = [t for t in graph.nodes() if t.op is halves]
    assert block.dtype == "uint8"
    assert [t.op for t in graph.outputs] == [CARVED] * 3
    assert [t.inputs for t in graph.outputs] == [(block,)] * 3
    assert [(t.shape, t.dtype) for t in graph.outputs] == [
        ((2, 3), "float64"),
        ((2, 3), "float64"),
        ((1,), "int32"),
    ]


def test_results_lie_at_aligned_offsets_of_the_block(halves):
    node = trace(lambda x, y: halves(x, y), [spec_of(X), spec_of(Y)]).outputs[0]
    block = node.inputs[0]
    assert [carve(block, i).attributes["offset"] for i in range(3)] == [0, 64, 128]
    assert num_bytes(block) == 192
    assert [repr(s) for s in pieces_of(block)] == [
        "float64[2, 3]",
        "float64[2, 3]",
        "int32[1]",
    ]


def test_a_block_of_nothing_has_a_place():
    assert block_of([Spec((0, 3), "float32")]).shape == (64,)


def program(halves, x, y):
    total, difference, scale = halves(ops.exp(x), y, scale=3)
    return (
        ops.multiply(ops.tanh(total), ops.reshape(difference, (3, 2))[0, 0]),
        ops.concatenate([total, difference, ops.negative(total)]),
        ops.transpose(difference),
        ops.multiply(ops.cast(scale, "float64"), 2),
    )


@pytest.mark.parametrize("optimize", [True, False])
def test_planned_it_computes_what_it_does_eagerly(halves, on, optimize):
    graph = trace(lambda x, y: program(halves, x, y), [spec_of(X), spec_of(Y)])
    run = compile_graph(graph, on, optimize)
    shadow.run(run.plan)
    for scale in (1.0, 2.0):
        arrays = tensors(scale * X, Y)
        expected = program(halves, *arrays)
        for a, b in zip(run(*arrays), expected, strict=True):
            np.testing.assert_allclose(host(a), host(b), rtol=1e-14)


def test_it_allocates_nothing_when_it_is_replayed(halves):
    with backend_scope("strict") as backend:
        graph = trace(lambda x, y: program(halves, x, y), [spec_of(X), spec_of(Y)])
        with compile_graph(graph, backend).replay() as replay:
            for target, array in zip(replay.inputs, tensors(X, Y), strict=True):
                backend.copy(target, array)
            replay.run()
            before = backend.allocations
            replay.run()
            assert backend.allocations == before


def test_interpreted_too(halves, on):
    graph = trace(lambda x, y: program(halves, x, y), [spec_of(X), spec_of(Y)])
    arrays = tensors(X, Y)
    with Interpreter(prepare(graph, on, False), on).replay() as replay:
        for target, array in zip(replay.inputs, arrays, strict=True):
            on.copy(target, array)
        replay.run()
        for a, b in zip(replay.outputs, program(halves, *arrays), strict=True):
            np.testing.assert_allclose(host(a), host(b), rtol=1e-14)


def test_the_interpreter_names_the_result_that_is_not_finite(halves):
    backend = load_backend("numpy")
    graph = trace(lambda x, y: halves(x, y)[0], [spec_of(X), spec_of(Y)])
    with Interpreter(prepare(graph, backend, False), backend).replay() as replay:
        for target in replay.inputs:
            target.fill(1.5e308)
        message = r"carved float64\[2, 3\]"
        with (
            backend.execution_scope(),
            pytest.raises(FloatingPointError, match=message),
        ):
            replay.run()


def test_results_may_be_assigned_to_variables(halves, on):
    variable = Variable(X)

    def step(y):
        total, difference, _ = halves(variable, y)
        variable.assign(total)
        return difference

    run = compile_graph(trace(step, [spec_of(Y)]), on)
    for times in (0, 1, 2):
        np.testing.assert_array_equal(host(run(*tensors(Y))), X + (times - 1) * Y)
        np.testing.assert_array_equal(variable.numpy(), X + (times + 1) * Y)


# Gradients


def test_the_rule_is_called_once_with_the_cotangents_of_all_results(halves, on):
    def function(x, y):
        total, difference, _ = halves(x, y)
        again = ops.multiply(total, difference)
        return ops.sum(ops.add(again, ops.square(total)))

    dx, dy = grad(function, (0, 1))(*tensors(X, Y))
    np.testing.assert_allclose(host(dx), 2 * X + 2 * (X + Y))
    np.testing.assert_allclose(host(dy), -2 * Y + 2 * (X + Y))


@pytest.mark.usefixtures("on_numpy")
@pytest.mark.parametrize("index", [0, 1])
def test_results_that_nobody_used_have_no_cotangent(halves, index):
    dx, dy = grad(lambda x, y: ops.sum(halves(x, y)[index]), (0, 1))(X, Y)
    np.testing.assert_array_equal(dx, np.ones_like(X))
    np.testing.assert_array_equal(dy, np.full_like(Y, [1, -1][index]))


def test_no_cotangent_flows_where_no_result_is_used(halves):
    def function(x, y):
        halves(x, y)
        return ops.sum(y)

    dx, dy = grad(function, (0, 1))(X, Y)
    assert not dx.any()
    assert (dy == 1).all()


@pytest.mark.usefixtures("on_numpy")
def test_a_gradient_can_be_taken_by_a_result(halves):
    set_floatx("float64")

    def function(x, y):
        total, difference, _ = halves(x, y)
        return ops.sum(ops.multiply(ops.exp(total), difference))

    def slope(x, y):
        return ops.sum(ops.square(grad(function)(x, y)))

    value, second = value_and_grad(slope)(0.1 * X, Y)
    x = 0.1 * X
    first = np.exp(x + Y) * (x - Y + 1)
    np.testing.assert_allclose(value, np.sum(first**2))
    np.testing.assert_allclose(second, 2 * first * (first + np.exp(x + Y)))


# Passes


def test_equal_nodes_are_merged_and_unused_ones_dropped(halves):
    def function(x, y):
        halves(y, x)
        return ops.add(halves(x, y)[0], halves(x, y)[1])

    graph = trace(function, [spec_of(X), spec_of(Y)])
    simplified = prepare(graph, load_backend("numpy"))
    assert sum(t.op is halves for t in simplified.nodes()) == 1


@pytest.mark.usefixtures("on_numpy")
def test_results_of_constants_are_not_folded(halves):
    def function(y):
        total, _, _ = halves(ops.convert_to_tensor(X) + 0 * y, y)
        return total

    run = compile_graph(trace(function, [spec_of(Y)]), load_backend("numpy"))
    np.testing.assert_array_equal(run(Y), X + Y)


def test_listings_show_the_forms_of_the_results(halves):
    graph = trace(lambda x, y: halves(x, y, scale=2)[1], [spec_of(X), spec_of(Y)])
    forms = "(float64[2, 3], float64[2, 3], int32[1])"
    assert str(graph).splitlines()[2:] == [
        f"%0 = halves(%in0, %in1, scale=2) : {forms}",
        "%1 = carved(%0, index=1) : float64[2, 3]",
        "return %1",
    ]
    assert "1 views instead of copies" in list_plan(make_plan(graph))


@pytest.mark.usefixtures("on_numpy")
def test_operands_are_cast_to_the_dtype_the_rule_computes_in(monkeypatch):
    monkeypatch.setattr(registry, "_operations", dict(registry._operations))

    @several
    def twice(x: Array) -> list[Spec]:
        """Return x two times."""
        form = rules.floating(x)
        return [form, form]

    def kernel(outs, x):
        assert x.dtype == np.float32
        outs[0][...] = outs[1][...] = x

    backend = load_backend("numpy")
    monkeypatch.setattr(backend, "kernels", {**backend.kernels, "twice": kernel})
    first, second = twice(np.arange(3, dtype=np.int32))
    assert first.dtype == second.dtype == np.float32
    node = twice(Tensor(CARVED, (), {}, (3,), "int32"))[0]
    assert node.inputs[0].inputs[0].op.name == "cast_to"
