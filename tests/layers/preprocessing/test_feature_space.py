"""FeatureSpace: numbers that Keras 3.15.1 gives, tables of all kinds, models, files.

All numbers here were found by running Keras on TensorFlow on these very inputs.
"""

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops
from kerasish.errors import DTypeError
from kerasish.utils import FeatureSpace

TABLE = {
    "a": np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    "b": np.array([10, 20, 10, 30, 20, 10]),
    "s": np.array(["x", "y", "x", "z", "y", "x"]),
    "n": np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    "d": np.arange(6.0),
}
ROWS = {
    "a": np.array([1.0, 9.0]),
    "b": np.array([10, 99]),
    "s": np.array(["x", "q"]),
    "n": np.array([5.0, 0.0]),
    "d": np.array([2.0, 9.0]),
}
KINDS = {
    "a": "float",
    "b": "integer_categorical",
    "s": "string_categorical",
    "n": "float_normalized",
    "d": "float_discretized",
}
NUMERIC = {name: kind for name, kind in KINDS.items() if name != "s"}
FULL = {
    "a": [[1], [9]],
    "b": [[0, 1, 0, 0], [1, 0, 0, 0]],
    "d": [[0, 1, 0], [0, 0, 1]],
    "n": [[1.46385], [-1.46385]],
    "s": [[0, 1, 0, 0], [1, 0, 0, 0]],
    "b_X_s": [[0, 1, 0, 0], [1, 0, 0, 0]],
}


def values(tensor):
    return ops.convert_to_numpy(tensor)


def adapted(features, **arguments):
    space = FeatureSpace(features, **arguments)
    space.adapt(TABLE)
    return space


def full(**arguments):
    return adapted(
        KINDS,
        crosses=[("b", "s")],
        crossing_dim=4,
        num_discretization_bins=3,
        **arguments,
    )


@pytest.mark.parametrize(
    ("name", "feature", "expected"),
    [
        ("a", FeatureSpace.float(), [[1.0], [9.0]]),
        ("a", FeatureSpace.float_rescaled(scale=0.5, offset=1.0), [[1.5], [5.5]]),
        ("n", FeatureSpace.float_normalized(), [[1.46385], [-1.46385]]),
        ("d", FeatureSpace.float_discretized(num_bins=3), FULL["d"]),
        ("d", FeatureSpace.float_discretized(None, [3.0]), [[1, 0], [0, 1]]),
        ("b", FeatureSpace.integer_categorical(), FULL["b"]),
        (
            "b",
            FeatureSpace.integer_categorical(max_tokens=3),
            [[0, 1, 0], [1, 0, 0]],
        ),
        ("s", FeatureSpace.string_categorical(), FULL["s"]),
        (
            "s",
            FeatureSpace.string_categorical(num_oov_indices=2),
            [[0, 0, 1, 0, 0], [0, 1, 0, 0, 0]],
        ),
        ("b", FeatureSpace.integer_hashed(num_bins=4), [[0, 0, 1, 0], [0, 0, 1, 0]]),
        ("s", FeatureSpace.string_hashed(num_bins=4), [[0, 0, 1, 0], [0, 1, 0, 0]]),
        (
            "a",
            FeatureSpace.feature("float32", layers.Rescaling(3.0), "float"),
            [[3.0], [27.0]],
        ),
    ],
)
def test_kinds_of_features(name, feature, expected):
    space = adapted({name: feature})
    np.testing.assert_allclose(values(space(ROWS)), expected, atol=1e-5)
    again = FeatureSpace.from_config(space.get_config())
    assert again.get_config() == space.get_config()


@pytest.mark.parametrize(
    ("name", "feature", "expected"),
    [
        ("d", FeatureSpace.float_discretized(3, output_mode="int"), [[1], [2]]),
        ("b", FeatureSpace.integer_categorical(output_mode="int"), [[1], [0]]),
        ("s", FeatureSpace.string_categorical(output_mode="int"), [[1], [0]]),
        ("s", FeatureSpace.string_hashed(num_bins=4, output_mode="int"), [[2], [1]]),
    ],
)
def test_numbers_of_categories(name, feature, expected):
    found = adapted({name: feature}, output_mode="dict")(ROWS)
    assert list(found) == [name]
    assert values(found[name]).tolist() == expected


def test_columns_are_joined_in_the_order_of_their_names_and_crosses_behind():
    found = values(full()(ROWS))
    np.testing.assert_allclose(found, np.hstack(list(FULL.values())), atol=1e-5)


def test_or_kept_apart():
    found = full(output_mode="dict")(ROWS)
    assert list(found) == list(FULL)
    for name, expected in FULL.items():
        np.testing.assert_allclose(values(found[name]), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("first", "crossing_dim", "expected"),
    [
        ({"s": "string_categorical"}, 3, [0, 1]),
        ({"s": FeatureSpace.string_hashed(3)}, 4, [0, 1]),
        ({"d": FeatureSpace.float_discretized(3)}, 4, [1, 1]),
    ],
)
def test_crosses_of_what_the_columns_became(first, crossing_dim, expected):
    (name,) = first
    cross = FeatureSpace.cross((name, "b"), crossing_dim, output_mode="int")
    features = {**first, "b": "integer_categorical"}
    space = adapted(features, crosses=[cross], output_mode="dict")
    assert values(space(ROWS)[f"{name}_X_b"]).ravel().tolist() == expected


