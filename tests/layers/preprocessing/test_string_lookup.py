"""StringLookup: numbers that Keras 3.15.1 gives, learning, files, messages.

All numbers here were found by running Keras on TensorFlow on these very inputs.
"""

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops
from kerasish.errors import DTypeError

WORDS = np.array(["b", "a", "c", "a", "b", "a", "d"])
PAIRS = np.array([["a", "b"], ["zz", "a"], ["a", "a"]])
XYZ = ["x", "y", "z"]


def values(tensor):
    return ops.convert_to_numpy(tensor)


def adapted(**arguments):
    layer = layers.StringLookup(**arguments)
    layer.adapt(WORDS)
    return layer


def given(**arguments):
    return layers.StringLookup(vocabulary=XYZ, **arguments)


@pytest.mark.parametrize(
    ("arguments", "vocabulary"),
    [
        ({}, ["[UNK]", "a", "b", "d", "c"]),
        ({"mask_token": ""}, ["", "[UNK]", "a", "b", "d", "c"]),
        ({"max_tokens": 3}, ["[UNK]", "a", "b"]),
        (
            {"num_oov_indices": 2, "mask_token": "[M]"},
            ["[M]", "[UNK]", "[UNK]", "a", "b", "d", "c"],
        ),
        ({"num_oov_indices": 0}, ["a", "b", "d", "c"]),
    ],
)
def test_the_most_frequent_come_first_and_of_equals_the_greatest(arguments, vocabulary):
    layer = adapted(**arguments)
    assert layer.get_vocabulary() == vocabulary
    assert layer.vocabulary_size() == len(vocabulary)
    plain = [t for t in vocabulary if t not in ("", "[UNK]", "[M]")]
    assert layer.get_vocabulary(include_special_tokens=False) == plain


@pytest.mark.parametrize(
    ("arguments", "inputs", "expected"),
    [
        ({}, ["z", "x", "q"], [3, 1, 0]),
        ({}, [["z"], ["q"]], [[3], [0]]),
        (
            {"num_oov_indices": 3, "mask_token": ""},
            ["", "q", "r", "s", "t", "u", "x"],
            [0, 3, 2, 2, 2, 3, 4],
        ),
        (
            {"num_oov_indices": 5, "salt": 7},
            ["q", "r", "s", "t", "u", "x"],
            [1, 3, 1, 1, 3, 5],
        ),
        (
            {"num_oov_indices": 5, "salt": [3, 9]},
            ["q", "r", "s", "t", "u", "x"],
            [4, 4, 0, 4, 2, 5],
        ),
        (
            {"mask_token": "", "output_mode": "multi_hot"},
            [["", "x"], ["q", "z"]],
            [[0, 1, 0, 0], [1, 0, 0, 1]],
        ),
        (
            {"output_mode": "count"},
            [["x", "x"], ["q", "z"]],
            [[0, 2, 0, 0], [1, 0, 0, 1]],
        ),
        ({"output_mode": "one_hot"}, ["x", "q"], [[0, 1, 0, 0], [1, 0, 0, 0]]),
        ({"output_mode": "one_hot"}, [["x"], ["q"]], [[0, 1, 0, 0], [1, 0, 0, 0]]),
    ],
)
def test_numbers_in_each_mode(arguments, inputs, expected):
    layer = given(**arguments)
    for form in (inputs, np.array(inputs), np.array(inputs, object)):
        assert values(layer(form)).tolist() == expected
    as_bytes = np.char.encode(np.array(inputs))
    assert values(layer(as_bytes)).tolist() == expected
    shape = (None, *np.shape(inputs)[1:])
    assert layer.compute_output_shape(shape)[1:] == np.shape(expected)[1:]


