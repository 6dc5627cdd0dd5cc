"""Replays: binding, threads, moved storage, errors, and no growth of memory."""

import gc
import threading
import tracemalloc

import numpy as np
import pytest

from kerasish import ops, random
from kerasish.backend import backend_scope, get_backend, load_backend
from kerasish.graph.replay import Executable, compile_graph, input_arrays
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import scope, trace
from kerasish.graph.variable import Arena, Variable
from tests.strict_backend import StrictBackend

VECTOR, MATRIX = Spec((3,), "float32"), Spec((4, 3), "float32")


def compiled(function, *specs, optimize=True):
    return compile_graph(trace(function, specs), get_backend(), optimize)


def floats(*values):
    return np.array(values, "float32")


def test_results_come_in_the_functions_structure():
    run = compiled(lambda x: {"b": (ops.exp(x), None), "a": [x]}, VECTOR)
    result = run(floats(0, 0, 0))
    assert result.keys() == {"b", "a"}
    assert result["b"][0].tolist() == [1, 1, 1]
    assert result["b"][1] is None
    assert result["a"][0].tolist() == [0, 0, 0]


def test_inputs_are_numbered_as_leaves():
    assert input_arrays([{"b": 1, "a": (2, None)}, 3]) == [2, 1, 3]


def test_a_result_without_steps():
    assert compiled(lambda: 1.5)().tolist() == 1.5


@pytest.mark.parametrize("optimize", [True, False])
def test_empty_arrays(optimize):
    run = compiled(
        lambda x: ops.concatenate([ops.exp(x), ops.sum(x, axis=0, keepdims=True)]),
        Spec((0, 3), "float32"),
        optimize=optimize,
    )
    assert run(np.zeros((0, 3), "float32")).tolist() == [[0, 0, 0]]


@pytest.mark.usefixtures("on_numpy")
def test_one_array_object_stands_for_one_place():
    run = compiled(lambda x: ops.tanh(ops.exp(ops.negative(x))), VECTOR)
    with run.replay() as replay:
        negative, exp, tanh = (replay.array(t) for t in run.plan.steps)
        assert negative is exp is tanh


# Threads


def test_one_executable_serves_many_threads():
    run = compiled(lambda x: ops.sum(ops.exp(ops.matmul(x, ops.transpose(x)))), MATRIX)
    data = [np.full((4, 3), i / 10, "float32") for i in range(8)]
    expected = [run(x) for x in data]
    wrong, start = [], threading.Barrier(8)

    def work(i):
        start.wait()
        for _ in range(50):
            if run(data[i]) != expected[i]:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(run._idle) <= 8


def test_a_replay_is_given_back_after_an_error():
    run = compiled(ops.exp, VECTOR)
    with pytest.raises(KeyError), run.replay():
        raise KeyError
    with run.replay() as first:
        pass
    with run.replay() as second:
        assert second is first


def test_replays_of_one_executable_have_memory_of_their_own():
    run = compiled(ops.negative, VECTOR)
    with run.replay() as first, run.replay() as second:
        first.inputs[0][:] = 1
        second.inputs[0][:] = 2
        first.run()
        second.run()
        assert first.outputs[0].tolist() == [-1, -1, -1]


# Storage that is replaced


def test_a_replay_follows_a_variable_into_an_arena():
    v, w = Variable(floats(1, 2, 3)), Variable(floats(4))
    run = compiled(lambda x: v.assign_add(x), VECTOR)
    run(floats(1, 1, 1))
    arena = Arena([v, w], "flat")
    run(floats(1, 1, 1))
    assert v.numpy().tolist() == [3, 4, 5]
    assert arena.flat.numpy().tolist() == [3, 4, 5, 4]


def test_a_borrowed_replay_follows_too():
    v = Variable(floats(1, 2, 3))
    run = compiled(lambda: v.assign_add(1))
    with run.replay() as replay:
        replay.run()
        Arena([v], "flat")
        replay.run()
    assert v.numpy().tolist() == [3, 4, 5]


def test_a_replay_survives_a_journey_of_its_variables():
    v = Variable(floats(1, 2, 3))
    run = compiled(lambda: v.assign_add(1))
    run()
    with backend_scope("strict"):
        assert v.numpy().tolist() == [2, 3, 4]
        v.assign([0, 0, 0])
    run()
    assert v.numpy().tolist() == [1, 1, 1]


def test_replaced_storage_of_others_binds_nothing_anew():
    v, other = Variable(floats(1, 2, 3)), Variable(floats(0))
    run = compiled(lambda: v.assign_add(1))
    with run.replay() as replay:
        calls = replay.calls
        Arena([other], "flat")
        replay.run()
        assert replay.calls is calls


