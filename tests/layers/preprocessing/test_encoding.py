"""CategoryEncoding: numbers that Keras 3.15.1 gives, use inside models, messages."""

import numpy as np
import pytest

from kerasish import layers, models, ops

PAIRS = np.array([[0, 1], [0, 0], [1, 2], [3, 1]])


def values(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(
    ("mode", "inputs", "expected"),
    [
        ("multi_hot", PAIRS, [[1, 1, 0, 0], [1, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1]]),
        ("count", PAIRS, [[1, 1, 0, 0], [2, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1]]),
        ("multi_hot", [0, 3], [1, 0, 0, 1]),
        ("multi_hot", [[0, 7, -1]], [[1, 0, 0, 0]]),
        ("one_hot", [3, 0], [[0, 0, 0, 1], [1, 0, 0, 0]]),
        ("one_hot", [[3], [0]], [[0, 0, 0, 1], [1, 0, 0, 0]]),
        ("one_hot", [[[0], [2]]], [[[1, 0, 0, 0], [0, 0, 1, 0]]]),
        ("multi_hot", [[1.0, 2.0]], [[0, 1, 1, 0]]),
    ],
)
def test_modes(mode, inputs, expected):
    layer = layers.CategoryEncoding(4, output_mode=mode)
    found = values(layer(inputs))
    assert found.tolist() == expected
    assert found.dtype == np.float32
    assert layer.compute_output_shape(np.shape(inputs)) == found.shape


def test_counts_may_be_weighted():
    weights = np.array([[0.1, 0.2], [0.1, 0.1], [0.2, 0.3], [0.4, 0.2]])
    layer = layers.CategoryEncoding(4, output_mode="count")
    found = values(layer(PAIRS, count_weights=weights))
    expected = [[0.1, 0.2, 0, 0], [0.2, 0, 0, 0], [0, 0.2, 0.3, 0], [0, 0.2, 0, 0.4]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_weights_go_with_counts():
    with pytest.raises(ValueError, match="has no use for count_weights"):
        layers.CategoryEncoding(4)(PAIRS, count_weights=np.ones((4, 2)))


def test_inside_a_model_it_is_traced(tmp_path):
    numbers = layers.Input((2,), dtype="int32")
    bags = layers.CategoryEncoding(4, output_mode="count")(numbers)
    model = models.Model(numbers, layers.Dense(1)(bags))
    model.compile("sgd", "mse")
    model.fit(PAIRS, np.ones(4), verbose=0)
    kernel, bias = model.get_weights()
    counts = [[1, 1, 0, 0], [2, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1]]
    found = model.predict(PAIRS, verbose=0)
    np.testing.assert_allclose(found, counts @ kernel + bias, rtol=1e-5)
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(PAIRS, verbose=0), found, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"needs the number of categories(.|\n)*IntegerLookup"),
        ({"num_tokens": 0}, "needs the number of categories"),
        ({"num_tokens": 3, "output_mode": "int"}, "output_mode of CategoryEncoding"),
        ({"num_tokens": 3, "sparse": True}, "cannot make sparse tensors"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.CategoryEncoding(**arguments)
