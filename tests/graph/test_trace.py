"""Tracing: inputs, outputs, variables read and written, scopes, threads."""

import gc
import threading
import weakref

import numpy as np
import pytest

from kerasish import ops
from kerasish.graph.tensor import CONSTANT, READ, Spec, Tensor
from kerasish.graph.trace import (
    ancestors,
    current_trace,
    is_leaf,
    open_trace,
    scope,
    trace,
)
from kerasish.graph.variable import Arena, Variable

VECTOR = Spec((3,), "float32")


def variable(values=(1, 2, 3)):
    return Variable(np.array(values, "float32"))


def names(graph):
    return [t.op.name for t in graph.nodes()]


def test_a_graph_is_what_the_function_computed():
    graph = trace(lambda x, y: ops.exp(ops.add(x, y)), [VECTOR, VECTOR])
    assert names(graph) == ["input", "input", "add", "exp"]
    assert len(graph.inputs) == 2
    assert graph.outputs[0].shape == (3,)


def test_what_no_output_needs_is_not_in_it():
    def function(x):
        ops.exp(x)
        return ops.negative(x)

    assert names(trace(function, [VECTOR])) == ["input", "negative"]


def test_nodes_are_in_order_of_making():
    graph = trace(lambda x: ops.softmax(ops.sigmoid(x)), [VECTOR])
    numbers = [t.number for t in graph.nodes()]
    assert numbers == sorted(numbers)
    for node in graph.nodes():
        assert all(source.number < node.number for source in node.inputs)


def test_arguments_and_results_may_be_nested():
    def function(batch, unused):
        assert unused is None
        return {"b": batch["x"], "a": (ops.exp(batch["y"]), None)}

    graph = trace(function, [{"x": VECTOR, "y": Spec((2,), "int32")}, None])
    assert graph.structure == {"b": 1, "a": (0, None)}
    assert [t.dtype for t in graph.outputs] == ["float32", "float32"]
    assert graph.outputs[1] is graph.inputs[0]


def test_a_result_may_be_a_number_or_an_array():
    graph = trace(lambda: (1.5, np.ones(2, "float32")), [])
    assert [t.op for t in graph.outputs] == [CONSTANT, CONSTANT]


def test_a_function_without_result_is_fine():
    graph = trace(lambda x: None, [VECTOR])
    assert graph.outputs == ()
    assert graph.structure is None


def test_a_variable_is_read_once():
    v = variable()
    graph = trace(lambda: ops.add(ops.exp(v), v), [])
    assert list(graph.reads) == [v]
    assert [t.op for t in graph.nodes()].count(READ) == 1


def test_a_read_after_an_assignment_sees_the_new_value():
    v = variable()

    def function():
        v.assign(ops.exp(v))
        return ops.negative(v)

    graph = trace(function, [])
    assert graph.outputs[0].inputs[0] is graph.writes[v]


def test_the_last_assignment_counts():
    v = variable()

    def function():
        v.assign(ops.exp(v))
        v.assign(ops.tanh(v))

    graph = trace(function, [])
    assert graph.writes[v].op.name == "tanh"
    assert names(graph) == ["read", "exp", "tanh"]


def test_tracing_changes_no_variable():
    v = variable()
    trace(lambda: v.assign_add([1.0, 1.0, 1.0]), [])
    assert v.numpy().tolist() == [1, 2, 3]


def test_a_number_can_be_assigned_inside_a_trace():
    v = Variable(0.0)
    assert trace(lambda: v.assign(2), []).writes[v].op is CONSTANT


def test_scopes_nest_and_end():
    with open_trace() as opened, scope("model"):
        with scope("dense"):
            inner = ops.exp(Tensor(CONSTANT, (), {}, (), "float32"))
        outer = ops.exp(inner)
        assert opened.scope == "model"
    assert (inner.scope, outer.scope) == ("model/dense", "model")


def test_a_scope_outside_a_trace_does_nothing():
    with scope("nothing"):
        assert current_trace() is None


@pytest.mark.usefixtures("on_numpy")
def test_a_trace_ends_with_an_error():
    def broken(x):
        raise KeyError

    with pytest.raises(KeyError):
        trace(broken, [VECTOR])
    assert current_trace() is None
    assert type(ops.exp(np.ones(2, "float32"))) is np.ndarray


def test_a_trace_is_of_its_thread():
    seen = []
    with open_trace():
        thread = threading.Thread(target=lambda: seen.append(current_trace()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_an_inner_trace_has_state_of_its_own():
    v = variable()

    def outer(x):
        inner = trace(lambda y: ops.multiply(y, v), [VECTOR])
        assert list(inner.reads) == [v]
        return ops.exp(x)

    assert trace(outer, [VECTOR]).reads == {}


def test_no_global_graph_keeps_a_function_alive():
    def traced():
        v = variable()
        return trace(lambda x: ops.add(x, v), [VECTOR]), weakref.ref(v)

    graph, held = traced()
    kept = weakref.ref(graph)
    del graph
    gc.collect()
    assert kept() is None
    assert held() is None


def test_a_captured_array_is_a_copy():
    array = np.ones(3, "float32")
    graph = trace(lambda x: ops.add(x, array), [VECTOR])
    array[:] = 5
    (constant,) = (t for t in graph.nodes() if t.op is CONSTANT)
    assert constant.attributes["value"].tolist() == [1, 1, 1]


def test_ancestors_follow_the_parents_given():
    graph = trace(lambda x: ops.relu(x), [VECTOR])
    (relu,) = graph.outputs
    assert [t.op.name for t in ancestors([relu])] == ["input", "relu"]
    inside = ancestors([relu], lambda t: t.inputs if t is not relu else [t.expansion])
    assert "maximum" in [t.op.name for t in inside]


def test_leaves_are_what_no_operation_makes():
    graph = trace(lambda x: ops.add(x, variable()), [VECTOR])
    assert [is_leaf(t) for t in graph.nodes()] == [True, True, False]


# Arenas: the whole and its members are one memory


def arena_of_two():
    v, w = variable((1, 2)), variable((3, 4, 5))
    return v, w, Arena([v, w], "flat")


def test_a_member_read_after_the_whole_was_written_is_its_part():
    v, _, arena = arena_of_two()

    def function():
        arena.flat.assign(ops.exp(arena.flat))
        return ops.convert_to_tensor(v)

    graph = trace(function, [])
    assert graph.reads.keys() == {arena.flat}
    assert names(graph)[-2:] == ["slice_to", "reshape_to"]


def test_the_whole_read_after_a_member_was_written_holds_the_new_value():
    v, w, arena = arena_of_two()

    def function():
        v.assign(ops.exp(v))
        return ops.convert_to_tensor(arena.flat)

    graph = trace(function, [])
    assert graph.outputs[0].op.name == "concat"
    assert set(graph.reads) == {v, w}


def test_writing_the_whole_replaces_what_was_written_to_members():
    v, _, arena = arena_of_two()

    def function():
        v.assign(ops.exp(v))
        arena.flat.assign(ops.negative(arena.flat))

    assert list(trace(function, []).writes) == [arena.flat]


def test_writing_a_member_replaces_its_part_of_the_whole():
    v, _, arena = arena_of_two()

    def function():
        arena.flat.assign(ops.negative(arena.flat))
        v.assign(ops.exp(v))

    graph = trace(function, [])
    assert list(graph.writes) == [arena.flat]
    assert graph.writes[arena.flat].op.name == "concat"
