"""`keras.layers.serialize` and `deserialize`: configs of layers and others."""

import json

import numpy as np
import pytest

from kerasish import layers, ops
from kerasish.errors import FileFormatError


class Doubled(layers.Layer):
    """A layer that nobody registered."""

    def __init__(self, times=2, **kwargs):
        super().__init__(**kwargs)
        self.times = times

    def call(self, inputs):
        return ops.multiply(inputs, self.times)


def test_a_config_is_json_with_keras_names():
    config = layers.serialize(layers.Dense(3, activation="relu", name="mine"))
    assert json.loads(json.dumps(config)) == config
    assert (config["module"], config["class_name"]) == ("keras.layers", "Dense")
    assert config["config"]["name"] == "mine"


def test_a_layer_comes_back():
    layer = layers.Dense(3, activation="relu", kernel_regularizer="l2", name="mine")
    again = layers.deserialize(layers.serialize(layer))
    assert type(again) is layers.Dense
    assert again.get_config() == layer.get_config()


def test_a_layer_of_ones_own_needs_to_be_made_known():
    config = layers.serialize(Doubled(times=3))
    with pytest.raises(FileFormatError, match="Unknown class 'Doubled'"):
        layers.deserialize(config)
    again = layers.deserialize(config, custom_objects={"Doubled": Doubled})
    y = ops.convert_to_numpy(again(np.ones((1, 2), "float32")))
    assert y.tolist() == [[3.0, 3.0]]


def test_configs_of_other_things_are_refused():
    config = {"module": "keras.initializers", "class_name": "Zeros", "config": {}}
    with pytest.raises(ValueError, match="not that of a layer"):
        layers.deserialize(config)
