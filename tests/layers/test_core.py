"""The densely connected layer."""

import numpy as np
import pytest

from kerasish import layers, ops, regularizers
from kerasish.errors import ShapeError


def host(value):
    return ops.convert_to_numpy(value)


def built(units=3, shape=(None, 4), **arguments):
    layer = layers.Dense(units, name="d", **arguments)
    layer.build(shape)
    return layer


def test_it_is_a_product_plus_a_bias(rng):
    layer = built()
    kernel, bias = rng.normal(size=(4, 3)), rng.normal(size=3)
    layer.set_weights([kernel, bias])
    x = rng.normal(size=(5, 4))
    np.testing.assert_allclose(host(layer(x)), x @ kernel + bias, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("lead", [(2,), (2, 3), (2, 3, 5), (0,)])
def test_it_works_on_the_last_axis(lead, rng):
    layer = built(units=2, use_bias=False)
    x = rng.normal(size=(*lead, 4))
    (kernel,) = layer.get_weights()
    result = host(layer(x))
    assert result.shape == (*lead, 2)
    np.testing.assert_allclose(result, x @ kernel, rtol=1e-5, atol=1e-6)
    assert layer.compute_output_shape((None, *lead, 4)) == (None, *lead, 2)


def test_activation_and_bias_initializer():
    layer = built(activation="relu", bias_initializer="ones", kernel_initializer="ones")
    np.testing.assert_array_equal(
        host(layer([[1.0, 1.0, 1.0, 1.0], [-9.0, 0.0, 0.0, 0.0]])),
        [[5.0, 5.0, 5.0], [0.0, 0.0, 0.0]],
    )


def test_without_bias_there_is_one_weight():
    layer = built(use_bias=False)
    assert layer.bias is None
    assert [w.path for w in layer.weights] == ["d/kernel"]


def test_penalties_are_listed_for_trainable_weights():
    layer = built(
        kernel_initializer="ones",
        bias_initializer="ones",
        kernel_regularizer=regularizers.L2(0.5),
        bias_regularizer="l1",
    )
    np.testing.assert_allclose([float(p) for p in layer.losses], [6.0, 0.03])
    layer.trainable = False
    assert layer.losses == []


def test_whole_numbers_are_computed_as_floats():
    result = host(built(kernel_initializer="ones")(np.full((2, 4), 2)))
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, np.full((2, 3), 8.0))


@pytest.mark.parametrize("units", [0, -1, 2.0, "3", None])
def test_units_must_be_a_positive_integer(units):
    with pytest.raises(ValueError, match=r"'d' needs a positive number of units(.|\n)"):
        layers.Dense(units, name="d")


@pytest.mark.parametrize(
    ("argument", "value", "near"),
    [
        ("activation", "rleu", "relu"),
        ("kernel_initializer", "glorot_unifrm", "glorot_uniform"),
        ("bias_regularizer", "l3", "l2"),
        ("kernel_constraint", "max_nrm", "max_norm"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(argument, value, near):
    with pytest.raises(ValueError, match=f"'{value}'(.|\n)*did you mean .*'{near}'"):
        layers.Dense(3, **{argument: value})


def test_a_wrong_last_axis_names_the_layer_and_the_length():
    layer = built()
    with pytest.raises(ShapeError) as raised:
        layer(np.ones((2, 5)))
    text = str(raised.value)
    assert "Dense 'd' cannot take this input" in text
    assert "got:      shape (2, 5)" in text
    assert "expected: last axis of length 4" in text
    assert "fix:" in text


def test_a_single_sample_is_told_to_bring_a_batch_axis():
    with pytest.raises(ShapeError, match=r"at least 2 axes(.|\n)*x\[None\]"):
        layers.Dense(3)(np.ones(4))


def test_the_last_axis_must_be_known():
    with pytest.raises(ShapeError, match="must know the length of the last axis"):
        layers.Dense(3).build((None, None))