def test_weights_of_frequent_tokens_are_small():
    found = values(adapted(output_mode="tf_idf")(PAIRS))
    expected = [
        [0, 1.0116009712219238, 1.2039728164672852, 0, 0],
        [1.3059321641921997, 1.0116009712219238, 0, 0, 0],
        [0, 2.0232019424438477, 0, 0, 0],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_each_row_is_a_document():
    layer = layers.StringLookup(output_mode="tf_idf")
    layer.adapt(np.array([["a", "b"], ["a", "c"], ["b", "b"]]))
    assert layer.get_vocabulary() == ["[UNK]", "b", "a", "c"]
    found = values(layer(np.array([["a", "a"], ["q", "c"]])))
    expected = [[0, 0, 1.3862943649, 0], [0.7675283552, 0, 0, 0.91629076]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_weights_may_be_given():
    layer = given(output_mode="tf_idf", idf_weights=[0.5, 0.25, 2.0])
    found = values(layer(np.array([["x", "x", "q"], ["y", "z", "z"]])))
    expected = [[0.9166666865348816, 1.0, 0, 0], [0, 0, 0.25, 4.0]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_bags_may_be_padded_to_all_columns():
    layer = adapted(output_mode="count", max_tokens=8, pad_to_max_tokens=True)
    assert values(layer(PAIRS)).tolist() == [
        [0, 1, 1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0, 0],
        [0, 2, 0, 0, 0, 0, 0, 0],
    ]
    layer.adapt(np.array(["other"]))  # the number of columns stays
    assert values(layer(PAIRS)).shape == (3, 8)


def test_numbers_back_to_tokens():
    layer = given(invert=True)
    found = layer(np.array([[1, 2], [3, 0], [9, -1]]))
    assert found.tolist() == [["x", "y"], ["z", "[UNK]"], ["[UNK]", "[UNK]"]]
    masked = given(invert=True, mask_token="")(np.arange(6))
    assert masked.tolist() == ["", "[UNK]", "x", "y", "z", "[UNK]"]


def test_there_and_back():
    forth = adapted()
    back = layers.StringLookup(
        vocabulary=forth.get_vocabulary(), invert=True, num_oov_indices=1
    )
    assert back(forth(WORDS)).tolist() == WORDS.tolist()


# learning -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        WORDS.tolist(),
        WORDS.astype(object),
        WORDS.reshape(-1, 1),
        [WORDS[:3], WORDS[3:]],
        np.char.encode(WORDS),
    ],
)
def test_data_comes_in_many_forms(data):
    layer = layers.StringLookup()
    layer.adapt(data)
    assert layer.get_vocabulary() == ["[UNK]", "a", "b", "d", "c"]


def test_data_comes_in_batches_from_a_generator_or_a_dataset():
    class Batches(kerasish.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return WORDS[3 * index : 3 * index + 4]

    layer = layers.StringLookup()
    layer.adapt(batch for batch in (WORDS[:2], WORDS[2:]))
    assert layer.get_vocabulary() == ["[UNK]", "a", "b", "d", "c"]
    layer.adapt(Batches())
    assert layer.get_vocabulary()[1:3] == ["a", "b"]


def test_steps_say_how_many_batches():
    layer = layers.StringLookup()
    layer.adapt([np.array(["a", "b"]), np.array(["b", "c"])], steps=1)
    assert layer.get_vocabulary() == ["[UNK]", "b", "a"]


def test_adapting_anew_forgets():
    layer = adapted()
    layer.adapt(["q"])
    assert layer.get_vocabulary() == ["[UNK]", "q"]


def test_a_data_frame_column():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame({"word": WORDS})
    layer = layers.StringLookup()
    layer.adapt(frame["word"])
    assert values(layer(frame["word"])).tolist() == [2, 1, 4, 1, 2, 1, 3]


# files --------------------------------------------------------------------------------


def test_a_vocabulary_from_a_file(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("x\ny\nz\n", encoding="utf-8")
    layer = layers.StringLookup(vocabulary=str(path))
    assert layer.get_vocabulary() == ["[UNK]", *XYZ]
    config = layer.get_config()
    assert config["vocabulary"] is None
    assert config["vocabulary_size"] == 4


def test_there_must_be_such_a_file(tmp_path):
    with pytest.raises(ValueError, match=r"no such vocabulary file(.|\n)*words.txt"):
        layers.StringLookup(vocabulary=tmp_path / "words.txt")


def test_a_given_vocabulary_is_config_and_a_learnt_one_an_asset(tmp_path):
    config = layers.serialize(given())
    assert config["config"]["vocabulary"] == XYZ
    assert values(layers.deserialize(config)(["z", "q"])).tolist() == [3, 0]
    learnt = adapted()
    assert learnt.get_config()["vocabulary"] is None
    learnt.save_assets(tmp_path)
    text = (tmp_path / "vocabulary.txt").read_bytes()
    assert text == b"[UNK]\na\nb\nd\nc"  # as Keras writes it
    again = layers.StringLookup.from_config(learnt.get_config())
    assert again.vocabulary_size() == 5
    again.load_assets(tmp_path)
    assert again.get_vocabulary() == learnt.get_vocabulary()


def test_a_config_that_names_a_file_is_refused():
    config = {**given().get_config(), "vocabulary": "/etc/hostname"}
    with pytest.raises(ValueError, match=r"must not name another file(.|\n)*hostname"):
        layers.StringLookup.from_config(config)


# use and messages ---------------------------------------------------------------------


def test_it_feeds_a_model():
    lookup = adapted(output_mode="one_hot")
    model = models.Sequential([layers.Input((5,)), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(lookup(WORDS), np.arange(7.0), epochs=2, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]


def test_a_compiled_model_cannot_hold_it():
    model = models.Sequential([given(name="mine")])
    with pytest.raises(DTypeError, match="look the strings up first"):
        model.predict(np.array([[1]]), verbose=0)


def test_unknown_strings_need_a_number():
    layer = given(num_oov_indices=0, name="mine")
    with pytest.raises(ValueError, match=r"'mine' does not know a string(.|\n)*'q'"):
        layer(["x", "q"])


def test_without_a_vocabulary_it_cannot_be_called():
    with pytest.raises(ValueError, match=r"'mine' has no vocabulary yet(.|\n)*adapt"):
        layers.StringLookup(name="mine")(["x"])


@pytest.mark.parametrize("wrong", [[1, 2], [["x", None]], np.array([1.5])])
def test_what_is_no_text_is_refused(wrong):
    with pytest.raises(DTypeError, match="works on text"):
        given()(wrong)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocabulary": ["a", "a"]}, r"holds tokens twice(.|\n)*\['a'\]"),
        ({"vocabulary": []}, "is empty"),
        ({"vocabulary": ["a", None]}, "has a gap"),
        ({"vocabulary": ["a", ""], "mask_token": ""}, "special token in the middle"),
        ({"vocabulary": ["a", "b"], "max_tokens": 2}, r"too large(.|\n)*3 tokens"),
        ({"max_tokens": 1}, "must be more than 1"),
        ({"num_oov_indices": -1}, "0 or more"),
        ({"invert": True, "output_mode": "count"}, "must be 'int'"),
        ({"pad_to_max_tokens": True}, "without max_tokens"),
        ({"output_mode": "one-hot"}, "did you mean 'one_hot'"),
        ({"sparse": True}, "cannot make sparse tensors"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf"}, "without idf_weights"),
        ({"vocabulary": ["a"], "idf_weights": [1.0]}, "go with 'tf_idf'"),
        ({"salt": "x"}, "cannot use this salt"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.StringLookup(**arguments)


def test_a_given_vocabulary_is_not_learnt():
    with pytest.raises(ValueError, match="was given its vocabulary"):
        given().adapt(["a"])


def test_data_with_targets_is_refused():
    with pytest.raises(ValueError, match="adapts to inputs alone"):
        layers.StringLookup().adapt(iter([(WORDS, np.arange(7))]))


@pytest.mark.parametrize("data", [3, None, {"a": WORDS}])
def test_data_must_be_data(data):
    with pytest.raises(ValueError, match="cannot adapt to this"):
        layers.StringLookup().adapt(data)


def test_a_layer_in_use_keeps_its_columns():
    layer = adapted(output_mode="count", name="mine")
    layer(PAIRS)
    with pytest.raises(RuntimeError, match="'mine' is in use"):
        layer.adapt(["a"])


def test_vocabularies_may_be_set():
    layer = layers.StringLookup(mask_token="")
    layer.set_vocabulary(["", "[UNK]", "x"])
    assert layer.get_vocabulary() == ["", "[UNK]", "x"]
    layer.set_vocabulary(["p", "q"])
    assert values(layer(["q", ""])).tolist() == [3, 0]
