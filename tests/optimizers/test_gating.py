import numpy as np
import pytest

import kerasish
from kerasish import ops
from kerasish.backend import get_backend
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish.graph.variable import Arena
from kerasish.optimizers.gating import run_if


def compiled(function):
    return compile_graph(trace(function, [Spec((), "float32")]), get_backend())


def variable(value):
    return kerasish.Variable(np.array(value, "float32"))


@pytest.mark.parametrize("make", [lambda f: f, compiled], ids=["eager", "traced"])
def test_assignments_are_made_where_the_condition_holds(make):
    counter, always = variable(0.0), variable(0.0)

    def step(x):
        always.assign_add(1.0)
        run_if(ops.greater(x, 0), lambda: counter.assign_add(x))
        return counter.value

    step = make(step)
    seen = [float(step(np.float32(x))) for x in (2.0, -1.0, 3.0)]
    assert seen == [2.0, 2.0, 5.0]
    assert float(always) == 3.0


@pytest.mark.parametrize("make", [lambda f: f, compiled], ids=["eager", "traced"])
def test_earlier_assignments_stay_and_conditions_nest(make):
    a, b = variable(1.0), variable(1.0)

    def inner(x):
        a.assign_add(10.0)
        run_if(ops.greater(x, 5), lambda: b.assign(a * 2.0))

    def step(x):
        a.assign(x)
        run_if(ops.greater(x, 0), lambda: inner(x))

    step = make(step)
    seen = []
    for x in (-1.0, 1.0, 6.0):
        step(np.float32(x))
        seen.append((float(a), float(b)))
    assert seen == [(-1.0, 1.0), (11.0, 1.0), (16.0, 32.0)]


def test_an_arena_and_its_members():
    members = [variable([1.0]), variable([2.0])]
    arena = Arena(members, "arena")

    def step(x):
        members[0].assign_add([1.0])
        run_if(ops.greater(x, 0), lambda: arena.flat.assign(arena.flat * 10.0))

    step = compiled(step)
    step(np.float32(-1.0))
    assert arena.flat.numpy().tolist() == [2.0, 2.0]
    step(np.float32(1.0))
    assert arena.flat.numpy().tolist() == [30.0, 20.0]
