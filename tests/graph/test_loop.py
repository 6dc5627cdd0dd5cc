"""Loops of known length: where a step's values lie, and how many calls are made."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.graph import loop
from kerasish.graph.gradient import gradient_graph
from kerasish.graph.loop import LOOP, Settings, slice_of
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from tests.graph import shadow

SCALAR, ROWS = Spec((), "float32"), Spec((6, 4), "float32")


def prepared(function, *specs):
    """Return the settings and layout of the one loop of a function."""
    graph = prepare(trace(function, specs), get_backend())
    (node,) = [t for t in graph.nodes() if t.op is LOOP]
    settings = Settings(**node.attributes)
    return settings, loop._layout(settings)


def scanning(step, init=lambda x: ops.zeros((4,))):
    return lambda x: ops.scan(step, init(x), x)


def test_a_carry_that_is_a_result_lies_in_the_result():
    settings, layout = prepared(scanning(lambda c, a: ((s := c + a), s)), ROWS)
    assert layout.places == [0, 0]
    assert layout.buffers == []
    assert settings.carries == 1


def test_a_carry_that_is_no_result_has_two_buffers():
    _, layout = prepared(scanning(lambda c, a: (c + a, a * 2.0)), ROWS)
    assert layout.places == [0, 1]
    assert layout.buffers == [((4,), "float32")] * 2


def test_a_carry_collected_on_entry_is_written_where_it_is_collected():
    _, layout = prepared(scanning(lambda c, a: (c * a, c)), ROWS)
    assert layout.places == [0, None]
    assert layout.histories == {0: 1}
    assert layout.buffers == []


def test_a_carry_that_no_step_changes_is_captured():
    function = scanning(lambda c, a: ((c[0], c[1] + c[0]), a), lambda x: (1.0, 2.0))
    settings, _ = prepared(function, ROWS)
    assert (settings.captured, settings.carries) == (1, 1)


def test_what_no_step_changes_is_computed_before_the_loop():
    def function(x, w):
        return ops.scan(lambda c, a: (c + a @ ops.exp(w), None), ops.zeros(4), x)

    graph = prepare(trace(function, [ROWS, Spec((4, 4), "float32")]), get_backend())
    (node,) = [t for t in graph.nodes() if t.op is LOOP]
    inside = {t.op.name for t in node.attributes["body"].graph.nodes()}
    assert "exp" not in inside
    assert [t.op.name for t in graph.nodes()].count("exp") == 1


def test_memory_of_a_step_is_scratch_of_the_loop():
    step = scanning(lambda c, a: (ops.tanh(ops.exp(c) * ops.sin(a) + c), None))
    run = compile_graph(trace(step, [ROWS]), get_backend())
    (node,) = [t for t in run.plan.steps if t.op is LOOP]
    block, *buffers = run.plan.scratch[node]
    assert block.dtype == "uint8"
    assert [(b.shape, b.dtype) for b in buffers] == [((4,), "float32")] * 2
    shadow.run(run.plan)


def test_a_bodys_own_plan_overwrites_nothing_that_is_needed():
    def loss(x):
        last, all_ = ops.scan(
            lambda c, a: ((s := ops.tanh(c * a) + ops.exp(c)), s * s), ops.ones(4), x
        )
        return ops.sum(last) + ops.sum(all_)

    graph = prepare(gradient_graph(loss, [ROWS], [0]), get_backend())
    loops = [t for t in graph.nodes() if t.op is LOOP]
    assert len(loops) == 2
    for node in loops:
        shadow.run(loop._layout(Settings(**node.attributes)).planned.plan)


def program_of(function, *specs):
    run = compile_graph(trace(function, specs), get_backend())
    with run.replay() as replay:
        (at,) = [i for i, t in enumerate(replay.origins) if t.op is LOOP]
        return replay.calls[at]


@pytest.mark.usefixtures("on_numpy")
def test_a_step_costs_its_operations_and_no_copies():
    program = program_of(scanning(lambda c, a: ((s := ops.sin(c * a)), s)), ROWS)
    names = [None if t is None else t.op.name for t in program.origins]
    # the last carry lies in the result; one copy hands it out
    assert names == ["multiply", "sin"] * 6 + [None]


@pytest.mark.usefixtures("on_numpy")
def test_calls_that_are_the_same_in_many_steps_are_made_once():
    def step(c, a):
        return ops.tanh(ops.exp(ops.sin(ops.cos(c * a)))), None

    program = program_of(scanning(step), Spec((50, 4), "float32"))
    assert len(program.calls) == 50 * 5
    # only the product reads a slice; the carry goes to and fro between two buffers,
    # and into the result at the end
    assert len({id(call) for call in program.calls}) == 50 + 3 + 3


def test_a_loop_with_many_steps_is_bound_three_times(monkeypatch):
    monkeypatch.setattr(loop, "MOST_CALLS", 20)
    step = scanning(lambda c, a: ((s := ops.sin(c * a)), s))
    _, layout = prepared(step, ROWS)
    assert not layout.is_long
    many = Spec((60, 4), "float32")
    _, layout = prepared(step, many)
    assert layout.is_long
    assert layout.buffers == [((4,), "float32")] * 5  # two outputs twice, one slice
    run = compile_graph(trace(step, [many]), get_backend())
    x = np.linspace(-1, 1, 240, dtype="float32").reshape(60, 4)
    last, all_ = run(x)
    expected, c = [], np.zeros(4, "float32")
    for row in x:
        c = np.sin(c * row)
        expected.append(c)
    np.testing.assert_allclose(all_, expected, rtol=1e-6)
    np.testing.assert_array_equal(last, all_[-1])


@pytest.mark.parametrize("reverse", [False, True])
def test_the_order_of_slices(reverse):
    order = Settings(None, 3, reverse, 0, 0).order()
    assert order == ([2, 1, 0] if reverse else [0, 1, 2])


def test_slices_are_views():
    x = np.arange(6.0).reshape(3, 2)
    part = slice_of(get_backend(), x, 1)
    part[...] = 7
    assert x[1].tolist() == [7, 7]
    assert slice_of(get_backend(), x[:, 0], 2).shape == ()


def test_a_sequence_may_lie_anyhow():
    def function(x):
        turned = ops.transpose(x)
        return ops.scan(lambda c, a: (c + a, a * 2.0), ops.zeros(6), turned)

    x = np.arange(24, dtype="float32").reshape(6, 4)
    last, all_ = compile_graph(trace(function, [ROWS]), get_backend())(x)
    np.testing.assert_array_equal(last, x.sum(1))
    np.testing.assert_array_equal(all_, 2 * x.T)
