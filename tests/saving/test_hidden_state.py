"""What our files hold beside what Keras knows."""

import h5py
import numpy as np
import pytest

from kerasish import Input, Sequential, layers, metrics, models
from kerasish.errors import FileFormatError
from kerasish.random import seed
from kerasish.saving.hidden_state import (
    assign_all,
    hidden_variables,
    read_hidden,
    read_training,
    write_hidden,
    write_training,
)

STATE = {
    "number": 3,
    "share": 0.1,
    "none": None,
    "truth": True,
    "text": "é",
    "large": 2**200,
    "deep": {"list": [np.arange(3, dtype="uint32"), {"a": np.ones((2, 2))}]},
    "scalar": np.float32(0.5),
}


@pytest.fixture
def root():
    """Return an empty HDF5 file in memory."""
    with h5py.File("x.h5", "w", driver="core", backing_store=False) as file:
        yield file


def dropping(seed=1):
    return Sequential([Input((4,)), layers.Dropout(0.5, seed=seed), layers.Dense(2)])


def remembering():
    shape = (2, 3, 4)
    return Sequential([Input(batch_shape=shape), layers.LSTM(5, stateful=True)])


class Counting(layers.Layer):
    """Counts the batches it has seen in training."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = metrics.Sum(name="seen")

    def call(self, inputs):
        return inputs


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_metrics_of_layers_come_back(tmp_path, ending):
    model = Sequential([Input((2,)), Counting(), layers.Dense(1)])
    model.layers[0].seen.update_state(7.0)
    path = tmp_path / f"m{ending}"
    model.save(path)
    loaded = models.load_model(path, custom_objects={"Counting": Counting})
    assert float(loaded.layers[0].seen.result()) == 7.0


def test_any_state_of_json_and_arrays_comes_back(root):
    write_training(root, STATE)
    found = read_training(root)
    array, inner = found["deep"]["list"]
    assert array.dtype == np.uint32
    np.testing.assert_array_equal(array, [0, 1, 2])
    np.testing.assert_array_equal(inner["a"], np.ones((2, 2)))
    assert found["scalar"] == 0.5
    plain = {key: found[key] for key in STATE if key not in ("deep", "scalar")}
    assert plain == {key: STATE[key] for key in plain}


def test_the_state_of_all_random_numbers_comes_back(root):
    write_training(root, seed.get_process_state())
    drawn = seed.draw_seed(), np.random.rand()
    seed.set_process_state(read_training(root))
    assert (seed.draw_seed(), np.random.rand()) == drawn


def test_without_a_state_there_is_none(root):
    assert read_training(root) is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1, 2}, r"\{1, 2\} of type set"),
        (np.array(["a"]), "of type ndarray"),
        (b"bytes", "of type bytes"),
        ({3: 4}, "a dict with the key 3"),
    ],
)
def test_what_cannot_be_written_is_told(root, value, message):
    with pytest.raises(TypeError, match=message) as error:
        write_training(root, {"a": [value]})
    assert "get_state()" in str(error.value)


def without_array(root):
    del root["_kerasish/training/0"]


def other_json(text):
    def change(root):
        del root["_kerasish/training/json"]
        data = np.frombuffer(text.encode(), np.uint8)
        root["_kerasish/training/json"] = data

    return change


@pytest.mark.parametrize(
    "damage",
    [
        without_array,
        other_json("{"),
        other_json("[1]"),
        other_json('{"a": {"__array__": 99}}'),
        other_json('{"a": {"__array__": "../../layers"}}'),
        other_json("[" * 5000),
    ],
)
def test_a_damaged_state_is_refused(root, damage):
    write_training(root, STATE)
    damage(root)
    with pytest.raises(FileFormatError):
        read_training(root)


@pytest.mark.parametrize("made", [dropping, remembering])
def test_variables_that_are_no_weights_come_back(root, made):
    model, other = made(), made()
    model(np.ones((2, 4) if made is dropping else (2, 3, 4), "float32"), training=True)
    assert hidden_variables(model)
    write_hidden(model, root)
    read_hidden(other, root)
    pairs = zip(hidden_variables(model), hidden_variables(other), strict=True)
    for one, two in pairs:
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_a_model_without_any_leaves_the_file_as_it_is(root):
    write_hidden(Sequential([Input((4,)), layers.Dense(2)]), root)
    assert list(root) == []


@pytest.mark.parametrize("change", ["other shape", "one more", "none"])
def test_variables_that_do_not_fit_are_left_alone(root, change):
    write_hidden(dropping(7), root)
    if change == "other shape":
        del root["_kerasish/variables/0"]
        root["_kerasish/variables/0"] = np.zeros(5, "uint32")
    elif change == "one more":
        root["_kerasish/variables/1"] = np.zeros(2, "uint32")
    else:
        del root["_kerasish"]
    model = dropping(1)
    before = [v.numpy().copy() for v in hidden_variables(model)]
    read_hidden(model, root)
    for variable, value in zip(hidden_variables(model), before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_the_same_dropout_follows_in_a_loaded_model(tmp_path):
    model, x = dropping(), np.ones((8, 4), "float32")
    model(x, training=True)
    model.save(tmp_path / "m.keras")
    loaded = models.load_model(tmp_path / "m.keras")
    expected = model(x, training=True)
    np.testing.assert_array_equal(loaded(x, training=True), expected)


def test_values_are_set_all_or_none():
    variables = layers.Dense(2)
    variables.build((None, 3))
    kernel, bias = variables.weights
    assign_all([kernel, bias], [np.full((3, 2), 4.0), np.full(2, 5.0)])
    assert (kernel.numpy() == 4).all()
    for values in ([np.ones((3, 2))], [np.ones((3, 2)), np.ones(3)]):
        assign_all([kernel, bias], values)
        assert (kernel.numpy() == 4).all()
        assert (bias.numpy() == 5).all()
