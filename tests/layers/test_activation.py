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


# layers with settings -----------------------------------------------------------------

X = np.array([[-2.0, -0.5, 0.0, 0.5, 3.0]], "float32")


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda: layers.ReLU(), [0, 0, 0, 0.5, 3]),
        (lambda: layers.ReLU(max_value=1.0), [0, 0, 0, 0.5, 1]),
        (lambda: layers.ReLU(negative_slope=0.5), [-1, -0.25, 0, 0.5, 3]),
        (lambda: layers.ReLU(threshold=1.0), [0, 0, 0, 0, 3]),
        (lambda: layers.LeakyReLU(), [-0.6, -0.15, 0, 0.5, 3]),
        (lambda: layers.LeakyReLU(0.5), [-1, -0.25, 0, 0.5, 3]),
        (lambda: layers.ELU(alpha=2.0), [*2 * np.expm1([-2, -0.5]), 0, 0.5, 3]),
        (lambda: layers.PReLU(alpha_initializer="ones"), X[0]),
        (lambda: layers.Softmax(), np.exp(X[0]) / np.exp(X[0]).sum()),
    ],
)
def test_activations_with_settings(layer, expected):
    y = ops.convert_to_numpy(layer()(X))
    np.testing.assert_allclose(y[0], expected, rtol=1e-5, atol=1e-6)


def test_softmax_leaves_out_what_a_mask_does():
    mask = np.array([[True, True, False, False, True]])
    y = ops.convert_to_numpy(layers.Softmax()(X, mask=mask))
    kept = np.exp(X[0, mask[0]])
    np.testing.assert_allclose(y[mask], kept / kept.sum(), rtol=1e-5)
    assert (y[~mask] == 0).all()


def test_prelu_learns_a_slope_for_each_unshared_place():
    layer = layers.PReLU(shared_axes=[1])
    layer.build((None, 4, 3))
    assert layer.alpha.shape == (1, 3)
    with pytest.raises(ValueError, match=r"must know the lengths(.|\n)*share the axes"):
        layers.PReLU().build((None, None, 3))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ReLU", {"max_value": -1.0}),
        ("ReLU", {"negative_slope": None}),
        ("ReLU", {"threshold": -1.0}),
        ("LeakyReLU", {"negative_slope": -0.1}),
    ],
)
def test_settings_are_not_negative(name, arguments):
    (setting,) = arguments
    with pytest.raises(ValueError, match=f"cannot use this {setting}"):
        getattr(layers, name)(**arguments)


def test_the_older_name_of_the_slope_is_understood():
    assert layers.LeakyReLU(alpha=0.2).negative_slope == 0.2
