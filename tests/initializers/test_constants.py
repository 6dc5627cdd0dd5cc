"""Zeros, ones, constants and identities."""

import numpy as np
import pytest

from kerasish import initializers
from kerasish.errors import ShapeError
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)


def test_zeros_and_ones():
    np.testing.assert_array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.Ones()((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("value", [2.5, [1.0, 2.0, 3.0], np.arange(3), [[4], [5]]])
def test_constant_broadcasts(value):
    expected = np.broadcast_to(value, (2, 3))
    np.testing.assert_array_equal(initializers.Constant(value)((2, 3)), expected)


def test_constant_values_can_be_written_to():
    values = initializers.Constant(1.0)((3,))
    values[0] = 5.0
    np.testing.assert_array_equal(initializers.Constant(1.0)((3,)), [1.0, 1.0, 1.0])


def test_constant_says_what_does_not_fit():
    with pytest.raises(ShapeError, match=r"\(3, 2\) and a value of shape \(3,\)"):
        initializers.Constant([1, 2, 3])((3, 2))


@pytest.mark.parametrize("dtype", ["float64", "int32"])
def test_constant_arrays_are_written_as_keras_does(dtype):
    array = np.array([[1, 2], [3, 4]], dtype=dtype)
    initializer = initializers.Constant(array)
    assert initializer.get_config()["value"] == {
        "class_name": "__numpy__",
        "config": {"value": [[1, 2], [3, 4]], "dtype": dtype},
    }
    for again in (
        initializers.deserialize(initializers.serialize(initializer)),
        deserialize_keras_object(serialize_keras_object(initializer)),
    ):
        np.testing.assert_array_equal(again.value, array)
        assert again.value.dtype == array.dtype


def test_identity():
    expected = 2.0 * np.eye(3, 4)
    np.testing.assert_array_equal(initializers.Identity(2.0)((3, 4)), expected)
    assert initializers.Identity(2.0).get_config() == {"gain": 2.0}


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2)])
def test_identity_wants_a_matrix(shape):
    with pytest.raises(ShapeError, match="two axes"):
        initializers.Identity()(shape)
