"""IntegerLookup: numbers that Keras 3.15.1 gives, use inside models, messages."""

import numpy as np
import pytest

from kerasish import layers, models, ops

VALUES = np.array([[12], [3], [12], [3], [12], [-7]])


def values(tensor):
    return ops.convert_to_numpy(tensor)


def adapted(**arguments):
    layer = layers.IntegerLookup(**arguments)
    layer.adapt(VALUES)
    return layer


@pytest.mark.parametrize(
    ("arguments", "vocabulary"),
    [
        ({}, [-1, 12, 3, -7]),
        ({"mask_token": 0}, [0, -1, 12, 3, -7]),
        ({"max_tokens": 2}, [-1, 12]),
        ({"num_oov_indices": 2}, [-1, -1, 12, 3, -7]),
    ],
)
def test_the_most_frequent_come_first(arguments, vocabulary):
    assert adapted(**arguments).get_vocabulary() == vocabulary


@pytest.mark.parametrize(
    ("arguments", "inputs", "expected"),
    [
        ({}, [5, 6, 99], [1, 2, 0]),
        (
            {"num_oov_indices": 3, "mask_token": 0},
            [0, 5, 6, 1, 2, 3, 4, 100, -1],
            [0, 4, 5, 2, 3, 1, 2, 2, 3],
        ),
        (
            {"num_oov_indices": 4, "oov_method": "farmhash"},
            [1, 2, 3, 4, 100, -1],
            [1, 3, 1, 3, 3, 2],
        ),
        ({"invert": True}, [0, 1, 2, 7], [-1, 5, 6, -1]),
        ({"output_mode": "multi_hot"}, [5, 5, 7], [1, 1, 0]),
        ({"output_mode": "count"}, [5, 5, 7], [1, 2, 0]),
        ({"output_mode": "one_hot"}, [6, 7], [[0, 0, 1], [1, 0, 0]]),
    ],
)
def test_numbers_in_each_mode(arguments, inputs, expected):
    layer = layers.IntegerLookup(vocabulary=[5, 6], **arguments)
    assert values(layer(np.array(inputs))).tolist() == expected
    assert values(layer(inputs)).tolist() == expected


def test_numbers_of_any_size_and_order_are_found():
    tokens = [2**40, -(2**50), 7, 0, -1000, 123456789]
    layer = layers.IntegerLookup(vocabulary=tokens)
    x = np.array([*tokens, 8, 2**40 + 1])
    assert values(layer(x)).tolist() == [1, 2, 3, 4, 5, 6, 0, 0]


def test_inside_a_model_it_is_traced():
    numbers = layers.Input((2,), dtype="int64")
    found = layers.IntegerLookup(vocabulary=[5, 6, 9], output_mode="count")(numbers)
    assert found.shape == (None, 4)
    model = models.Model(numbers, ops.cast(found, "float32"))
    x = np.array([[5, 5], [9, 1]])
    assert model.predict(x, verbose=0).tolist() == [[0, 2, 0, 0], [1, 0, 0, 1]]


def test_it_feeds_an_embedding_inside_a_model(tmp_path):
    learnt = adapted(name="look", mask_token=0)
    model = models.Sequential(
        [
            layers.Input((1,), dtype="int64"),
            learnt,
            layers.Embedding(5, 2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    model.fit(VALUES, np.arange(6.0), verbose=0)
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    assert again.get_layer("look").get_vocabulary() == [0, -1, 12, 3, -7]
    np.testing.assert_allclose(
        again.predict(VALUES, verbose=0), model.predict(VALUES, verbose=0), rtol=1e-6
    )


def test_weights_come_from_the_data():
    layer = layers.IntegerLookup(output_mode="tf_idf")
    layer.adapt(np.array([[1, 2], [1, 3], [2, 2]]))
    found = values(layer(np.array([[1, 1], [9, 3]])))
    expected = [[0, 0, 1.3862943649, 0], [0.7675283552, 0, 0, 0.91629076]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_vocabulary_from_a_file(tmp_path):
    path = tmp_path / "numbers.txt"
    path.write_text("42\n-3\n", encoding="utf-8")
    layer = layers.IntegerLookup(vocabulary=str(path))
    assert values(layer([-3, 42, 1])).tolist() == [2, 1, 0]
    path.write_text("42\nx\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no vocabulary of whole numbers"):
        layers.IntegerLookup(vocabulary=str(path))


def test_unknown_values_need_a_place():
    layer = layers.IntegerLookup(vocabulary=[5], num_oov_indices=0, name="mine")
    assert values(layer([5])).tolist() == [0]
    with pytest.raises(ValueError, match=r"'mine' does not know a value(.|\n)*6"):
        layer([5, 6])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"oov_method": "floor"}, "did you mean 'floormod'"),
        ({"salt": 3}, "goes with a hash"),
        ({"vocabulary_dtype": "int32"}, "of dtype int64"),
        ({"vocabulary": [5, 5]}, "holds tokens twice"),
        ({"vocabulary": [5, -1], "invert": True}, "special token in the middle"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.IntegerLookup(**arguments)


def test_configs_come_back():
    layer = layers.IntegerLookup(vocabulary=[5, 6], mask_token=0, num_oov_indices=2)
    again = layers.deserialize(layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    assert values(again([0, 6, 7])).tolist() == values(layer([0, 6, 7])).tolist()
