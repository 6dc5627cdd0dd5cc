"""Hashing and crossing: bins that Keras 3.15.1 finds, settings, messages."""

import numpy as np
import pytest

from kerasish import layers, ops
from kerasish.errors import DTypeError, ShapeError

LETTERS = ["A", "B", "C", "D", "E"]


def values(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(
    ("arguments", "inputs", "expected"),
    [
        ({"num_bins": 5}, LETTERS, [4, 3, 2, 0, 2]),
        ({"num_bins": 5}, [1, 2, 3, 4, -5], [4, 4, 1, 3, 1]),
        ({"num_bins": 5, "mask_value": ""}, ["", "B", "C"], [0, 1, 4]),
        ({"num_bins": 5, "salt": 133}, LETTERS, [4, 3, 2, 3, 2]),
        ({"num_bins": 5, "salt": [133, 137]}, LETTERS, [4, 0, 2, 2, 4]),
        (
            {"num_bins": 3, "output_mode": "one_hot"},
            ["A", "B"],
            [[0, 1, 0], [1, 0, 0]],
        ),
        (
            {"num_bins": 3, "output_mode": "multi_hot"},
            [["A", "B"], ["C", "C"]],
            [[1, 1, 0], [0, 1, 0]],
        ),
        (
            {"num_bins": 3, "output_mode": "count"},
            [["A", "B"], ["C", "C"]],
            [[1, 1, 0], [0, 2, 0]],
        ),
        ({"num_bins": 1}, LETTERS, [0, 0, 0, 0, 0]),
    ],
)
def test_bins(arguments, inputs, expected):
    layer = layers.Hashing(**arguments)
    for form in (inputs, np.array(inputs)):
        assert values(layer(form)).tolist() == expected
    shape = (None, *np.shape(inputs)[1:])
    assert layer.compute_output_shape(shape)[1:] == np.shape(expected)[1:]


def test_whole_numbers_are_hashed_as_their_decimals():
    layer = layers.Hashing(1000)
    assert values(layer([12, -3])).tolist() == values(layer(["12", "-3"])).tolist()


def test_numbers_of_bins_are_whole_and_rows_are_floats():
    assert values(layers.Hashing(3)(["A"])).dtype.kind == "i"
    rows = layers.Hashing(3, output_mode="one_hot")(["A"])
    assert values(rows).dtype == np.float32


@pytest.mark.parametrize(
    ("features", "num_bins", "expected"),
    [
        ((["A", "B", "A", "B", "A"], [101, 101, 101, 102, 102]), 5, [1, 4, 1, 1, 3]),
        ((["A", "B"], ["x", "y"], [7, -8]), 9, [5, 7]),
        (([["A"], ["B"]], [[101], [102]]), 5, [[1], [1]]),
    ],
)
def test_crossings(features, num_bins, expected):
    layer = layers.HashedCrossing(num_bins)
    arrays = tuple(np.array(feature) for feature in features)
    assert values(layer(arrays)).tolist() == expected


def test_crossings_as_rows():
    layer = layers.HashedCrossing(5, output_mode="one_hot")
    found = values(layer((["A", "B"], [101, 102])))
    assert found.tolist() == [[0, 1, 0, 0, 0], [0, 1, 0, 0, 0]]
    assert layer.compute_output_shape([(None, 1), (None, 1)]) == (None, 5)


@pytest.mark.parametrize("name", ["Hashing", "HashedCrossing"])
@pytest.mark.parametrize("mode", ["int", "one_hot"])
def test_configs_come_back(name, mode):
    layer = getattr(layers, name)(7, output_mode=mode)
    again = layers.deserialize(layers.serialize(layer))
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize("name", ["Hashing", "HashedCrossing"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_bins": 0}, "needs a number of bins"),
        ({"num_bins": None}, "needs a number of bins"),
        ({"num_bins": 3, "output_mode": "onehot"}, "did you mean 'one_hot'"),
        ({"num_bins": 3, "sparse": True}, "cannot make sparse tensors"),
        ({"num_bins": 3, "dtype": "float32"}, "numbers its bins with integers"),
    ],
)
def test_arguments_are_checked(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(layers, name)(**arguments)


@pytest.mark.parametrize("salt", ["x", [1], [1, 2, 3], 1.5])
def test_a_salt_is_one_integer_or_two(salt):
    with pytest.raises(ValueError, match="cannot use this salt"):
        layers.Hashing(3, salt=salt)


def test_features_to_cross_fit_each_other():
    layer = layers.HashedCrossing(5, name="mine")
    with pytest.raises(ValueError, match="'mine' crosses two features or more"):
        layer((["A"],))
    with pytest.raises(ShapeError, match=r"'mine' cannot cross(.|\n)*\(2,\), \(1,\)"):
        layer((["A", "B"], ["C"]))
    with pytest.raises(
        DTypeError, match=r"whole numbers and text(.|\n)*Discretization"
    ):
        layer((["A"], [0.5]))


def test_a_model_cannot_hold_it():
    tokens = layers.Input((1,), dtype="int32")
    with pytest.raises(DTypeError, match="works on the host only"):
        layers.Hashing(3)(tokens)
