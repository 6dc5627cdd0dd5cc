"""Layers inside layers: what a wrapper builds and keeps, and pipelines."""

import numpy as np
import pytest

from kerasish import layers, ops

X = np.array([[1.0, -2.0, 3.0]], "float32")


def values(tensor):
    return ops.convert_to_numpy(tensor)


class Twice(layers.Wrapper):
    """Applies its layer two times."""

    def call(self, inputs):
        return self.layer(self.layer(inputs))


def test_a_wrapper_builds_its_layer_and_has_its_weights():
    layer = Twice(layers.Dense(3, name="inside"), name="outside")
    y = layer(X)
    kernel, bias = layer.layer.get_weights()
    np.testing.assert_allclose(values(y), (X @ kernel + bias) @ kernel, rtol=1e-5)
    assert layer.layer.built
    assert [w.path for w in layer.weights] == [
        "outside/inside/kernel",
        "outside/inside/bias",
    ]


def test_a_wrapper_comes_back_from_its_config_with_a_new_layer():
    layer = Twice(layers.Dense(3, activation="relu"), name="outside")
    again = Twice.from_config(layer.get_config())
    assert again.name == "outside"
    assert again.layer is not layer.layer
    assert again.layer.get_config() == layer.layer.get_config()


def test_freezing_a_wrapper_freezes_its_layer():
    layer = Twice(layers.Dense(3))
    layer(X)
    layer.trainable = False
    assert layer.trainable_weights == []
    assert not layer.layer.trainable


@pytest.mark.parametrize("inside", [None, "dense", layers.Dense])
def test_a_wrapper_holds_a_layer(inside):
    with pytest.raises(ValueError, match=r"'outside' holds a layer(.|\n)*an instance"):
        Twice(inside, name="outside")


def test_a_pipeline_applies_its_layers_in_training_by_default():
    layer = layers.Pipeline([layers.Dropout(1.0), layers.Activation("sigmoid")])
    np.testing.assert_allclose(values(layer(X)), np.full((1, 3), 0.5))
    expected = 1 / (1 + np.exp(-X))
    np.testing.assert_allclose(values(layer(X, training=False)), expected, rtol=1e-6)


def test_a_pipeline_builds_its_layers_in_turn_and_comes_back():
    layer = layers.Pipeline([layers.Dense(4), layers.Dense(2)], name="line")
    assert layer(X).shape == (1, 2)
    assert layer.layers[1].kernel.shape == (4, 2)
    assert layer.compute_output_shape((None, 3)) == (None, 2)
    again = layers.Pipeline.from_config(layer.get_config())
    assert [x.units for x in again.layers] == [4, 2]


def test_a_pipeline_passes_masks_on():
    steps = np.array([[[1.0], [0.0]]], "float32")
    line = layers.Pipeline([layers.Masking(), layers.LSTM(2)])
    alone = line.layers[1](layers.Masking()(steps))
    np.testing.assert_allclose(values(line(steps)), values(alone), rtol=1e-6)


def test_a_pipeline_holds_layers():
    with pytest.raises(ValueError, match=r"'line' holds layers(.|\n)*Lambda"):
        layers.Pipeline([layers.Dense(2), np.tanh], name="line")
