"""What settings and calls of Keras 2 say in the words of Keras 3."""

import numpy as np
import pytest

from kerasish import activations
from kerasish.saving.old_calls import is_old_tensor, modern_argument, old_call
from kerasish.saving.old_layers import (
    is_version_2,
    keep_old_meanings,
    modern_layer,
)


def held(class_name, **config):
    return {"class_name": class_name, "config": {"name": "a", **config}}


@pytest.mark.parametrize(
    ("class_name", "dead"),
    [
        ("LSTM", {"implementation": 2}),
        ("SeparableConv2D", {"kernel_initializer": None, "groups": 1}),
        ("DepthwiseConv2D", {"filters": None, "kernel_regularizer": None}),
        ("Conv2DTranspose", {"groups": 1}),
        ("SpatialDropout1D", {"noise_shape": None}),
        ("MultiHeadAttention", {"query_shape": [None, 3], "key_shape": None}),
    ],
)
def test_settings_without_a_meaning_are_dropped(class_name, dead):
    modern = modern_layer(held(class_name, units=3, **dead))
    assert modern["config"] == {"name": "a", "units": 3}


def test_settings_that_mean_something_stay():
    modern = modern_layer(held("Conv2DTranspose", groups=2))
    assert modern["config"]["groups"] == 2
    assert modern_layer(held("Dense", implementation=2)) == held(
        "Dense", implementation=2
    )


def test_states_become_an_argument():
    layer = held("LSTM")
    layer["inbound_nodes"] = [[["x", 0, 0, {}], ["h", 0, 0, {}], ["c", 0, 1, {}]]]
    call = modern_layer(layer)["inbound_nodes"][0]
    assert [t["config"]["keras_history"] for t in call["args"]] == [["x", 0, 0]]
    states = call["kwargs"]["initial_state"]
    assert [t["config"]["keras_history"] for t in states] == [["h", 0, 0], ["c", 0, 1]]
    assert call["is_old"]


def test_the_hard_sigmoid_of_keras_2_keeps_its_slope():
    old = keep_old_meanings(held("LSTM", recurrent_activation="hard_sigmoid"))
    function = activations.get(old["config"]["recurrent_activation"])
    x = np.linspace(-4, 4, 9, dtype="float32")
    np.testing.assert_allclose(function(x), np.clip(x / 5 + 0.5, 0, 1), atol=1e-7)
    layer = held("Dense", name="hard_sigmoid", activation="relu")
    assert keep_old_meanings([layer]) == [layer]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("2.15.0", True), ("1.2", True), ("3.15.1", False), (None, False), (2, False)],
)
def test_versions(version, expected):
    assert is_version_2(version) is expected


def test_tensors_as_keras_2_wrote_them():
    assert is_old_tensor(["a", 0, 1])
    assert is_old_tensor(["a", 0, 1, {}])
    assert not any(map(is_old_tensor, (["a", 0], [0, 0, 0], ["a", "b", "c"], "a", {})))
    tensor = modern_argument([["a", 0, 1], 5])
    assert tensor[0]["config"]["keras_history"] == ["a", 0, 1]
    assert tensor[1] == 5


def test_the_keyword_arguments_of_a_call_stand_beside_its_first_tensor():
    tensors, kwargs = old_call([["a", 0, 0, {"value": ["b", 1, 0], "causal": True}]])
    assert len(tensors) == 1
    assert kwargs["causal"] is True
    assert kwargs["value"]["config"]["keras_history"] == ["b", 1, 0]
