"""Normalizing layers that look at one sample: formulas, axes, groups, messages."""

import numpy as np
import pytest

from kerasish import layers, ops
from kerasish.errors import ShapeError
from kerasish.graph.masks import get_mask

RNG = np.random.default_rng(3)
X = RNG.normal(2.0, 3.0, size=(2, 3, 4)).astype("float32")


def values(tensor):
    return ops.convert_to_numpy(tensor)


def normalized(x, axes, epsilon=1e-3):
    x = x.astype("float64")
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon)


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), [2, 1]])
def test_layer_normalization_over_axes(axis):
    layer = layers.LayerNormalization(axis=axis)
    y = values(layer(X))
    axes = axis if isinstance(axis, int) else tuple(axis)
    np.testing.assert_allclose(y, normalized(X, axes), rtol=1e-4, atol=1e-5)
    lengths = [X.shape[axes]] if isinstance(axes, int) else [3, 4]
    assert list(layer.gamma.shape) == list(layer.beta.shape) == lengths


def test_layer_normalization_scales_and_shifts():
    layer = layers.LayerNormalization(epsilon=0.0)
    layer.build((None, 2))
    layer.set_weights([[2.0, 3.0], [0.5, -0.5]])
    y = values(layer(np.array([[1.0, 3.0]], "float32")))
    np.testing.assert_allclose(y, [[-1.5, 2.5]], rtol=1e-6)


def test_rms_scaling_divides_by_the_deviation_and_warns():
    with pytest.warns(UserWarning, match="use RMSNormalization"):
        layer = layers.LayerNormalization(rms_scaling=True)
    x = X.astype("float64")
    expected = x / np.sqrt(x.var(-1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(values(layer(X)), expected, rtol=1e-5)
    assert [w.name for w in layer.weights] == ["gamma"]


def test_rms_normalization_divides_by_the_root_mean_square():
    layer = layers.RMSNormalization(epsilon=0.01)
    layer.build((None, 4))
    layer.set_weights([[1.0, 2.0, 3.0, 4.0]])
    x = X.astype("float64")
    expected = x / np.sqrt((x**2).mean(-1, keepdims=True) + 0.01) * [1, 2, 3, 4]
    np.testing.assert_allclose(values(layer(X)), expected, rtol=1e-5)


@pytest.mark.parametrize("axis", [1, -1, (1, 2)])
def test_unit_normalization_gives_vectors_of_length_one(axis):
    y = values(layers.UnitNormalization(axis=axis)(X)).astype("float64")
    np.testing.assert_allclose((y**2).sum(axis), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.sign(y), np.sign(X))


def test_a_vector_of_zeros_stays_zero():
    y = values(layers.UnitNormalization()(np.zeros((1, 3), "float32")))
    np.testing.assert_array_equal(y, np.zeros((1, 3)))


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups_are_runs_of_channels(groups):
    layer = layers.GroupNormalization(groups=groups)
    y = values(layer(X)).reshape(2, 3, groups, 4 // groups)
    parts = X.reshape(2, 3, groups, 4 // groups)
    np.testing.assert_allclose(y, normalized(parts, (1, 3)), rtol=1e-4, atol=1e-5)


def test_minus_one_makes_each_channel_a_group():
    layer = layers.GroupNormalization(groups=-1, axis=1)
    np.testing.assert_allclose(values(layer(X)), normalized(X, 2), rtol=1e-4, atol=1e-5)
    assert layer.groups == 3
    assert layer.gamma.shape == (3,)


@pytest.mark.parametrize("groups", [0, -2, 1.5])
def test_the_number_of_groups_is_checked(groups):
    with pytest.raises(ValueError, match="needs a number of groups"):
        layers.GroupNormalization(groups=groups)


def test_groups_divide_the_channels():
    layer = layers.GroupNormalization(groups=3, name="norm")
    with pytest.raises(ShapeError, match=r"'norm'(.|\n)*4 channels, groups=3"):
        layer(X)


@pytest.mark.parametrize(
    "name", ["LayerNormalization", "RMSNormalization", "UnitNormalization"]
)
@pytest.mark.parametrize("axis", ["last", None, 1.5, [1, "a"]])
def test_axes_are_whole_numbers(name, axis):
    with pytest.raises(TypeError, match="cannot understand its axis"):
        getattr(layers, name)(axis=axis)


@pytest.mark.parametrize(
    "name", ["LayerNormalization", "RMSNormalization", "UnitNormalization"]
)
def test_axes_must_exist(name):
    with pytest.raises(ValueError, match="axis"):
        getattr(layers, name)(axis=5).compute_output_shape((None, 3))


def test_lengths_of_normalized_axes_must_be_known():
    with pytest.raises(ShapeError, match=r"'norm' must know the lengths(.|\n)*None"):
        layers.LayerNormalization(name="norm").build((None, None))


def test_masks_pass_through():
    x = np.array([[[1.0, 2.0], [0.0, 0.0]]], "float32")
    for layer in (
        layers.LayerNormalization(),
        layers.GroupNormalization(groups=1),
        layers.UnitNormalization(),
    ):
        y = layer(layers.Masking()(x))
        assert values(get_mask(y)).tolist() == [[True, False]]