def test_a_new_arena_is_noticed_by_a_plan_that_writes_the_old_one():
    v, w = Variable(floats(1)), Variable(floats(2))
    arena = Arena([v, w], "first")
    run = compiled(lambda: arena.flat.assign_add(1))
    run()
    Arena([w], "second")
    run()
    assert v.numpy().tolist() == [3]
    assert w.numpy().tolist() == [3]  # it has left the first arena


# Errors


@pytest.mark.usefixtures("on_numpy")
def test_an_error_names_the_operation_and_the_layer():
    def function(x, i):
        with scope("model"), scope("embedding"):
            return ops.take(ops.exp(x), i, axis=0)

    run = compiled(function, VECTOR, Spec((1,), "int32"))
    with pytest.raises(IndexError) as caught:
        run(floats(1, 2, 3), np.array([7], "int32"))
    (note,) = caught.value.__notes__
    assert note == "while computing <Tensor gather float32[1]> of 'model/embedding'"


@pytest.mark.usefixtures("on_numpy")
def test_an_executable_works_after_an_error():
    run = compiled(lambda x, i: ops.take(x, i), VECTOR, Spec((1,), "int32"))
    with pytest.raises(IndexError):
        run(floats(1, 2, 3), np.array([7], "int32"))
    assert run(floats(1, 2, 3), np.array([1], "int32")).tolist() == [2]


def test_the_number_of_arrays_must_fit():
    with pytest.raises(ValueError, match="argument"):
        compiled(ops.add, VECTOR, VECTOR)(floats(1, 2, 3))


# A backend that compiles whole graphs


def test_a_backend_may_compile_a_graph_itself():
    class Whole(StrictBackend):
        def compile(self, graph):
            return lambda *arrays: ("compiled", len(graph.outputs), arrays)

    graph = trace(ops.exp, [VECTOR])
    assert compile_graph(graph, Whole())(1) == ("compiled", 1, (1,))


def test_the_planner_is_the_default():
    assert isinstance(compiled(ops.exp, VECTOR), Executable)


# Memory


def training_step():
    weights = Variable(np.full((3, 3), 0.1, "float32"))
    generator = random.SeedGenerator(1)

    def step(x):
        hidden = random.dropout(ops.relu(ops.matmul(x, weights)), 0.5, seed=generator)
        share = ops.softmax(hidden)
        weights.assign_sub(0.01 * ops.matmul(ops.transpose(x), share))
        return ops.mean(ops.argmax(share, axis=1))

    return step


@pytest.mark.usefixtures("on_numpy")
def test_a_replay_allocates_no_more_than_its_first_run():
    run = compiled(training_step(), MATRIX)
    with run.replay() as replay:
        replay.inputs[0][...] = 0.5
        for _ in range(3):
            replay.run()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(200):
                replay.run()
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
    # bytes: half the smallest object for each run; the runner's threads allocate too
    assert grown < 4_800


@pytest.mark.parametrize("name", ["strict", "strict_fusing"])
def test_a_replay_makes_no_array(name):
    with backend_scope(name):
        strict = load_backend(name)
        run = compiled(training_step(), MATRIX)
        with run.replay() as replay:
            strict.upload(replay.inputs[0], np.full((4, 3), 0.5, "float32"))
            replay.run()
            made = strict.allocations, strict.transfers
            for _ in range(5):
                replay.run()
            assert (strict.allocations, strict.transfers) == made


def kept_by(call, times: int) -> int:
    """Return the bytes more in use after some calls than before."""
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(times):
            call()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("on_numpy")
def test_calls_in_a_loop_keep_nothing():
    run = compiled(lambda x: ops.exp(x), VECTOR)
    x = floats(1, 2, 3)
    for _ in range(3):
        run(x)
    # the runner's own threads allocate now and then: the least of three counts
    grown = min(kept_by(lambda: run(x), times=1000) for _ in range(3))
    assert grown < 24_000  # half the smallest object for each call
    assert len(run._idle) == 1


def test_too_large_a_plan_says_how_large_and_what_to_lower(monkeypatch):
    backend = load_backend("numpy")
    made = compile_graph(trace(lambda x: ops.sum(ops.exp(x), 0), [MATRIX]), backend)

    def full(self, shape, dtype):
        raise MemoryError("Unable to allocate")

    monkeypatch.setattr(type(backend), "empty", full)
    with pytest.raises(MemoryError, match=rf"{made.plan.num_bytes:,} bytes[^$]*batch"):
        made(np.ones(MATRIX.shape, "float32"))
