"""Scans and maps: eager, traced, replayed, on every backend, and their gradients."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import backend_scope, get_backend, load_backend, set_floatx
from kerasish.errors import DTypeError, ShapeError
from kerasish.gradients import grad, value_and_grad
from kerasish.graph import loop, tree
from kerasish.graph.gradient import gradient_graph, spec_of
from kerasish.graph.interpret import Interpreter
from kerasish.graph.loop import LOOP
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.trace import trace
from kerasish.graph.variable import Arena, Variable
from kerasish.random import SeedGenerator, uniform

BACKENDS = ["numpy", "strict", "strict_fusing"]
RNG = np.random.default_rng(5)
X = RNG.normal(size=(5, 2, 3))
W = 0.5 * RNG.normal(size=(3, 3))
H = np.zeros((2, 3))
N = np.arange(1.0, 6.0)


@pytest.fixture(autouse=True)
def double():
    set_floatx("float64")


@pytest.fixture(params=BACKENDS)
def on(request):
    with backend_scope(request.param) as backend:
        yield backend


@pytest.fixture(params=["short", "long"])
def either_way(request, monkeypatch):
    """Bind loops step by step, and in the way of those with many steps."""
    if request.param == "long":
        monkeypatch.setattr(loop, "MOST_CALLS", 0)


def host(structure):
    return tree.map_structure(
        lambda x: None if x is None else ops.convert_to_numpy(x), structure
    )


def compiled(function, *arrays, optimize=True):
    graph = trace(function, [spec_of(a) for a in arrays])
    return compile_graph(graph, get_backend(), optimize)


def interpreted(function, *arrays):
    """Return the flat results of the interpreter of `run_eagerly`."""
    backend = get_backend()
    graph = trace(function, [spec_of(a) for a in arrays])
    with Interpreter(prepare(graph, backend, False), backend).replay() as replay:
        for target, array in zip(replay.inputs, arrays, strict=True):
            backend.copy(target, ops.convert_to_tensor(array))
        replay.run()
        return [ops.convert_to_numpy(x) for x in replay.outputs]


def assert_close(found, expected, **tolerance):
    ours, theirs = (
        [x for x in tree.flatten(side) if x is not None] for side in (found, expected)
    )
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        one, other = ops.convert_to_numpy(one), np.asarray(other)
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, **({"rtol": 1e-12} | tolerance))


# Programs: each a function of arrays, and the arrays


def summing(x):
    return ops.scan(lambda c, a: (ops.add(c, a), ops.multiply(c, 2)), 0.0, x)


def backwards(x):
    return ops.scan(lambda c, a: (c + a, c * a), 1.0, x, reverse=True)


def recurrent(w, x):
    def step(h, a):
        h = ops.tanh(ops.add(ops.matmul(h, w), a))
        return h, h

    return ops.scan(step, H, x)


def memory_cell(w, x):
    """Two carries, of which one is handed out and both are needed going back."""

    def step(carry, a):
        h, c = carry["h"], carry["c"]
        z = ops.add(ops.matmul(h, w), a)
        gate, value = ops.sigmoid(z[:, 1:]), ops.tanh(z[:, :1])
        c = ops.multiply(c, gate) + ops.multiply(value, 1 - gate)
        h = ops.concatenate([ops.tanh(c), value], axis=1)
        return {"h": h, "c": c}, [h, ops.sum(c)]

    return ops.scan(step, {"h": H, "c": H[:, 1:]}, x)


def nested(x):
    """A loop in a loop, whose inner carry and slices come from the outer one."""

    def outer(total, row):
        inner, parts = ops.scan(
            lambda c, a: (c * 0.5 + a * ops.tanh(total), c), total, row
        )
        return ops.sum(inner), parts

    return ops.scan(outer, 0.3, ops.reshape(x, (5, 6)))


def swapping(x):
    """Carries that move without being computed."""
    return ops.scan(lambda c, a: ((c[1], c[0] + a), c[0]), (0.0, 1.0), x)


def collecting(x):
    """Results that are the carry on entry, the slice, and one thing twice."""
    return ops.scan(lambda c, a: (c * a, (c, a, c * a, c * a)), 1.0, x)


def idle(x):
    """A carry that no step changes, and one that forgets."""
    return ops.scan(lambda c, a: ((c[0], a), c[0] * a), (2.0, 0.0), x)


def without_sequences(x):
    def step(c, nothing):
        assert nothing is None
        return ops.sin(c), c

    return ops.scan(step, x, length=4)


def without_results(x):
    return ops.scan(lambda c, a: (c + a, None), 0.0, x)


def several_sequences(x, w):
    def step(c, ab):
        return c + ops.sum(ab["a"]), ab["a"] * ab["b"]

    return ops.scan(step, 0.0, {"a": x, "b": ops.transpose(x * w[0, 0])[::-1].T})


def constant_results(x):
    return ops.scan(lambda c, a: (c + 1, (3.0, a * 0)), 0, x)


def hoisting(w, x):
    def step(c, a):
        return c + ops.matmul(a, ops.transpose(ops.exp(w))), ops.exp(w)

    return ops.scan(step, H, x)


def twice_over(x):
    """Two loops, one after the other, over what the first handed out."""
    _, y = ops.scan(lambda c, a: (c + a, ops.tanh(c)), 0.0, x)
    return ops.scan(lambda c, a: (c * 0.9 + a, c), 0.0, y, reverse=True)


PROGRAMS = {
    "summing": (summing, N),
    "backwards": (backwards, N),
    "recurrent": (recurrent, W, X),
    "memory_cell": (memory_cell, W, X),
    "nested": (nested, X),
    "swapping": (swapping, N),
    "collecting": (collecting, N),
    "idle": (idle, N),
    "without_sequences": (without_sequences, X[0]),
    "without_results": (without_results, N),
    "several_sequences": (several_sequences, X[:, 0], W),
    "constant_results": (constant_results, N),
    "hoisting": (hoisting, W, X),
    "twice_over": (twice_over, N),
}
EACH = pytest.mark.parametrize("name", sorted(PROGRAMS))


def unrolled(function, *arrays):
    """Return what a program computes as plain Python, by NumPy."""
    with backend_scope("numpy"):
        return host(function(*arrays))


@EACH
@pytest.mark.parametrize("optimize", [True, False])
def test_traced_it_computes_what_it_does_eagerly(on, either_way, name, optimize):
    function, *arrays = PROGRAMS[name]
    run = compiled(function, *arrays, optimize=optimize)
    for scale in (1.0, -0.5):
        scaled = [scale * a for a in arrays]
        expected = unrolled(function, *scaled)
        given = [ops.convert_to_tensor(a) for a in scaled]
        assert_close(run(*given), expected)
        assert_close(run(*given), expected)  # a second replay starts anew


@EACH
def test_interpreted_too(on, name):
    function, *arrays = PROGRAMS[name]
    expected = unrolled(function, *arrays)
    assert_close(interpreted(function, *arrays), tree.flatten(expected))


@EACH
def test_replaying_allocates_nothing(either_way, name):
    function, *arrays = PROGRAMS[name]
    with (
        backend_scope("strict") as backend,
        compiled(function, *arrays).replay() as replay,
    ):
        for target, array in zip(replay.inputs, arrays, strict=True):
            backend.upload(target, array)
        replay.run()
        before = backend.allocations, backend.transfers
        replay.run()
        assert (backend.allocations, backend.transfers) == before


# Gradients


def scalar_of(function):
    """Return a scalar function: a fixed weighting of all float results."""

    def scalar(*arrays):
        leaves = [x for x in tree.flatten(function(*arrays)) if x is not None]
        terms = [
            ops.sum(ops.sin(x + i)) for i, x in enumerate(leaves) if "float" in x.dtype
        ]
        return ops.sum(ops.stack(terms))

    return scalar


def slope(function, arrays, direction, step=1e-6):
    ahead = [a + step * d for a, d in zip(arrays, direction, strict=True)]
    behind = [a - step * d for a, d in zip(arrays, direction, strict=True)]
    return (float(function(*ahead)) - float(function(*behind))) / (2 * step)


def along(parts, direction):
    return sum(float(ops.vdot(p, d)) for p, d in zip(parts, direction, strict=True))


def traced_scalar(function, arrays):
    """Return a scalar program as a function of arrays, compiled."""
    return compiled(scalar_of(function), *arrays)


@EACH
def test_the_gradient_is_the_slope(either_way, name):
    function, *arrays = PROGRAMS[name]
    direction = [RNG.normal(size=a.shape) for a in arrays]
    parts = grad(scalar_of(function), range(len(arrays)))(*arrays)
    expected = slope(traced_scalar(function, arrays), arrays, direction)
    np.testing.assert_allclose(along(parts, direction), expected, rtol=2e-7, atol=1e-8)


@EACH
def test_the_gradient_of_the_gradient_is_its_slope(name):
    function, *arrays = PROGRAMS[name]
    first = [RNG.normal(size=a.shape) for a in arrays]

    def directional(*arrays):
        parts = grad(scalar_of(function), range(len(arrays)))(*arrays)
        terms = [ops.sum(g * d) for g, d in zip(parts, first, strict=True)]
        return ops.sum(ops.stack(terms))

    second = [RNG.normal(size=a.shape) for a in arrays]
    parts = grad(directional, range(len(arrays)))(*arrays)
    expected = slope(compiled(directional, *arrays), arrays, second)
    np.testing.assert_allclose(along(parts, second), expected, rtol=2e-6, atol=1e-7)


@EACH
def test_gradients_are_the_same_unoptimized_and_on_every_backend(on, name):
    function, *arrays = PROGRAMS[name]
    numbers = range(len(arrays))
    with backend_scope("numpy"):
        expected = host(value_and_grad(scalar_of(function), numbers)(*arrays))
    graph = gradient_graph(scalar_of(function), [spec_of(a) for a in arrays], numbers)
    given = [ops.convert_to_tensor(a) for a in arrays]
    for optimize in (True, False):
        found = compile_graph(graph, on, optimize)(*given)
        assert_close(found, (expected[0], list(expected[1])), rtol=1e-10, atol=1e-12)


def test_unrolled_in_the_graph_it_is_the_same():
    def loss(w, x, unroll):
        def step(h, a):
            h = ops.tanh(ops.matmul(h, w) + a)
            return h, h

        last, all_ = ops.scan(step, H, x, unroll=unroll)
        return ops.sum(last * last) + ops.sum(all_)

    expected = value_and_grad(lambda w, x: loss(w, x, 1), (0, 1))(W, X)
    for unroll in (True, 5, 99, False, 2):
        found = value_and_grad(lambda w, x, u=unroll: loss(w, x, u), (0, 1))(W, X)
        assert_close(found, expected, rtol=1e-10)
    graph = trace(lambda w, x: loss(w, x, True), [spec_of(W), spec_of(X)])
    assert not any(t.op is LOOP for t in graph.nodes())


def test_an_embedding_read_in_the_loop_gets_its_gradient():
    rows = np.array([0, 2, 2, 1, 0], np.int32)

    def loss(table):
        def step(c, i):
            return c + ops.sum(ops.square(ops.take(table, i, axis=0))), None

        return ops.scan(step, 0.0, rows)[0]

    counts = np.array([2, 1, 2])[:, None]
    np.testing.assert_allclose(grad(loss)(W), 2 * W * counts)


def test_a_gradient_with_no_steps():
    def loss(w, x):
        last, _ = ops.scan(lambda c, a: (c * ops.sum(a) * w, c), w, x)
        return ops.sum(last * last)

    found = grad(loss, (0, 1))(W, X[:0])
    assert_close(found, (2 * W, np.zeros((0, 2, 3))))


def test_only_what_is_needed_is_carried_back():
    """Of data that needs no gradient none is computed, and weights are summed late."""

    def loss(w, x):
        return ops.sum(ops.square(recurrent(w, x)[0]))

    graph = gradient_graph(loss, [spec_of(W), spec_of(X)], [0])
    prepared = prepare(graph, get_backend())
    forward, backward = (t for t in prepared.nodes() if t.op is LOOP)
    results = backward.attributes["body"].outputs[backward.attributes["carries"] :]
    assert len(results) == 1  # the stacked cotangents, for one product after the loop
    products = [t for t in prepared.nodes() if t.op.name == "matmul_of"]
    assert [t.shape for t in products] == [(3, 3)]
    assert len(forward.attributes["body"].outputs) <= 3


# Variables


def test_variables_may_be_read_and_assigned_in_a_loop(on, either_way):
    total, scale = Variable(np.asarray(1.0)), Variable(np.asarray(2.0))

    def step(c, a):
        before = ops.convert_to_tensor(total)
        total.assign(ops.multiply(total, scale) + a)
        return c + before, total * 1.0

    run = compiled(lambda x: ops.scan(step, 0.0, x), N)
    eager = 1.0
    for _ in range(2):
        last, collected = run(ops.convert_to_tensor(N))
        passed, expected = 0.0, []
        for a in N:
            passed += eager
            eager = eager * 2 + a
            expected.append(eager)
        assert_close([last, collected], [passed, np.array(expected)])
        np.testing.assert_allclose(total.numpy(), eager)


def test_gradients_reach_variables_that_a_loop_reads():
    kernel = Variable(W)

    def loss(x):
        return ops.sum(ops.square(recurrent(kernel, x)[1]))

    (found,) = grad(loss, variables=[kernel])(X)
    expected = grad(lambda w, x: ops.sum(ops.square(recurrent(w, x)[1])))(W, X)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_variable_assigned_before_the_loop_is_read_as_it_is_then():
    variable = Variable(np.asarray(1.0))

    def function(x):
        variable.assign(variable + 10)
        last, _ = ops.scan(lambda c, a: (c + a * variable, None), 0.0, x)
        variable.assign(variable * 2)
        return last

    run = compiled(function, N)
    np.testing.assert_allclose(run(N), 11 * N.sum())
    np.testing.assert_allclose(run(N), 32 * N.sum())


def test_random_numbers_differ_from_step_to_step(on):
    def draws(x):
        generator = SeedGenerator(7)
        return ops.scan(
            lambda c, a: (c, uniform((3,), seed=generator, dtype="float64")), 0.0, x
        )[1], generator

    generators = []

    def traced(x):
        found, generator = draws(x)
        generators.append(generator)
        return found

    eager = host(draws(ops.convert_to_tensor(N))[0])
    assert len(np.unique(eager)) == eager.size
    run = compiled(traced, N)
    first, second = (host(run(ops.convert_to_tensor(N))) for _ in range(2))
    np.testing.assert_array_equal(first, eager)
    assert len(np.unique([first, second])) == 2 * eager.size


def test_members_of_an_arena_may_be_read_while_the_whole_is_assigned():
    a, b = Variable(np.array([1.0, 2.0])), Variable(np.asarray(3.0))
    flat = Arena([a, b], "both").flat

    def step(c, x):
        value = ops.sum(a) * b
        flat.assign(flat * 0.5 + x)
        return c + value, None

    run = compiled(lambda x: ops.scan(step, 0.0, x)[0], N)
    eager, total = np.array([1.0, 2, 3]), 0.0
    for x in N:
        total += eager[:2].sum() * eager[2]
        eager = eager * 0.5 + x
    np.testing.assert_allclose(run(N), total)
    np.testing.assert_allclose(flat.numpy(), eager)
    np.testing.assert_allclose(b.numpy(), eager[2])


def test_a_loop_in_a_loop_may_assign_a_variable(on):
    count = Variable(np.asarray(0.0))

    def inner(c, a):
        count.assign(count + a)
        return c + count, None

    def outer(c, row):
        got = ops.scan(inner, 0.0, row)[0]
        count.assign(count * 0.5)
        return c + got, count * 1.0

    x = ops.reshape(ops.convert_to_tensor(X), (5, 6))
    found = compiled(lambda x: ops.scan(outer, 0.0, x), X.reshape(5, 6))(x)
    state, total, collected = 0.0, 0.0, []
    for row in X.reshape(5, 6):
        for a in row:
            state += a
            total += state
        state *= 0.5
        collected.append(state)
    assert_close(found, (total, np.array(collected)), rtol=1e-10)
    np.testing.assert_allclose(count.numpy(), state)


# Structures, dtypes, messages


def test_a_python_number_takes_the_dtype_of_what_comes_back():
    expected = ops.scan(lambda c, a: (c + a, c), 0, N)
    found = compiled(lambda x: ops.scan(lambda c, a: (c + a, c), 0, x), N)(N)
    assert_close(found, expected)
    assert found[1].dtype == "float64"


def test_none_stays_none():
    def function(x):
        return ops.scan(lambda c, a: ((c[0] + a, None), None), (0.0, None), x)

    assert function(N)[0][1] is None
    (total, nothing), results = compiled(function, N)(N)
    assert (float(total), nothing, results) == (15.0, None, None)


def test_no_steps_leave_the_carry_and_empty_results(on):
    def function(x):
        return ops.scan(lambda c, a: (c + ops.sum(a), (a, c)), 1.5, x)

    empty = ops.convert_to_tensor(X[:0])
    expected = (1.5, (np.zeros((0, 2, 3)), np.zeros((0,))))
    assert_close(function(empty), expected)
    assert_close(compiled(function, X[:0])(empty), expected)


def test_lengths_must_agree():
    with pytest.raises(ShapeError, match=r"lengths \[4, 5\]"):
        ops.scan(lambda c, a: (c, None), 0.0, (N, N[:4]))
    with pytest.raises(ShapeError, match=r"lengths \[2, 5\]"):
        ops.scan(lambda c, a: (c, None), 0.0, N, length=2)
    with pytest.raises(ValueError, match="give length"):
        ops.scan(lambda c, a: (c, None), 0.0)
    with pytest.raises(ShapeError, match="first axis"):
        ops.scan(lambda c, a: (c, None), 0.0, 3.0)


def test_unroll_must_be_a_number_of_steps():
    with pytest.raises(ValueError, match="from 1 on"):
        ops.scan(lambda c, a: (c, None), 0.0, N, unroll=0)


def test_the_carry_must_keep_its_form():
    def traced(step):
        return trace(lambda x: ops.scan(step, ops.zeros(()), x), [spec_of(N)])

    with pytest.raises(ShapeError, match="A step of scan changes the shape"):
        traced(lambda c, a: (ops.stack([c, a]), None))
    with pytest.raises(DTypeError, match="expected: float64"):
        traced(lambda c, a: (ops.cast(c, "int32"), None))
    with pytest.raises(ValueError, match="one structure"):
        traced(lambda c, a: ((c, a), None))


def test_a_tensor_of_the_body_must_not_leave_it():
    kept = []

    def step(c, a):
        kept.append(a * 2)
        return c + a, None

    def function(x):
        last, _ = ops.scan(step, 0.0, x)
        return last + kept[0]

    with pytest.raises(ValueError, match="has left the loop"):
        compiled(function, N)


@pytest.mark.usefixtures("on_numpy")
def test_an_error_in_a_step_names_the_operation():
    def function(table):
        def step(c, i):
            return c + ops.take(table, i), None

        return ops.scan(step, 0.0, np.array([0, 9], np.int32))[0]

    run = compiled(function, N)
    with pytest.raises(IndexError) as caught:
        run(N)
    assert any("gather" in note for note in caught.value.__notes__)


def test_the_interpreter_finds_what_is_not_finite_in_a_step():
    def function(x):
        return ops.scan(lambda c, a: (c + ops.log(a), None), 0.0, x)[0]

    with (
        load_backend("numpy").execution_scope(),
        pytest.raises(FloatingPointError, match="log"),
    ):
        interpreted(function, N - 1)
