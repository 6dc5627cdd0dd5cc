"""Graphs inside steps: preparing them, planning them, reading what decides."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import backend_scope, load_backend
from kerasish.graph.binding import Pool
from kerasish.graph.body import Body, placeholder
from kerasish.graph.branch import BRANCH, WHILE
from kerasish.graph.nested import (
    ControlOp,
    Place,
    Prepared,
    nest,
    number_reader,
    step_needs,
)
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from tests.graph import shadow

VECTOR = Spec((3,), "float32")


@pytest.fixture(params=["numpy", "strict", "strict_fusing"])
def backend(request):
    with backend_scope(request.param) as chosen:
        yield chosen


def prepared(backend, *functions):
    """Return a body of one input with these outputs, prepared."""
    x = placeholder(VECTOR)
    body = Body([x], [function(x) for function in functions])
    return Prepared(prepare(body.closed(), backend), backend)


def test_results_are_computed_where_they_belong(backend):
    body = prepared(backend, lambda x: ops.exp(x) * 2, lambda x: x)
    planned = body.planned([0, 1])
    shadow.run(planned.plan)
    assert len(planned.plan.states) == 1  # the other is the input: it is copied
    assert len(planned.plan.copies) == 1
    targets = {p: backend.empty((3,), "float32") for p in (0, 1)}
    given = backend.from_host(np.ones(3, "float32"))
    pool = Pool(backend, backend.empty((planned.plan.num_bytes,), "uint8"))
    planned.bind(pool, [given], targets)()
    np.testing.assert_allclose(backend.to_host(targets[0]), 2 * np.e, rtol=1e-6)
    np.testing.assert_array_equal(backend.to_host(targets[1]), np.ones(3))


def test_a_plan_is_made_once_for_each_way_to_place_results():
    body = prepared(load_backend("numpy"), ops.exp, ops.sin)
    assert body.planned([0, 1]) is body.planned([0, 1])
    assert body.planned([0, 1]) is not body.planned([0, None])
    assert list(body.planned([0, None]).places) == [0]


def test_a_place_has_what_the_planner_asks_of_a_variable():
    place = Place(VECTOR)
    assert (place.shape, place.dtype, place.size, place.home) == (
        (3,),
        "float32",
        3,
        None,
    )


def branching(x):
    return ops.cond(x[0] > 0, lambda: ops.exp(x), lambda: x * 2)


def test_nesting_prepares_the_bodies_of_steps():
    backend = load_backend("numpy")
    graph = trace(branching, [VECTOR])
    seen = []

    def prepare_(inner):
        seen.append(inner)
        return inner

    nested = nest(graph, prepare_, backend)
    (node,) = [t for t in nested.nodes() if t.op is BRANCH]
    assert all(isinstance(b, Prepared) for b in node.attributes["branches"])
    assert [b.graph for b in node.attributes["branches"]] == seen
    before = next(t for t in graph.nodes() if t.op is BRANCH)
    assert all(isinstance(b, Body) for b in before.attributes["branches"])
    plain = trace(ops.exp, [VECTOR])
    assert nest(plain, prepare_, backend) is plain


def test_branches_share_their_memory(backend):
    def function(x):
        return ops.cond(
            x[0] > 0,
            lambda: ops.tanh(ops.matmul(ops.exp(x), ops.exp(x))),
            lambda: ops.sum(ops.cumsum(x)),
        )

    plan = compile_graph(trace(function, [VECTOR]), backend).plan
    (node,) = [t for t in plan.steps if t.op is BRANCH]
    (block,) = step_needs(backend)(node)
    sizes = [b.planned([0]).plan.num_bytes for b in node.attributes["branches"]]
    assert block == ((max(sizes),), "uint8")
    shadow.run(plan)


def test_operations_with_bodies_are_no_kernels(backend):
    for op in (BRANCH, WHILE):
        assert isinstance(op, ControlOp)
        assert op.is_several
        assert op.name not in backend.kernels


def test_the_number_that_decides_is_read_anew_each_time(backend):
    array = backend.from_host(np.array(3, "int32"))
    read = number_reader(backend, array)
    assert read() == 3
    backend.upload(array, np.array(5, "int32"))
    assert read() == 5
