"""Variables and arenas: values, assignment, copies, moves between backends."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import (
    backend_scope,
    get_backend,
    set_backend,
    set_floatx,
)
from kerasish.errors import DTypeError, ShapeError
from kerasish.graph.variable import Arena, Variable, storage_generation


def variable(*values, **settings):
    return Variable(np.array(values, "float32"), **settings)


# Making one


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1.5, "float32"),
        (np.float64(1.5), "float32"),
        (np.zeros(2), "float32"),
        (np.zeros(2, "float16"), "float16"),
        (3, "int32"),
        (np.int64(3), "int64"),
        (np.zeros(2, "uint32"), "uint32"),
        (True, "bool"),
    ],
)
def test_its_dtype_is_floatx_or_its_values_own(value, dtype):
    assert Variable(value).dtype == dtype


def test_a_dtype_given_wins():
    assert Variable(1.5, dtype="float64").dtype == "float64"
    assert Variable([1, 2], dtype="float16").dtype == "float16"


def test_floatx_is_read_when_it_is_made():
    set_floatx("float64")
    assert Variable(1.5).dtype == "float64"


def test_an_initializer_is_called_with_shape_and_dtype():
    asked = []

    def initializer(shape, dtype):
        asked.append((shape, dtype))
        return np.ones(shape, dtype)

    v = Variable(initializer, shape=[2, 3])
    assert asked == [((2, 3), "float32")]
    assert (v.shape, v.ndim, v.size) == ((2, 3), 2, 6)


def test_it_copies_what_it_is_made_from():
    array = np.zeros(2, "float32")
    v = Variable(array)
    array[:] = 1
    assert v.numpy().tolist() == [0, 0]


def test_it_can_be_made_from_another():
    assert Variable(variable(1, 2)).numpy().tolist() == [1, 2]


def test_text_is_refused():
    with pytest.raises((DTypeError, ValueError)):
        Variable("text")


def test_its_name_and_path():
    assert Variable(0.0).name == Variable(0.0).path == "variable"
    v = Variable(0.0, name="kernel", path="dense/kernel")
    assert (v.name, v.path, v.trainable) == ("kernel", "dense/kernel", True)
    assert "<Variable path=dense/kernel, float32[], value=0.0>" in repr(v)


# Assigning


def test_assign_sets_casts_and_returns_the_value():
    v = variable(1, 2)
    returned = v.assign([3, 4])
    assert v.numpy().tolist() == [3, 4]
    assert v.dtype == "float32"
    assert returned.tolist() == [3, 4]


def test_assign_add_and_sub():
    v = variable(1, 2)
    v.assign_add([1, 1])
    v.assign_sub(2)
    assert v.numpy().tolist() == [0, 1]


def test_assign_copies():
    v, array = variable(1, 2), np.array([3, 4], "float32")
    v.assign(array)
    array[:] = 0
    assert v.numpy().tolist() == [3, 4]


def test_assign_writes_into_the_same_array():
    v = variable(1, 2)
    array, generation = v.array, storage_generation()
    v.assign([3, 4])
    assert v.array is array
    assert storage_generation() == generation


def test_a_value_of_another_shape_is_refused():
    v = variable(1, 2, path="dense/bias")
    with pytest.raises(ShapeError) as caught:
        v.assign([1, 2, 3])
    text = str(caught.value)
    assert "Variable 'dense/bias' cannot be assigned this value." in text
    assert "got:      shape (3,)" in text
    assert "expected: shape (2,)" in text
    assert v.numpy().tolist() == [1, 2]


# What is handed out is a copy

HANDED_OUT = {
    "value": lambda v: v.value,
    "numpy": lambda v: v.numpy(),
    "convert_to_tensor": ops.convert_to_tensor,
    "convert_to_numpy": ops.convert_to_numpy,
    "np.asarray": np.asarray,
    "reshape to its shape": lambda v: ops.reshape(v, (2,)),
    "reshape": lambda v: ops.reshape(v, (2, 1)),
    "cast to its dtype": lambda v: ops.cast(v, "float32"),
    "transpose": ops.transpose,
    "sum over no axis": lambda v: ops.sum(v, axis=()),
    "item": lambda v: v[:],
    "copy": ops.copy,
    "stop_gradient": ops.stop_gradient,
    "concatenate": lambda v: ops.concatenate([v]),
}


@pytest.mark.parametrize("hand", HANDED_OUT.values(), ids=HANDED_OUT.keys())
def test_what_is_handed_out_does_not_change_with_it(hand):
    v = variable(1, 2)
    handed = hand(v)
    v.assign([3, 4])
    assert np.ravel(handed).tolist() == [1, 2]


@pytest.mark.parametrize("hand", HANDED_OUT.values(), ids=HANDED_OUT.keys())
def test_it_does_not_change_with_what_is_handed_out(hand):
    v = variable(1, 2)
    hand(v)[...] = 9
    assert v.numpy().tolist() == [1, 2]


# Python's view of it


def test_operators_and_numbers():
    v, w = Variable(3.0), variable(1, 2)
    assert float(v) == 3.0
    assert int(v) == 3
    assert bool(v)
    assert (w + 1).tolist() == [2, 3]
    assert (1 - w).tolist() == [0, -1]
    assert (w * w).tolist() == [1, 4]
    assert (np.ones(2, "float32") / w).tolist() == [1, 0.5]
    assert (-w).tolist() == [-1, -2]
    assert abs(-w).tolist() == [1, 2]
    assert (w > 1).tolist() == [False, True]
    assert (w @ w) == 5
    assert w[1] == 2
    assert np.asarray(w, dtype="float64").dtype == "float64"


def test_two_are_never_equal_and_can_be_keys():
    v, w = variable(1), variable(1)
    assert len({v, w}) == 2


# Moving between backends


@pytest.mark.usefixtures("on_numpy")
def test_it_moves_to_the_backend_in_force_when_used():
    v = variable(1, 2)
    with backend_scope("strict") as strict:
        assert type(v.array) is strict.array_type
        v.assign_add(1)
        assert v.numpy().tolist() == [2, 3]
    assert type(v.array) is np.ndarray
    assert v.numpy().tolist() == [2, 3]


def test_numpy_and_values_come_from_wherever_it_is():
    with backend_scope("strict"):
        v = variable(1, 2)
    assert v.numpy().tolist() == [1, 2]
    set_backend("strict")
    assert type(v.value) is get_backend().array_type


def test_a_move_is_counted():
    v = variable(1, 2)
    before = storage_generation()
    with backend_scope("strict"):
        assert v.array is v.array
        moved = storage_generation()
        assert moved > before
        assert v.array is v.array
        assert storage_generation() == moved


def test_a_device_array_becomes_a_variable_and_a_value():
    with backend_scope("strict") as strict:
        array = strict.from_host(np.array([1, 2], "float32"))
        v = Variable(array)
        v.assign(strict.from_host(np.array([3, 4], "float32")))
        assert v.numpy().tolist() == [3, 4]


# Arenas


@pytest.fixture
def trio():
    return [variable(1, 2), Variable(np.full((2, 2), 3, "float32")), Variable(4.0)]


def test_an_arena_keeps_the_values_side_by_side(trio):
    arena = Arena(trio, "adam/parameters")
    assert arena.flat.numpy().tolist() == [1, 2, 3, 3, 3, 3, 4]
    assert (arena.flat.path, arena.flat.shape) == ("adam/parameters", (7,))
    assert [v.numpy().tolist() for v in trio] == [[1, 2], [[3, 3], [3, 3]], 4]


def test_the_whole_and_its_members_are_one_memory(trio):
    arena = Arena(trio, "flat")
    trio[1].assign(np.zeros((2, 2)))
    assert arena.flat.numpy().tolist() == [1, 2, 0, 0, 0, 0, 4]
    arena.flat.assign(np.arange(7))
    assert [v.numpy().tolist() for v in trio] == [[0, 1], [[2, 3], [4, 5]], 6]


def test_making_an_arena_replaces_the_arrays(trio):
    before = storage_generation()
    Arena(trio, "flat")
    assert storage_generation() > before


def test_an_arena_moves_as_one(trio):
    arena = Arena(trio, "flat")
    with backend_scope("strict") as strict:
        assert type(trio[2].array) is strict.array_type
        trio[0].assign([8, 9])
        assert arena.flat.numpy().tolist() == [8, 9, 3, 3, 3, 3, 4]
    trio[2].assign(5)
    assert arena.flat.numpy().tolist() == [8, 9, 3, 3, 3, 3, 5]


def test_moving_the_whole_moves_the_members(trio):
    arena = Arena(trio, "flat")
    with backend_scope("strict"):
        arena.flat.assign(np.arange(7))
        assert trio[0].numpy().tolist() == [0, 1]


def test_an_arena_is_found_by_its_very_members(trio):
    arena = Arena(trio, "flat")
    assert Arena.of(trio) is arena
    assert Arena.of(trio[:2]) is None
    assert Arena.of(trio[::-1]) is None
    assert Arena.of([]) is None
    assert Arena.of([variable(1)]) is None


def test_variables_may_find_a_new_arena(trio):
    first = Arena(trio, "first")
    second = Arena(trio[:2], "second")
    trio[0].assign([7, 7])
    trio[2].assign(9)
    assert second.flat.numpy().tolist() == [7, 7, 3, 3, 3, 3]
    assert first.flat.numpy()[-1] == 9
    with backend_scope("strict"):  # the old arena must not take them along
        first.flat.assign(np.zeros(7))
        assert second.flat.numpy().tolist() == [7, 7, 3, 3, 3, 3]
        assert trio[0].numpy().tolist() == [7, 7]
        assert float(trio[2]) == 0


def test_an_arena_of_numbers_of_another_dtype():
    pair = [Variable(np.ones(2), dtype="float64"), Variable(2.0, dtype="float64")]
    assert Arena(pair, "flat").flat.dtype == "float64"


def test_an_arena_dies_with_its_variables():
    def made():
        pair = [variable(1), variable(2)]
        return weakref.ref(Arena(pair, "flat")), weakref.ref(pair[0])

    arena, member = made()
    gc.collect()
    assert arena() is None
    assert member() is None


def test_pickles_hold_host_arrays_and_no_backend(backend):
    variable = Variable(np.arange(3.0, dtype="float32"), name="v")
    held = pickle.dumps(variable)
    assert b"kerasish.graph" in held
    assert b"Backend" not in held
    with backend_scope("numpy"):
        loaded = pickle.loads(held)
        np.testing.assert_array_equal(loaded.numpy(), [0, 1, 2])
        loaded.assign([3, 4, 5])
    np.testing.assert_array_equal(variable.numpy(), [0, 1, 2])


def test_members_of_a_copied_arena_share_its_memory(backend):
    made = [Variable(np.full(2, i, "float32")) for i in range(3)]
    arena = copy.deepcopy(Arena(made, "arena"))
    assert arena.flat.numpy().tolist() == [0, 0, 1, 1, 2, 2]
    arena.flat.assign(np.arange(6))
    values = [variable.numpy().tolist() for variable in arena.variables]
    assert values == [[0, 1], [2, 3], [4, 5]]
    assert [v.numpy().tolist() for v in made] == [[0, 0], [1, 1], [2, 2]]


def test_a_shallow_copy_has_memory_of_its_own(backend):
    made = [Variable(np.full(2, i, "float32")) for i in range(2)]
    Arena(made, "arena")
    copied = copy.copy(made[1])
    copied.assign([7, 8])
    assert copied.numpy().tolist() == [7, 8]
    assert made[1].numpy().tolist() == [1, 1]


def test_an_initializer_may_be_named():
    found = Variable("ones", shape=(2,), dtype="int32")
    assert (found.dtype, found.numpy().tolist()) == ("int32", [1, 1])
    with pytest.raises(ValueError, match="initializer"):
        Variable("ons", shape=(2,))
