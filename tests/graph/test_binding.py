"""Binding: arrays and calls are made once, and an error names its tensor."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import load_backend
from kerasish.graph.binding import Binding, Pool, Program
from kerasish.graph.plan import Slot, make_plan
from kerasish.graph.replay import prepare
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import scope, trace

VECTOR = Spec((3,), "float64")


@pytest.fixture
def backend():
    return load_backend("numpy")


def plan_of(function, backend, *specs):
    return make_plan(prepare(trace(function, specs), backend))


def pool_for(plan, backend):
    return Pool(backend, backend.empty((plan.num_bytes,), "uint8"))


def test_one_place_is_one_array(backend):
    pool = Pool(backend, backend.empty((256,), "uint8"))
    first = pool.slot(Slot(64, (2,), "float64"))
    assert pool.slot(Slot(64, (2,), "float64")) is first
    assert pool.slot(Slot(64, (4,), "float32")) is not first
    first[...] = 1.5
    assert pool.slot(Slot(64, (1, 2), "float64")).tolist() == [[1.5, 1.5]]


@pytest.mark.usefixtures("on_numpy")
def test_a_plan_runs_on_the_arrays_it_is_bound_to(backend):
    plan = plan_of(lambda x: ops.exp(ops.transpose(x)) + 1.0, backend, VECTOR)
    x = backend.from_host(np.zeros(3))
    binding = Binding(plan, pool_for(plan, backend), [x])
    binding.program()
    (output,) = plan.graph.outputs
    assert backend.to_host(binding.array(output)).tolist() == [2, 2, 2]
    backend.copy(x, backend.from_host(np.ones(3)))
    binding.program()
    found = backend.to_host(binding.array(output))
    np.testing.assert_allclose(found, np.e + 1)


def test_bound_again_it_shares_what_is_equal(backend):
    plan = plan_of(lambda x, y: ops.sin(ops.exp(x)) * y, backend, VECTOR, VECTOR)
    pool = pool_for(plan, backend)
    x, y, z = np.zeros(3), np.ones(3), np.full(3, 2.0)
    first = Binding(plan, pool, [x, y]).program.calls
    second = Binding(plan, pool, [x, z]).program.calls
    assert first[:2] == second[:2]
    assert first[2] is not second[2]


def test_a_pool_keeps_the_arrays_it_knows_by_identity(backend):
    plan = plan_of(lambda x: ops.exp(x), backend, VECTOR)
    pool, calls = pool_for(plan, backend), set()
    for value in range(20):  # were one let go, the next could take its number
        (call,) = Binding(plan, pool, [np.full(3, value)]).program.calls
        calls.add(call)
    assert len(calls) == 20


def test_an_error_names_the_tensor_and_its_layer(backend):
    def function(x, i):
        with scope("model"), scope("embedding"):
            return ops.take(ops.exp(x), i)

    plan = plan_of(function, backend, VECTOR, Spec((), "int32"))
    arrays = [np.zeros(3), np.array(7, "int32")]
    program = Binding(plan, pool_for(plan, backend), arrays).program
    with pytest.raises(IndexError) as caught:
        program()
    (note,) = caught.value.__notes__
    assert "gather" in note
    assert "'model/embedding'" in note


def test_programs_are_joined():
    done = []
    one, other = Program(load_backend("numpy")), Program(load_backend("numpy"))
    one.add(None, lambda: done.append(1))
    other.add(None, lambda: done.append(2))
    one.extend(other)
    one()
    assert done == [1, 2]
    assert one.origins == [None, None]
