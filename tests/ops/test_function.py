"""`Function`: what lies between symbolic tensors, as one operation."""

import numpy as np
import pytest

from kerasish import Function, Input, layers, ops


def test_it_computes_nested_outputs_of_nested_inputs():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    function = Function({"a": a, "b": b}, {"sum": a + b, "both": [a * b, a - b]})
    x, y = np.array([[1.0, 2.0]]), np.array([[3.0, 5.0]])
    found = function({"a": x, "b": y})
    np.testing.assert_array_equal(found["sum"], [[4, 7]])
    np.testing.assert_array_equal(found["both"][0], [[3, 10]])
    np.testing.assert_array_equal(found["both"][1], [[-2, -3]])


def test_it_is_called_on_symbols_too():
    x = Input((3,))
    function = Function(x, ops.sum(x, axis=-1), name="total")
    y = function(Input((3,)))
    assert y.shape == (None,)
    assert y._keras_history.operation is function


def test_shared_parts_are_computed_once():
    counted = []

    class Counting(layers.Layer):
        def call(self, inputs):
            counted.append(1)
            return inputs + 1

    x = Input((2,))
    shared = Counting()(x)
    counted.clear()
    function = Function(x, [shared * 2, shared * 3, shared])
    function(np.ones((1, 2), "float32"))
    assert len(counted) == 1


def test_operations_are_ordered_by_their_distance_from_the_outputs():
    x = Input((2,), name="x")
    early = layers.Dense(2, name="early")(x)
    late = layers.Dense(2, name="late")(layers.Dense(2, name="middle")(early))
    function = Function(x, layers.Add(name="sum")([late, early]))
    names = [operation.name for operation in function.operations]
    assert names == ["x", "early", "middle", "late", "sum"]
    assert [node.operation.name for node in function.nodes] == names[1:]


def test_it_may_begin_in_mid_graph():
    x = Input((2,))
    middle = x * 3
    function = Function(middle, middle + 1)
    np.testing.assert_array_equal(function(np.array([[1.0, 2.0]])), [[2, 3]])


def test_an_input_that_is_an_output():
    x = Input((2,))
    value = np.ones((1, 2))
    found = Function(x, [x, x + 1])(value)
    assert found[0] is value


def test_an_input_that_nothing_needs():
    x, y = Input((2,), name="x"), Input((2,), name="y")
    function = Function([x, y], x * 2)
    np.testing.assert_array_equal(function([np.ones((1, 2)), None]), [[2, 2]])
    assert {operation.name for operation in function.operations} >= {"x", "y"}


def test_a_missing_input_is_named():
    x, y = Input((2,), name="x"), Input((2,), name="y")
    with pytest.raises(ValueError, match="not among the model's inputs") as error:
        Function(x, x + y)
    assert "of 'y'" in str(error.value)
    assert "['x']" in str(error.value)


def test_two_layers_of_one_name():
    x = Input((2,))
    twice = layers.Dense(2, name="d")(layers.Dense(2, name="d")(x))
    with pytest.raises(ValueError, match="different name") as error:
        Function(x, twice)
    assert "2 layers called 'd'" in str(error.value)


def test_long_chains_need_no_deep_stack():
    x = y = Input((1,))
    for _ in range(1500):
        y = ops.negative(y)
    assert len(Function(x, y).nodes) == 1500
