"""Gradients of one's own, and derivatives along a direction."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import backend_scope, get_backend, set_floatx
from kerasish.errors import ShapeError
from kerasish.gradients import grad
from kerasish.graph.gradient import gradient_graph, spec_of
from kerasish.graph.interpret import Interpreter
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.trace import trace

X, Y = np.array([1.0, -2.0, 0.5]), np.array([3.0, 0.5, -1.0])


@pytest.fixture(autouse=True)
def double():
    set_floatx("float64")


@pytest.fixture(params=["numpy", "strict", "strict_fusing"])
def on(request):
    with backend_scope(request.param) as backend:
        yield backend


# custom_gradient


@ops.custom_gradient
def steep(x):
    """Return x squared, with 7 for its slope."""
    return ops.square(x), lambda upstream: ops.multiply(upstream, 7)


@ops.custom_gradient
def tangled(a, b):
    """Return two results in a structure, and mix their cotangents up."""

    def back(*args, upstream=None):
        (upstream,) = args
        return upstream[0] * 2, upstream[1]["s"] * a

    return (a * b, {"s": a + b}), back


def test_eagerly_the_function_is_called():
    np.testing.assert_array_equal(steep(X), X**2)
    product, total = tangled(X, Y)
    np.testing.assert_array_equal(product, X * Y)
    np.testing.assert_array_equal(total["s"], X + Y)
    assert steep.__name__ == "steep"


@pytest.mark.parametrize("optimize", [True, False])
def test_a_gradient_of_ones_own_is_asked(on, optimize):
    graph = gradient_graph(lambda x: ops.sum(steep(x) * x), [spec_of(X)], [0])
    value, (g,) = compile_graph(graph, on, optimize)(ops.convert_to_tensor(X))
    np.testing.assert_allclose(ops.convert_to_numpy(value), np.sum(X**3))
    np.testing.assert_allclose(ops.convert_to_numpy(g), X**2 + 7 * X)


def test_it_is_no_longer_in_the_plan():
    graph = prepare(trace(lambda x: steep(x), [spec_of(X)]), get_backend())
    assert [t.op.name for t in graph.nodes()] == ["input", "square"]


def test_cotangents_come_in_the_structure_of_the_result():
    def function(a, b):
        product, total = tangled(a, b)
        return ops.sum(product * 3) + ops.sum(total["s"] * 5)

    da, db = grad(function, (0, 1))(X, Y)
    np.testing.assert_allclose(da, np.full(3, 6.0))
    np.testing.assert_allclose(db, 5 * X)


def test_results_that_nobody_used_send_zeros_back():
    da, db = grad(lambda a, b: ops.sum(tangled(a, b)[0]), (0, 1))(X, Y)
    np.testing.assert_allclose(da, np.full(3, 2.0))
    np.testing.assert_allclose(db, np.zeros(3))


def test_none_stands_for_no_gradient():
    @ops.custom_gradient
    def first_only(a, rest):
        return a * rest["k"], lambda upstream: (upstream * 3, None)

    da, db = grad(lambda a, b: ops.sum(first_only(a, {"k": b})), (0, 1))(X, Y)
    np.testing.assert_allclose(da, np.full(3, 3.0))
    np.testing.assert_allclose(db, np.zeros(3))


def test_one_cotangent_per_argument_is_needed():
    @ops.custom_gradient
    def wrong(a, b):
        return a * b, lambda upstream: upstream

    with pytest.raises(ValueError, match="1 for 2 arguments"):
        grad(lambda a, b: ops.sum(wrong(a, b)))(X, Y)


def test_a_gradient_of_ones_own_can_be_differentiated():
    @ops.custom_gradient
    def cube(x):
        return x**3, lambda upstream: upstream * ops.exp(x)

    slope = grad(lambda x: ops.sum(grad(lambda x: ops.sum(cube(x)))(x) * Y))
    np.testing.assert_allclose(slope(X), np.exp(X) * Y)


def test_inside_a_loop_it_may_use_what_the_step_knows():
    def loss(w, x):
        @ops.custom_gradient
        def scaled(a):
            return ops.sin(a) * w, lambda upstream: upstream * ops.cos(a) * w * 2

        return ops.sum(ops.scan(lambda c, a: (scaled(c) + a, None), X, x)[0])

    rows = np.linspace(-1, 1, 12).reshape(4, 3)
    c, states = X, []
    for row in rows:
        states.append(c)
        c = np.sin(c) * Y + row
    g, expected = np.ones(3), np.zeros((4, 3))
    for i in range(3, -1, -1):
        expected[i] = g
        g = g * np.cos(states[i]) * Y * 2
    np.testing.assert_allclose(grad(loss, 1)(Y, rows), expected)


def test_inside_a_branch():
    def loss(x):
        return ops.cond(x[0] > 0, lambda: ops.sum(steep(x)), lambda: ops.sum(x))

    np.testing.assert_allclose(grad(loss)(X), np.full(3, 7.0))
    np.testing.assert_allclose(grad(loss)(-X), np.ones(3))


def test_interpreted():
    backend = get_backend()
    graph = prepare(trace(tangled, [spec_of(X), spec_of(Y)]), backend, optimize=False)
    with Interpreter(graph, backend).replay() as replay:
        for target, array in zip(replay.inputs, (X, Y), strict=True):
            target[...] = array
        replay.run()
        np.testing.assert_allclose(replay.outputs[0], X * Y)


# jvp


def test_the_derivative_along_a_direction():
    value, slope = ops.jvp(lambda x: ops.sin(x) * x, (X,), (Y,))
    np.testing.assert_allclose(value, np.sin(X) * X)
    np.testing.assert_allclose(slope, (np.cos(X) * X + np.sin(X)) * Y)


def test_of_several_arguments_and_results(on):
    def function(a, b):
        return ops.multiply(a, b), {"s": ops.sum(a)}

    given = [ops.convert_to_tensor(t) for t in (X, Y, Y, X)]
    value, slope = ops.jvp(function, given[:2], given[2:])
    expected = [(X * Y, X.sum()), (Y * Y + X * X, Y.sum())]
    for (one, other), (product, total) in zip((value, slope), expected, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(one), product)
        np.testing.assert_allclose(ops.convert_to_numpy(other["s"]), total)


def test_with_something_besides():
    def function(x):
        return x * x, {"half": x / 2}

    value, slope, aux = ops.jvp(function, [X], [Y], has_aux=True)
    np.testing.assert_allclose(value, X**2)
    np.testing.assert_allclose(slope, 2 * X * Y)
    np.testing.assert_allclose(aux["half"], X / 2)


def test_what_does_not_depend_on_the_arguments_has_no_slope():
    value, slope = ops.jvp(lambda x: (ops.ones(2), x), (X,), (Y,))
    np.testing.assert_allclose(slope[0], np.zeros(2))
    np.testing.assert_allclose(slope[1], Y)
    np.testing.assert_allclose(value[0], np.ones(2))


def test_through_loops_and_branches():
    def function(w):
        def step(h, _):
            h = ops.cond(ops.sum(h) > 1, lambda: ops.tanh(h * w), lambda: h + w)
            return h, h * h

        return ops.scan(step, ops.ones(3), length=5)

    value, slope = ops.jvp(function, (Y,), (X,))
    step = 1e-6
    run = compile_graph(trace(function, [spec_of(Y)]), get_backend())
    for v, s, at, ahead, behind in zip(
        value, slope, run(Y), run(Y + step * X), run(Y - step * X), strict=True
    ):
        np.testing.assert_allclose(v, at)
        np.testing.assert_allclose(s, (ahead - behind) / (2 * step), atol=1e-8)


def test_inside_a_trace_and_differentiated():
    def function(x):
        return ops.sum(ops.jvp(lambda a: a**3, (x,), (x * 0 + Y,))[1])

    np.testing.assert_allclose(grad(function)(X), 6 * X * Y)


def test_primals_and_tangents_must_fit():
    with pytest.raises(ShapeError, match=r"got: +\(2,\)"):
        ops.jvp(lambda x: x, (X,), (X[:2],))
    with pytest.raises(TypeError, match=r"jvp\(fun, \(x,\), \(t,\)\)"):
        ops.jvp(lambda x: x, X, X)
