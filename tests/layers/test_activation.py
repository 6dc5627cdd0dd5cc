"""Activations as layers."""

import numpy as np
import pytest

from kerasish import activations, layers, ops


@pytest.mark.parametrize("activation", ["relu", activations.relu, "tanh", "linear"])
def test_it_applies_the_activation(activation):
    x = np.array([[-2.0, 0.0, 3.0]], "float32")
    expected = ops.convert_to_numpy(activations.get(activation)(x))
    result = ops.convert_to_numpy(layers.Activation(activation)(x))
    np.testing.assert_array_equal(result, expected)


def test_none_is_the_identity():
    np.testing.assert_array_equal(
        ops.convert_to_numpy(layers.Activation(None)([[1.0]])), [[1.0]]
    )


def test_whole_numbers_keep_their_dtype():
    result = ops.convert_to_numpy(layers.Activation("relu")(np.array([[-1, 2]])))
    np.testing.assert_array_equal(result, [[0, 2]])
    assert result.dtype.kind == "i"


def test_softmax_works_along_the_last_axis():
    result = layers.Activation("softmax")(np.zeros((2, 4)))
    np.testing.assert_allclose(ops.convert_to_numpy(result), np.full((2, 4), 0.25))


def test_its_name_goes_into_the_config():
    assert layers.Activation(activations.gelu).get_config()["activation"] == "gelu"
