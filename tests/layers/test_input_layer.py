"""Inputs and what they declare."""

import numpy as np
import pytest

import kerasish
from kerasish import layers
from kerasish.errors import DTypeError


def test_input_has_the_shape_with_a_free_batch_axis():
    tensor = layers.Input((3, 4))
    assert tensor.shape == (None, 3, 4)
    assert tensor.ndim == 3
    assert tensor.dtype == "float32"
    assert tensor.name == "input_layer"
    assert "shape=(None, 3, 4)" in repr(tensor)


def test_input_with_everything_said():
    tensor = layers.Input((3,), batch_size=2, dtype="int32", name="words")
    assert (tensor.shape, tensor.dtype, tensor.name) == ((2, 3), "int32", "words")
    assert layers.Input(batch_shape=(5, None)).shape == (5, None)
    assert layers.Input(()).shape == (None,)


def test_input_follows_floatx():
    kerasish.config.set_floatx("float64")
    assert layers.Input((3,)).dtype == "float64"


def test_config_has_the_keys_of_keras_files():
    layer = layers.InputLayer((3,), name="i")
    config = layer.get_config()
    assert config == {
        "batch_shape": (None, 3),
        "dtype": "float32",
        "sparse": False,
        "ragged": False,
        "name": "i",
        "optional": False,
    }
    again = layers.InputLayer.from_config(config)
    assert again.get_config() == config
    assert again.get_build_config() is None


def test_an_input_layer_hands_on_what_it_is_given():
    x = np.ones((2, 3))
    np.testing.assert_array_equal(layers.InputLayer((3,))(x), x)


@pytest.mark.parametrize(
    "arguments", [{}, {"shape": (3,), "batch_shape": (None, 3)}], ids=["none", "both"]
)
def test_the_shape_is_given_once(arguments):
    with pytest.raises(ValueError, match=r"needs its shape, once(.|\n)*fix:"):
        layers.Input(**arguments)


@pytest.mark.parametrize("shape", [(-1,), (2.5,), ("a",)])
def test_lengths_are_whole_numbers(shape):
    with pytest.raises(ValueError, match=r"This is no shape(.|\n)*expected: whole"):
        layers.Input(shape)
    with pytest.raises(ValueError, match="This is no shape"):
        layers.Dense(2, input_shape=shape)


def test_a_number_is_told_to_be_a_tuple():
    with pytest.raises(ValueError, match=r"fix: +shape=\(784,\)"):
        layers.Input(784)


@pytest.mark.parametrize("kind", ["sparse", "ragged"])
def test_there_are_no_sparse_tensors(kind):
    with pytest.raises(ValueError, match="Sparse and ragged inputs do not exist"):
        layers.Input((3,), **{kind: True})


def test_strings_are_looked_up_before_the_model():
    with pytest.raises(DTypeError, match="Strings cannot be fed to a model") as caught:
        layers.Input((1,), dtype="string")
    assert "StringLookup" in str(caught.value)