def test_single_rows_have_no_batch_axis():
    row = {name: column[0] for name, column in ROWS.items()}
    expected = values(full()(ROWS))[0]
    for one in (row, {name: value.item() for name, value in row.items()}):
        np.testing.assert_array_equal(values(full()(one)), expected)
    apart = full(output_mode="dict")(row)
    assert values(apart["b"]).shape == (4,)


def test_columns_may_be_lists_or_stand_upright():
    expected = values(full()(ROWS))
    upright = {name: column[:, None] for name, column in ROWS.items()}
    lists = {name: column.tolist() for name, column in ROWS.items()}
    for table in (upright, lists, {**ROWS, "not_asked_for": np.zeros(2)}):
        np.testing.assert_array_equal(values(full()(table)), expected)


def test_data_frames_are_tables():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    space = FeatureSpace(KINDS, num_discretization_bins=3)
    space.adapt(pandas.DataFrame(TABLE))
    plain = adapted(KINDS, num_discretization_bins=3)
    found = values(space(pandas.DataFrame(ROWS)))
    np.testing.assert_array_equal(found, values(plain(ROWS)))


class Batches(kerasish.utils.PyDataset):
    """The table, two rows at a time."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return {n: c[2 * index : 2 * index + 2] for n, c in TABLE.items()}


@pytest.mark.parametrize(
    "make",
    [
        Batches,
        lambda: [Batches()[i] for i in range(3)],
        lambda: (Batches()[i] for i in range(3)),
        lambda: ({n: c[i] for n, c in TABLE.items()} for i in range(6)),
        lambda: {n: c.tolist() for n, c in TABLE.items()},
    ],
)
def test_data_to_adapt_to(make):
    space = FeatureSpace({name: KINDS[name] for name in "abns"})
    space.adapt(make())
    expected = adapted({name: KINDS[name] for name in "abns"})
    found = values(space(ROWS))
    np.testing.assert_allclose(found, values(expected(ROWS)), rtol=1e-6)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        # single rows, and tables, are taken 32 rows at a time
        (1, [-0.6643418073654175, -0.04544960707426071, 0.6256712079048157]),
        (None, [-0.6643418073654175, -0.04544960707426071, 0.6256712079048157]),
        (100, [-0.6786298155784607, -0.0548129603266716, 0.6681129932403564]),
    ],
)
def test_bins_are_those_of_keras_for_the_same_batches(size, expected):
    data = np.random.default_rng(0).normal(size=1000).astype("float32")
    space = FeatureSpace({"d": FeatureSpace.float_discretized(4)})
    if size is None:
        space.adapt({"d": data})
    elif size == 1:
        space.adapt({"d": value} for value in data)
    else:
        space.adapt({"d": data[i : i + size]} for i in range(0, 1000, size))
    found = space.preprocessors["d"].bin_boundaries
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_adapting_anew_forgets():
    space = full()
    space(ROWS)
    space.adapt({**TABLE, "s": np.array(["p", "q", "r", "s", "t", "u"])})
    # six words and the unknown in place of four, nothing else
    assert values(space(ROWS)).shape == (2, 17 + 3)


# models -------------------------------------------------------------------------------


def test_the_flow_of_keras_guide_for_structured_data():
    """Adapt, encode, train on encoded tables, predict from raw ones."""
    rng = np.random.default_rng(0)
    table = {
        "age": rng.integers(20, 80, 200).astype("float32"),
        "thal": rng.choice(["fixed", "normal", "reversible"], 200),
        "sex": rng.integers(0, 2, 200),
    }
    target = ((table["age"] > 50) ^ (table["thal"] == "normal")).astype("float32")
    space = FeatureSpace(
        {
            "age": FeatureSpace.float_discretized(num_bins=6),
            "thal": "string_categorical",
            "sex": "integer_categorical",
        },
        crosses=[("thal", "age")],
        crossing_dim=32,
    )
    space.adapt(table)
    encoded = space.get_encoded_features()
    assert encoded.shape == (None, 6 + 4 + 3 + 32)
    x = layers.Dense(16, activation="relu")(encoded)
    model = models.Model(encoded, layers.Dense(1, activation="sigmoid")(x))
    model.compile(
        kerasish.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"]
    )
    history = model.fit(space(table), target, epochs=30, verbose=0)
    assert history.history["accuracy"][-1] > 0.85
    patient = {"age": 75.0, "thal": "fixed", "sex": 1}
    row = ops.expand_dims(space(patient), 0)
    assert model.predict(row, verbose=0).shape == (1, 1)


def test_numbers_alone_can_be_part_of_a_model(tmp_path):
    space = adapted(NUMERIC, num_discretization_bins=3)
    encoded = space.get_encoded_features()
    outputs = layers.Dense(1)(encoded)
    training = models.Model(encoded, outputs)
    training.compile("sgd", "mse")
    training.fit(space(TABLE), np.ones(6), verbose=0)
    whole = models.Model(space.get_inputs(), outputs)
    raw = {name: ROWS[name] for name in NUMERIC}
    found = whole.predict(raw, verbose=0)
    expected = training.predict(space(ROWS), verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_with_text_the_model_begins_behind_the_space():
    space = full(output_mode="dict", name="mine")
    encoded = space.get_encoded_features()
    shapes = {name: tensor.shape for name, tensor in encoded.items()}
    assert shapes == {n: (None, len(rows[0])) for n, rows in FULL.items()}
    with pytest.raises(DTypeError, match=r"'mine' works on the host(.|\n)*predict"):
        space.get_inputs()


def test_inputs_and_encoded_features_are_made_once():
    space = adapted(NUMERIC)
    assert space.get_inputs() is space.get_inputs()
    assert space.get_encoded_features() is space.get_encoded_features()
    dtypes = {name: tensor.dtype for name, tensor in space.get_inputs().items()}
    assert dtypes == {"a": "float32", "b": "int32", "n": "float32", "d": "float32"}


# files --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["concat", "dict"])
def test_a_space_is_saved_with_what_it_learnt(tmp_path, mode):
    space = full(output_mode=mode)
    space.save(tmp_path / "space.keras")
    again = models.load_model(tmp_path / "space.keras")
    assert isinstance(again, FeatureSpace)
    expected, found = space(ROWS), again(ROWS)
    if mode == "concat":
        expected, found = {"all": expected}, {"all": found}
    for name in expected:
        np.testing.assert_array_equal(values(found[name]), values(expected[name]))


def test_the_parts_of_a_space_have_names():
    space = full()
    names = {name: layer.name for name, layer in space.preprocessors.items()}
    assert names == {name: f"{name}_preprocessor" for name in KINDS}
    assert [cross.name for cross in space.crosses] == ["b_X_s"]
    kind = FeatureSpace.float_normalized(name="mine")
    assert kind.preprocessor.name == "mine_preprocessor"


# messages -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": {}}, "needs features"),
        ({"features": None}, "needs features"),
        ({"features": {"a": "flaot"}}, "did you mean 'float'"),
        ({"features": {"a": 3}}, r"cannot understand feature 'a'(.|\n)*3 of type int"),
        ({"features": KINDS, "output_mode": "list"}, "output_mode"),
        ({"features": KINDS, "crosses": [("b", "t")]}, "'t'"),
        ({"features": KINDS, "crosses": [("a", "b")]}, "crosses categories, not num"),
        (
            {"features": {"b": FeatureSpace.integer_categorical(output_mode="int")}},
            r"cannot join numbers of categories(.|\n)*\['b'\]",
        ),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        FeatureSpace(**arguments)


@pytest.mark.parametrize(
    "make",
    [
        lambda: FeatureSpace.integer_categorical(output_mode="count"),
        lambda: FeatureSpace.string_hashed(3, output_mode="multi_hot"),
        lambda: FeatureSpace.feature("float32", layers.Rescaling(1.0), "onehot"),
        lambda: FeatureSpace.cross(("a", "b"), 3, output_mode="float"),
    ],
)
def test_output_modes_of_features_are_checked(make):
    with pytest.raises(ValueError, match="output_mode"):
        make()


def test_it_must_have_learnt():
    space = FeatureSpace({"s": "string_categorical"}, name="mine")
    for call in (lambda: space(ROWS), space.get_encoded_features):
        with pytest.raises(ValueError, match=r"'mine' has not learnt(.|\n)*adapt"):
            call()


def test_what_has_nothing_to_learn_can_be_called_at_once():
    space = FeatureSpace({"a": "float", "s": FeatureSpace.string_hashed(num_bins=4)})
    assert values(space(ROWS)).shape == (2, 5)


@pytest.mark.parametrize("data", [np.ones(3), [np.ones(3)], 3])
def test_it_adapts_to_tables(data):
    with pytest.raises(ValueError, match=r"adapts to tables|cannot adapt to this"):
        FeatureSpace({"n": "float_normalized"}).adapt(data)


def test_targets_are_refused():
    with pytest.raises(ValueError, match="adapts to inputs alone"):
        FeatureSpace({"n": "float_normalized"}).adapt([(TABLE, np.ones(6))])


def test_columns_must_be_there_and_be_numbers():
    space = full(name="mine")
    with pytest.raises(ValueError, match=r"'mine' misses a column(.|\n)*'b' among"):
        space({"a": ROWS["a"]})
    with pytest.raises(DTypeError, match="'a' of FeatureSpace 'mine' is a number"):
        space({**ROWS, "a": np.array(["x", "y"])})
    with pytest.raises(ValueError, match="'mine' is called on a table"):
        space(np.ones((2, 5)))


def test_rows_of_categories_need_their_number():
    feature = FeatureSpace.feature("int32", layers.Identity(), "one_hot")
    with pytest.raises(ValueError, match="cannot make rows of categories"):
        FeatureSpace({"b": feature})(ROWS)
