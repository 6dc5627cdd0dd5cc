"""Branches, loops with a test, counted loops: eager, traced, differentiated."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import backend_scope, get_backend, set_floatx
from kerasish.errors import DTypeError, ShapeError
from kerasish.gradients import grad, value_and_grad
from kerasish.graph import tree
from kerasish.graph.branch import BRANCH, WHILE
from kerasish.graph.gradient import gradient_graph, spec_of
from kerasish.graph.interpret import Interpreter
from kerasish.graph.loop import LOOP
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.trace import trace
from kerasish.graph.variable import Variable
from kerasish.layers import Dense, Layer
from kerasish.models import Sequential

BACKENDS = ["numpy", "strict", "strict_fusing"]
X = np.array([1.0, -2.0, 3.0])
Y = np.array([0.5, 0.25, -1.0])


@pytest.fixture(autouse=True)
def double():
    set_floatx("float64")


@pytest.fixture(params=BACKENDS)
def on(request):
    with backend_scope(request.param) as backend:
        yield backend


def host(structure):
    return tree.map_structure(
        lambda x: None if x is None else ops.convert_to_numpy(x), structure
    )


def compiled(function, *arrays, optimize=True):
    graph = trace(function, [spec_of(np.asarray(a)) for a in arrays])
    return compile_graph(graph, get_backend(), optimize)


def ran(function, *arrays, **options):
    """Return what a function gives traced, planned and run, on the host."""
    tensors = [ops.convert_to_tensor(a) for a in arrays]
    return host(compiled(function, *arrays, **options)(*tensors))


def interpreted(function, *arrays):
    backend = get_backend()
    graph = trace(function, [spec_of(np.asarray(a)) for a in arrays])
    with Interpreter(prepare(graph, backend, False), backend).replay() as replay:
        for target, array in zip(replay.inputs, arrays, strict=True):
            backend.copy(target, ops.convert_to_tensor(array))
        replay.run()
        return [ops.convert_to_numpy(x) for x in replay.outputs]


def assert_same(found, expected, **tolerance):
    ours, theirs = tree.flatten(found), tree.flatten(expected)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(
            ops.convert_to_numpy(one), other, **({"rtol": 1e-12} | tolerance)
        )


# cond


def choosing(x, y):
    """Return a structure of one branch or the other."""
    return ops.cond(
        ops.sum(x) > 0,
        lambda: {"a": ops.multiply(x, y), "b": [ops.sum(x), ops.exp(y)]},
        lambda: {"a": ops.subtract(x, y), "b": [ops.sum(y), ops.sin(x)]},
    )


def chosen(x, y):
    if x.sum() > 0:
        return {"a": x * y, "b": [x.sum(), np.exp(y)]}
    return {"a": x - y, "b": [y.sum(), np.sin(x)]}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("optimize", [True, False])
def test_cond_computes_one_branch(on, sign, optimize):
    x = sign * X
    expected = chosen(x, Y)
    run = compiled(choosing, X, Y, optimize=optimize)
    for _ in range(2):
        found = run(ops.convert_to_tensor(x), ops.convert_to_tensor(Y))
        assert_same(found, expected)
    assert_same(interpreted(choosing, x, Y), tree.flatten(expected))


@pytest.mark.parametrize("pred", [True, np.array(True), 3, 0.5])
def test_cond_on_a_value_is_a_python_branch(on, pred):
    calls = []
    result = ops.cond(pred, lambda: calls.append(1), lambda: calls.append(2))
    assert (result, calls) == (None, [1])
    ops.cond(not pred, lambda: calls.append(1), lambda: calls.append(2))
    assert calls == [1, 2]


def test_cond_on_a_value_inside_a_trace_leaves_no_branch():
    graph = trace(lambda x: ops.cond(True, lambda: x, lambda: -x), [spec_of(X)])
    assert not any(t.op is BRANCH for t in graph.nodes())


def test_the_branch_not_taken_is_not_computed():
    def function(x, index):
        return ops.cond(
            index < 3, lambda: ops.take(x, index), lambda: ops.zeros((), "float64")
        )

    run = compiled(function, X, np.int32(0))
    assert run(X, np.int32(2)) == 3
    assert run(X, np.int32(7)) == 0  # taking would raise


def test_cond_of_branches_that_only_assign(on):
    count, other = Variable(np.asarray(0.0)), Variable(np.asarray(1.0))

    def positive():
        count.assign(count + 1)
        other.assign(count * 10)

    def negative():
        count.assign(count - 1)

    def function(x):
        result = ops.cond(ops.sum(x) > 0, positive, negative)
        assert result is None
        return count * 1.0, other * 1.0

    run = compiled(function, X)
    plus, minus = ops.convert_to_tensor(X), ops.convert_to_tensor(-X)
    assert_same(run(plus), (1, 10))
    assert_same(run(minus), (0, 10))
    assert_same(run(plus), (1, 10))
    assert_same(run(plus), (2, 20))
    assert float(other.numpy()) == 20


def test_cond_reads_what_was_assigned_before():
    variable = Variable(np.asarray(1.0))

    def function(x):
        variable.assign(ops.sum(x))
        made = ops.cond(x[0] > 0, lambda: variable * 2, lambda: variable * 3)
        variable.assign(variable + 100)
        return made

    assert ran(function, X) == 4
    assert float(variable.numpy()) == 102


def test_branches_in_branches(on):
    def function(x):
        inner = lambda: ops.cond(x[1] > 0, lambda: x * 2, lambda: x * 3)  # noqa: E731
        return ops.cond(x[0] > 0, inner, lambda: inner() * 10)

    for signs, factor in (([1, 1], 2), ([1, -1], 3), ([-1, 1], 20), ([-1, -1], 30)):
        x = np.array(signs, "float64")
        assert_same(ran(function, x), factor * x)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("optimize", [True, False])
def test_the_gradient_of_cond_is_that_of_the_branch(on, sign, optimize):
    def scalar(x, y):
        leaves = tree.flatten(choosing(x, y))
        return ops.sum(ops.stack([ops.sum(ops.sin(leaf)) for leaf in leaves]))

    def plain(x, y):
        made = chosen_in_ops(x, y, sign)
        return ops.sum(ops.stack([ops.sum(ops.sin(leaf)) for leaf in made]))

    arrays = [ops.convert_to_tensor(a) for a in (sign * X, Y)]
    graph = gradient_graph(scalar, [spec_of(X), spec_of(Y)], [0, 1])
    found = compile_graph(graph, on, optimize)(*arrays)
    expected = value_and_grad(plain, (0, 1))(*arrays)
    assert_same(found, host([expected[0], list(expected[1])]))


def chosen_in_ops(x, y, sign):
    if sign > 0:
        return [ops.multiply(x, y), ops.sum(x), ops.exp(y)]
    return [ops.subtract(x, y), ops.sum(y), ops.sin(x)]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_gradient_of_the_gradient_of_cond(sign):
    def scalar(x):
        return ops.cond(ops.sum(x) > 0, lambda: ops.sum(x**3), lambda: ops.sum(x**4))

    def slope(x):
        return ops.sum(ops.square(grad(scalar)(x)))

    x = sign * X
    expected = 36 * x**3 if sign > 0 else 2 * (4 * x**3) * (12 * x**2)
    np.testing.assert_allclose(grad(slope)(x), expected)


def test_gradients_reach_variables_that_only_one_branch_reads():
    kernel = Variable(Y)

    def loss(x):
        return ops.sum(ops.cond(x[0] > 0, lambda: ops.square(kernel) * x, lambda: x))

    (found,) = grad(loss, variables=[kernel])(X)
    np.testing.assert_allclose(found, 2 * Y * X)
    (found,) = grad(loss, variables=[kernel])(-X)
    np.testing.assert_allclose(found, 0 * Y)


def test_cond_in_a_scan_with_gradients():
    def step(c, a):
        c = ops.cond(a > 0, lambda: c * ops.tanh(a), lambda: c + a * a)
        return c, c

    def loss(x):
        last, all_ = ops.scan(step, 1.0, x)
        return last + ops.sum(all_ * all_)

    direction, step_size = np.array([0.3, -0.2, 0.9]), 1e-6
    ahead, behind = (float(ran(loss, X + s * step_size * direction)) for s in (1, -1))
    slope = (ahead - behind) / (2 * step_size)
    np.testing.assert_allclose(ops.vdot(grad(loss)(X), direction), slope, rtol=1e-7)


def test_branches_must_agree():
    def traced(true_fn, false_fn):
        trace(lambda x: ops.cond(x[0] > 0, true_fn, false_fn), [spec_of(X)])

    with pytest.raises(DTypeError, match=r"float64\[3\] and int32\[3\]"):
        traced(lambda: ops.cast(X, "int32"), lambda: X)
    with pytest.raises(DTypeError, match="different forms"):
        traced(lambda: X, lambda: X[:2])
    with pytest.raises(ValueError, match="one structure"):
        traced(lambda: (X, X), lambda: [X, X])
    with pytest.raises(ShapeError, match=r"got:      shape \(3,\)"):
        ops.cond(X > 0, lambda: 1, lambda: 2)


# switch


@pytest.mark.parametrize("index", [0, 1, 2, 7, -3])
def test_switch_picks_the_nearest_branch(on, index):
    branches = [
        lambda a, b: a + b["c"],
        lambda a, b: ops.multiply(a, b["c"]),
        lambda a, b: ops.negative(a),
    ]

    def function(i, x, y):
        return ops.switch(i, branches, x, {"c": y})

    expected = [X + Y, X * Y, -X][min(max(index, 0), 2)]
    x, y = ops.convert_to_tensor(X), ops.convert_to_tensor(Y)
    if on.name == "numpy":
        assert_same(function(index, X, Y), expected)
    assert_same(ran(function, np.int32(index), X, Y), expected)
    assert_same(ops.switch(index, branches[1:2], x, {"c": y}), X * Y)


# while_loop


def doubling(x, limit):
    return ops.while_loop(
        lambda v, n: ops.less(ops.sum(ops.absolute(v)), limit),
        lambda v, n: (ops.multiply(v, 2), ops.add(n, 1)),
        (x, 0),
    )


@pytest.mark.parametrize("limit", [0.0, 10.0, 1000.0])
@pytest.mark.parametrize("optimize", [True, False])
def test_while_loop_runs_as_long_as_its_test_holds(on, limit, optimize):
    count = 0
    while np.abs(X * 2**count).sum() < limit:
        count += 1
    expected = (X * 2**count, count)
    run = compiled(doubling, X, limit, optimize=optimize)
    given = ops.convert_to_tensor(X), ops.convert_to_tensor(limit)
    for _ in range(2):
        assert_same(run(*given), expected)
    assert_same(doubling(*given), expected)
    assert_same(interpreted(doubling, X, np.asarray(limit)), list(expected))


@pytest.mark.parametrize("most", [0, 1, 2, 3, 9, None])
def test_while_loop_stops_at_its_limit(most):
    def function(start):
        return ops.while_loop(lambda i: i < 5, lambda i: i + 1, start, most)

    expected = 5 if most is None else min(most, 5)
    assert int(function(0)) == expected
    assert int(ran(function, np.int32(0))) == expected


@pytest.mark.parametrize(
    "variables", [3.0, (3.0,), [3.0, 1], {"a": 3.0}, ({"a": 3.0}, [1.0, 2.0])]
)
def test_while_loop_keeps_the_structure(variables):
    def body(*values):
        made = tree.map_structure(lambda v: v + 1, list(values))
        if not isinstance(variables, list | tuple):
            return made[0]
        return type(variables)(made)

    def test(*values):
        return tree.flatten(list(values))[0] < 5

    expected = tree.map_structure(lambda v: v + 2, variables)
    found = ops.while_loop(test, body, variables)
    assert tree.map_structure(float, found) == expected
    found = ran(lambda x: ops.while_loop(test, body, variables), X)
    assert tree.map_structure(float, found) == expected


def test_while_loop_reads_and_assigns_variables(on):
    seen, limit = Variable(np.asarray(0.0)), Variable(np.asarray(4.0))

    def body(total):
        seen.assign(seen + 1)
        return total + seen * 10

    def function(x):
        total = ops.while_loop(lambda t: seen < limit, body, ops.sum(x))
        limit.assign(limit + 2)
        return total

    run = compiled(function, X)
    assert_same(run(ops.convert_to_tensor(X)), 2 + 100)
    assert_same(run(ops.convert_to_tensor(X)), 2 + 110)  # steps 5 and 6
    assert float(seen.numpy()) == 6


def test_while_loops_in_loops(on):
    def collatz(n):
        return ops.while_loop(
            lambda n, c: n > 1,
            lambda n, c: (
                ops.where(ops.equal(n % 2, 0), n // 2, 3 * n + 1),
                c + 1,
            ),
            (n, 0),
        )[1]

    numbers = np.array([1, 2, 3, 7, 9], np.int32)
    found = ran(lambda x: ops.map(collatz, x), numbers)
    np.testing.assert_array_equal(found, [0, 1, 7, 16, 19])


def test_no_gradient_flows_through_while_loop():
    def loss(x):
        return ops.sum(doubling(x, 10.0)[0])

    with pytest.raises(ValueError, match=r"fix: .*fori_loop"):
        grad(loss)(X)
    stopped = grad(lambda x: ops.sum(x * ops.stop_gradient(doubling(x, 10.0)[0])))
    np.testing.assert_allclose(stopped(X), 2 * X)


def test_while_loop_must_keep_its_forms():
    def traced(body):
        trace(lambda x: ops.while_loop(lambda v: v[0] < 5, body, x), [spec_of(X)])

    with pytest.raises(ShapeError, match="A step of while_loop changes the shape"):
        traced(lambda v: v[:2])
    with pytest.raises(ValueError, match="one structure"):
        traced(lambda v: (v, v))
    with pytest.raises(ShapeError, match="must be one value"):
        ops.while_loop(lambda v: v < 5, lambda v: v, X)


def test_a_while_loop_allocates_nothing_when_it_is_replayed():
    with backend_scope("strict") as backend, compiled(doubling, X, 9.0).replay() as run:
        for target, value in zip(run.inputs, (X, np.asarray(9.0)), strict=True):
            backend.upload(target, value)
        run.run()
        before = backend.allocations
        run.run()
        assert backend.allocations == before


# fori_loop


def test_fori_loop_counts(on):
    def function(x):
        return ops.fori_loop(
            1, 4, lambda i, v: (v[0] * ops.cast(i, "float64"), v[1] + i), (x, 0)
        )

    tensor = ops.convert_to_tensor(X)
    assert_same(ran(function, X), (6 * X, 6))
    if on.name == "numpy":
        assert_same(function(tensor), (6 * X, 6))
    graph = trace(function, [spec_of(X)])
    assert sum(t.op is LOOP for t in graph.nodes()) == 1


@pytest.mark.parametrize(("lower", "upper"), [(0, 3), (2, 3), (3, 1)])
def test_fori_loop_with_bounds_that_the_run_tells(on, lower, upper):
    def function(lower, upper, x):
        return ops.fori_loop(lower, upper, lambda i, v: ops.add(v * 2, i), x)

    expected = X
    for i in range(lower, upper):
        expected = expected * 2 + i
    assert_same(ran(function, np.int32(lower), np.int32(upper), X), expected)
    assert_same(ran(lambda x: function(lower, upper, x), X), expected)
    graph = trace(function, [spec_of(np.int32(0))] * 2 + [spec_of(X)])
    assert sum(t.op is WHILE for t in graph.nodes()) == 1


def test_fori_loop_hands_gradients_on():
    def loss(x):
        return ops.sum(ops.fori_loop(0, 3, lambda i, v: v * v * (i + 1), x))

    # v -> v^2, then 2 v^2, then 3 v^2: 12 x^8
    np.testing.assert_allclose(loss(X), np.sum(12 * X**8))
    np.testing.assert_allclose(grad(loss)(X), 96 * X**7)


def test_indices_pick_slices():
    def function(x):
        return ops.fori_loop(
            0,
            3,
            lambda i, v: ops.slice_update(v, [i], ops.reshape(v[i] + v[i - 1], (1,))),
            x,
        )

    expected = X.copy()
    for i in range(3):
        expected[i] += expected[i - 1]
    np.testing.assert_allclose(ran(function, X), expected)


# inside a model


class Pondering(Layer):
    """Runs a cell over the time axis; counts its steps; decides by a variable."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units))
        self.recurrent = self.add_weight(shape=(self.units, self.units))
        self.steps = self.add_weight(shape=(), trainable=False, initializer="zeros")

    def call(self, inputs):
        def step(h, x):
            self.steps.assign(self.steps + 1)
            h = ops.tanh(ops.matmul(x, self.kernel) + ops.matmul(h, self.recurrent))
            return h, None

        start = ops.zeros((inputs.shape[0], self.units), inputs.dtype)
        last, _ = ops.scan(step, start, ops.swapaxes(inputs, 0, 1))
        return ops.cond(self.steps > 8, lambda: last, lambda: last * 0.5)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.units)


class Unrolled(Pondering):
    def call(self, inputs):
        h = ops.zeros((inputs.shape[0], self.units), inputs.dtype)
        for t in range(inputs.shape[1]):
            self.steps.assign(self.steps + 1)
            h = ops.tanh(
                ops.matmul(inputs[:, t], self.kernel) + ops.matmul(h, self.recurrent)
            )
        early = ops.cast(self.steps > 8, h.dtype)
        return h * early + h * 0.5 * (1 - early)


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_model_trains_through_loops_and_branches(eagerly):
    set_floatx("float32")
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(24, 4, 3)), rng.normal(size=(24, 1))
    histories, weights = [], []
    for kind in (Pondering, Unrolled):
        model = Sequential([kind(5), Dense(1)])
        model.build((None, 4, 3))
        same = np.random.default_rng(3)
        model.set_weights([same.normal(size=w.shape) * 0.3 for w in model.weights])
        model.layers[0].steps.assign(0)
        model.compile("sgd", "mse", run_eagerly=eagerly)
        fitted = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        histories.append(fitted.history["loss"])
        weights.append(model.get_weights())
        assert float(model.layers[0].steps.numpy()) == 2 * 3 * 4
    np.testing.assert_allclose(*histories, rtol=1e-5)
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
