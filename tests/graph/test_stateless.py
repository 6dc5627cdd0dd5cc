"""Scopes in which variables hold other values, or are read in another dtype."""

import numpy as np
import pytest

from kerasish import StatelessScope, Variable, layers, ops
from kerasish.graph.stateless import (
    autocast_dtype,
    autocast_scope,
    current_stateless,
)


def test_assignments_stay_in_the_scope():
    v = Variable([1.0, 2.0], name="v")
    with StatelessScope([(v, ops.convert_to_tensor([5.0, 6.0]))]) as scope:
        np.testing.assert_array_equal(ops.convert_to_numpy(v.value), [5, 6])
        v.assign(v + 1)
        v.assign_add([1.0, 1.0])
        np.testing.assert_array_equal(ops.convert_to_numpy(ops.sum(v)), 15)
    np.testing.assert_array_equal(scope.get_current_value(v), [7, 8])
    np.testing.assert_array_equal(v.numpy(), [1, 2])


def test_what_was_not_changed_has_no_value_in_the_scope():
    v, w = Variable(1.0), Variable(2.0)
    with StatelessScope() as scope:
        scope.add_update((v, 3.0))
        assert float(ops.convert_to_numpy(v.value)) == 3.0
    assert scope.get_current_value(w) is None


def test_scopes_are_nested_and_leave_what_was_before():
    v = Variable(1.0)
    with StatelessScope([(v, 2.0)]) as outer:
        with StatelessScope([(v, 3.0)]) as inner:
            assert current_stateless() is inner
            v.assign(4.0)
        assert current_stateless() is outer
        assert float(ops.convert_to_numpy(v.value)) == 2.0
    assert current_stateless() is None


def test_an_error_leaves_the_scope():
    with pytest.raises(KeyError), StatelessScope():
        raise KeyError
    assert current_stateless() is None


def test_losses_are_collected_if_asked_for():
    class Penalized(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.sum(inputs))
            return inputs

    x = np.ones((2, 2), "float32")
    with StatelessScope(collect_losses=True) as scope:
        Penalized()(x)
    assert [float(loss) for loss in scope.losses] == [4.0]
    with StatelessScope() as scope:
        Penalized()(x)
    assert scope.losses == []


def test_float_variables_are_read_in_the_scope_s_dtype():
    v, count = Variable(1.5), Variable(3, dtype="int32")
    exact = Variable(1.5, autocast=False)
    with autocast_scope("float16"):
        assert autocast_dtype() == "float16"
        assert str(ops.convert_to_tensor(v).dtype) == "float16"
        assert str(ops.convert_to_tensor(exact).dtype) == "float32"
        assert str(ops.convert_to_tensor(count).dtype) == "int32"
        with autocast_scope(None):
            assert str(ops.convert_to_tensor(v).dtype) == "float32"
    assert autocast_dtype() is None
