"""The planner: no value is overwritten while it is needed, and memory is used again."""

import numpy as np
import pytest
from hypothesis import given

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.graph import memory
from kerasish.graph import plan as planning
from kerasish.graph.nested import step_needs
from kerasish.graph.pieces import num_bytes
from kerasish.graph.plan import make_plan, storage_of
from kerasish.graph.replay import prepare
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish.graph.variable import Arena, Variable
from tests.graph import shadow
from tests.graph.programs import State, graph_of, programs


def plan_of(graph, optimize=True):
    backend = get_backend()
    return make_plan(prepare(graph, backend, optimize), step_needs(backend))


def floats(*shape):
    return Spec(shape, "float32")


def plan(function, *specs, optimize=True):
    made = plan_of(trace(function, specs), optimize)
    shadow.run(made)
    return made


# Properties


@given(programs())
def test_no_value_is_overwritten_while_it_is_needed(program):
    shadow.run(plan_of(graph_of(program, State())))


@given(programs())
def test_nor_in_a_plan_that_was_not_simplified(program):
    shadow.run(plan_of(graph_of(program, State()), optimize=False))


@given(programs())
def test_the_block_is_no_larger_than_the_sum_and_no_smaller_than_the_bound(program):
    made = plan_of(graph_of(program, State()))
    scratch = [slot for slots in made.scratch.values() for slot in slots]
    sizes = [num_bytes(slot) for slot in (*made.slots.values(), *scratch)]
    assert made.num_bytes <= sum(memory.aligned(size) for size in sizes)
    assert made.bound <= made.num_bytes
    assert shadow.live_bytes(made) <= made.num_bytes


@given(programs())
def test_every_step_has_one_place_and_every_view_none(program):
    made = plan_of(graph_of(program, State()))
    for step in made.steps:
        assert (step in made.slots) != (step in made.states)
        assert step not in made.views
    assert len(set(made.steps)) == len(made.steps)


@given(programs())
def test_every_assignment_is_computed_in_place_or_copied(program):
    made = plan_of(graph_of(program, State()))
    copied = {variable for variable, _ in made.copies}
    in_place = set(made.states.values())
    assert copied | in_place == set(made.graph.writes)
    assert copied & in_place == set()


@given(programs())
def test_slots_are_aligned_but_for_parts(program):
    made = plan_of(graph_of(program, State()))
    for tensor, slot in made.slots.items():
        if tensor not in made.parts:
            assert slot.offset % memory.ALIGNMENT == 0


# Views


def test_reshapes_transposes_and_slices_take_no_step():
    def function(x):
        return ops.negative(ops.transpose(ops.reshape(x, (2, 6))[:1]))

    made = plan(function, floats(3, 4))
    assert [t.op.name for t in made.steps] == ["negative"]
    assert len(made.views) == 3


def test_reshape_of_what_is_not_contiguous_is_a_step():
    made = plan(lambda x: ops.reshape(ops.transpose(x), (12,)), floats(3, 4))
    assert [t.op.name for t in made.steps] == ["reshape_to"]


def test_reshape_of_leading_rows_is_a_view():
    made = plan(lambda x: ops.reshape(x[1:3], (8,)), floats(5, 4))
    assert made.steps == []


def test_reshape_of_every_other_row_is_a_step():
    made = plan(lambda x: ops.reshape(x[::2], (12,)), floats(5, 4))
    assert [t.op.name for t in made.steps] == ["reshape_to"]


def test_reshape_of_some_columns_is_a_step():
    made = plan(lambda x: ops.reshape(x[:, 1:], (15,)), floats(5, 4))
    assert [t.op.name for t in made.steps] == ["reshape_to"]


def test_reshape_of_a_repeated_value_is_a_step():
    made = plan(lambda x: ops.reshape(ops.broadcast_to(x, (2, 3)), (6,)), floats(3))
    assert [t.op.name for t in made.steps] == ["reshape_to"]


def test_a_part_of_a_value_without_axes_is_a_view():
    made = plan(lambda x: ops.reshape(ops.flip(x), (1,)), floats(), optimize=False)
    assert made.steps == []


# In place


def test_a_chain_of_elementwise_steps_needs_one_buffer():
    made = plan(lambda x: ops.exp(ops.tanh(ops.negative(x))), floats(100))
    assert len({slot.offset for slot in made.slots.values()}) == 1
    assert made.num_bytes == memory.aligned(400)


@pytest.mark.usefixtures("on_numpy")
def test_an_operand_that_is_read_again_is_kept():
    def function(x):
        y = ops.exp(x)
        return ops.add(ops.negative(y), y)

    made = plan(function, floats(100))
    exp, negative, _ = made.steps
    assert made.slots[exp].offset != made.slots[negative].offset


def test_a_result_lies_on_a_reshaped_operand():
    made = plan(lambda x: ops.exp(ops.reshape(ops.tanh(x), (4, 3))), floats(3, 4))
    assert made.num_bytes == memory.aligned(48)


def test_a_result_does_not_lie_on_a_transposed_operand():
    def function(x):
        y = ops.tanh(x)
        return ops.add(y, ops.transpose(y))

    made = plan(function, floats(3, 3))
    tanh, add = made.steps
    assert made.slots[tanh].offset != made.slots[add].offset


def test_a_result_does_not_lie_on_a_smaller_operand():
    made = plan(lambda x, y: ops.add(ops.tanh(x), y), floats(3), floats(4, 3))
    tanh, add = made.steps
    assert made.slots[tanh].offset != made.slots[add].offset


@pytest.mark.usefixtures("on_numpy")
def test_a_result_of_another_width_does_not_lie_on_its_operand():
    made = plan(lambda x: ops.cast(ops.tanh(x), "float64"), floats(64))
    tanh, cast = made.steps
    assert made.slots[tanh].offset != made.slots[cast].offset


@pytest.mark.usefixtures("on_numpy")
def test_a_result_does_not_lie_on_a_kept_operand():
    def function(x, y, z):
        return ops.where(ops.greater(x, 0), ops.tanh(y), ops.exp(z))

    made = plan(function, *[floats(64)] * 3)
    places = {t.op.name: made.slots[t].offset for t in made.steps}
    assert places["select"] == places["exp"]
    assert places["select"] not in (places["greater"], places["tanh"])


def test_inputs_and_constants_are_never_written():
    made = plan(lambda x: ops.negative(x), floats(5))
    assert set(made.slots) == set(made.steps)
    made = plan(lambda x: ops.add(x, [1.0, 2.0]), floats(2))
    assert set(made.slots) == set(made.steps)


# Variables


def variable(*shape, name="v"):
    return Variable(np.zeros(shape, "float32"), name=name)


def test_an_update_is_computed_in_its_variable():
    v = variable(4)

    def function(x):
        v.assign_add(x)

    made = plan(function, floats(4))
    assert list(made.states.values()) == [v]
    assert made.copies == []
    assert made.num_bytes == 0


def test_what_is_read_later_is_not_overwritten():
    v = variable(8)

    def function(x):
        old = ops.convert_to_tensor(v)
        v.assign_add(x)
        return ops.exp(old)

    made = plan(function, floats(8))
    assert [v for v, _ in made.copies] == [v]


def test_numbers_made_of_variables_come_first():
    rate, weights = variable(1), variable(8)

    def function(x):
        total = ops.sum(x)
        weights.assign_sub(x * (rate * 2))
        rate.assign(rate + 1)
        return total

    made = plan(function, floats(8))
    names = [t.op.name for t in made.steps]
    assert names.index("reduce_sum") > names.index("add")
    assert made.copies == []


def test_an_update_of_a_turned_variable_is_copied():
    v = variable(3, 3)

    def function():
        v.assign(ops.add(v, ops.transpose(v)))

    made = plan(function)
    assert [v for v, _ in made.copies] == [v]


def test_a_value_of_two_variables_is_computed_in_one_and_copied_to_the_other():
    v, w = variable(4), variable(4)

    def function(x):
        y = ops.exp(x)
        v.assign(y)
        w.assign(y)

    made = plan(function, floats(4))
    assert list(made.states.values()) == [v]
    assert [target for target, _ in made.copies] == [w]


def test_an_output_that_is_assigned_too_is_copied():
    v = variable(4)

    def function(x):
        y = ops.exp(x)
        v.assign(y)
        return y

    made = plan(function, floats(4))
    assert [target for target, _ in made.copies] == [v]


def test_a_variable_returned_as_it_was_is_copied_only_if_it_is_written():
    v = variable(4)
    assert plan(lambda: ops.convert_to_tensor(v)).steps == []

    def function():
        old = ops.convert_to_tensor(v)
        v.assign_add(1)
        return old

    assert "copy" in [t.op.name for t in plan(function).steps]


def test_swapped_variables_go_through_copies():
    v, w = variable(4), variable(4)

    def function():
        old = ops.convert_to_tensor(v)
        v.assign(w)
        w.assign(old)

    made = plan(function)
    assert [t.op.name for t in made.steps] == ["copy", "copy"]


def test_a_member_of_an_arena_lies_in_the_arenas_memory():
    v, w = variable(2), variable(3)
    arena = Arena([v, w], "flat")
    assert storage_of(v) is storage_of(w) is storage_of(arena.flat) is arena.flat

    def function():
        arena.flat.assign(ops.multiply(arena.flat, 2))
        return ops.exp(ops.convert_to_tensor(w))

    plan(function)


def test_a_member_read_while_the_arena_is_written_is_not_overwritten():
    v, w = variable(2), variable(2)
    arena = Arena([v, w], "flat")

    def function():
        old = ops.convert_to_tensor(w)
        arena.flat.assign(ops.multiply(arena.flat, 2))
        return ops.exp(old)

    made = plan(function)
    assert [target for target, _ in made.copies] == [arena.flat]


# Concatenations


def test_parts_are_computed_where_they_are_joined():
    made = plan(
        lambda x, y: ops.concatenate([ops.exp(x), ops.tanh(y)]), *[floats(5)] * 2
    )
    joined = made.steps[-1]
    assert [made.parts[t] for t in made.steps[:2]] == [(joined, 0), (joined, 20)]
    assert planning.unplaced_parts(made, joined) == []


def test_reshaped_parts_too():
    def function(x, y):
        return ops.concatenate([ops.reshape(ops.exp(x), (6,)), ops.tanh(y)])

    made = plan(function, floats(2, 3), floats(5))
    assert len(made.parts) == 2


def test_parts_along_another_axis_are_not():
    def function(x, y):
        return ops.concatenate([ops.exp(x), ops.tanh(y)], axis=1)

    assert plan(function, *[floats(5, 2)] * 2).parts == {}


def test_inputs_and_assigned_values_are_copied_into_place():
    v = variable(5)

    def function(x, y):
        z = ops.tanh(y)
        v.assign(z)
        return ops.concatenate([x, ops.exp(y), z])

    made = plan(function, *[floats(5)] * 2)
    joined = next(t for t in made.steps if t.op.name == "concat")
    assert len(planning.unplaced_parts(made, joined)) == 2
    assert planning.has_parts(made, joined)


def test_a_part_that_is_joined_twice_is_copied_once():
    def function(x):
        y = ops.exp(x)
        return ops.concatenate([y, y])

    made = plan(function, floats(5))
    (slot,) = [slot for _, slot in planning.unplaced_parts(made, made.steps[-1])]
    assert slot.offset == made.slots[made.steps[-1]].offset + 20


def test_nothing_is_computed_over_a_joined_value_whose_part_is_read_later():
    def function(x, y):
        part = ops.exp(x)
        whole = ops.negative(ops.concatenate([part, ops.tanh(y)]))
        return whole, ops.square(part)

    plan(function, *[floats(5)] * 2)


def test_a_value_that_a_part_was_computed_from_is_not_lost():
    def function(x, y):
        first = ops.exp(x)
        return ops.concatenate([first, ops.add(first, y)]), first

    plan(function, *[floats(5)] * 2)


# Scratch


@pytest.mark.usefixtures("on_numpy")
def test_scratch_lies_apart_from_the_step_that_uses_it():
    made = plan(lambda x: ops.argmax(ops.exp(x), axis=1), floats(8, 50))
    (slots,) = made.scratch.values()
    assert [slot.dtype for slot in slots] == ["int64"]
