"""Sequential models: putting together, building, taking apart."""

import json

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.errors import ShapeError
from kerasish.layers import Activation, Dense, Dropout, Flatten, Input, Reshape
from kerasish.models import Sequential


def host(value):
    return ops.convert_to_numpy(value)


@pytest.fixture
def model():
    """Two layers, built: 4 -> 3 -> 1."""
    return Sequential(
        [Input((4,)), Dense(3, activation="relu", name="a"), Dense(1, name="b")],
        name="net",
    )


@pytest.fixture
def x(rng):
    return rng.normal(size=(6, 4)).astype("float32")


# putting together -----------------------------------------------------------------


def test_a_list_and_one_by_one_are_the_same(x):
    listed = Sequential([Input((4,)), Dense(3, name="a"), Dense(1, name="b")])
    added = Sequential()
    for layer in (Input((4,)), Dense(3, name="a"), Dense(1, name="b")):
        added.add(layer)
    added.set_weights(listed.get_weights())
    assert [la.name for la in added.layers] == ["a", "b"]
    np.testing.assert_array_equal(host(added(x)), host(listed(x)))


@pytest.mark.parametrize(
    "first",
    [
        lambda: [Input((4,)), Dense(3)],
        lambda: [layers.InputLayer((4,)), Dense(3)],
        lambda: [Dense(3, input_shape=(4,))],
        lambda: [Dense(3, input_dim=4)],
        lambda: [Sequential([Input((4,)), Dense(3)])],
    ],
    ids=["Input", "InputLayer", "input_shape", "input_dim", "nested"],
)
def test_a_declared_input_builds_at_once(first):
    model = Sequential([*first(), Dense(2)])
    assert model.built
    assert model.input_shape == (None, 4)
    assert model.output_shape == (None, 2)
    assert model.count_params() == 4 * 3 + 3 + 3 * 2 + 2


def test_without_an_input_the_data_decides(x):
    model = Sequential([Dense(3), Dense(1)])
    assert not model.built
    assert model.weights == []
    model(x)
    assert model.built
    assert model.input_shape == (6, 4)
    assert model.output_shape == (6, 1)
    assert model(x[:2]).shape == (2, 1)


def test_build_gives_the_shape_by_hand():
    model = Sequential([Dense(3), Dense(1)])
    model.build((None, 5))
    model.build((None, 5))
    assert model.input_shape == (None, 5)
    assert len(model.weights) == 4


def test_fit_builds_with_a_free_batch_axis(x):
    model = Sequential([Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], batch_size=4, verbose=0)
    assert model.input_shape == (None, 4)


def test_a_fixed_batch_size_is_kept_in_the_shapes():
    model = Sequential([Input((4,), batch_size=2), Dense(3)])
    assert model.input_shape == (2, 4)
    assert model.output_shape == (2, 3)


def test_a_layer_added_after_building_is_built_and_the_others_keep_their_weights(model):
    before = model.get_weights()
    model.add(Dense(7))
    assert model.output_shape == (None, 7)
    for now, then in zip(model.get_weights(), before, strict=False):
        np.testing.assert_array_equal(now, then)


def test_adding_without_rebuilding():
    model = Sequential([Input((4,)), Dense(3)])
    model.add(Dense(2), rebuild=False)
    assert len(model.weights) == 2
    model.add(Dense(1))
    assert len(model.weights) == 6


def test_pop_takes_the_top_layer_off(model, x):
    top = model.pop()
    assert top.name == "b"
    assert [la.name for la in model.layers] == ["a"]
    assert model.output_shape == (None, 3)
    assert model(x).shape == (6, 3)
    model.pop()
    assert model.layers == []
    assert not model.built
    with pytest.raises(ValueError, match="'net' has no layer to take off"):
        model.pop()


def test_the_list_of_layers_is_a_copy(model):
    model.layers.append(Dense(1))
    assert len(model.layers) == 2


def test_models_are_layers(x):
    inner = Sequential([Dense(3, name="i"), Dropout(0.5)], name="inner")
    outer = Sequential([Input((4,)), inner, Dense(1, name="o")], name="outer")
    assert [w.path for w in outer.weights] == [
        "outer/inner/i/kernel",
        "outer/inner/i/bias",
        "outer/o/kernel",
        "outer/o/bias",
    ]
    expected = host(outer.layers[1](inner(x)))
    np.testing.assert_allclose(host(outer(x)), expected, rtol=1e-6)
    noisy = host(outer(x, training=True))
    assert (noisy != host(outer(x))).any()


def test_layers_shared_by_two_models_have_one_set_of_weights(x):
    shared = Dense(3)
    one = Sequential([Input((4,)), shared])
    two = Sequential([Input((4,)), shared, Dense(1)])
    one.set_weights([np.ones((4, 3)), np.ones(3)])
    np.testing.assert_array_equal(two.get_weights()[0], np.ones((4, 3)))


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (Dense, "fix:      make an instance"),
        ("dense", "got:      'dense' of type str"),
        (lambda x: x, "of type function"),
        (None, "expected: an instance of keras.layers.Layer"),
    ],
    ids=["class", "name", "function", "None"],
)
def test_only_layers_can_be_added(model, layer, text):
    with pytest.raises(ValueError, match="'net' is made of layers") as raised:
        model.add(layer)
    assert text in str(raised.value)
    assert len(model.layers) == 2


def test_two_layers_of_one_name_are_refused(model):
    with pytest.raises(ValueError, match=r"different name(.|\n)*a second 'a'"):
        model.add(Dense(1, name="a"))
    with pytest.raises(ValueError, match="a second 'a'"):
        Sequential([Dense(1, name="a"), Dense(1, name="a")])


@pytest.mark.parametrize("late", [Input((3,)), layers.InputLayer((3,))])
def test_an_input_comes_first_or_not_at_all(model, late):
    with pytest.raises(ValueError, match=r"only as its first entry(.|\n)*2 layers"):
        model.add(late)


def test_an_empty_model_says_so(x):
    for use in (lambda m: m(x), lambda m: m.predict(x), lambda m: m.build((None, 3))):
        with pytest.raises(ValueError, match=r"'sequential.*' is empty"):
            use(Sequential())


def test_default_names_are_numbered():
    assert [Sequential().name for _ in range(2)] == ["sequential", "sequential_1"]


# shapes ---------------------------------------------------------------------------


@pytest.mark.parametrize("attribute", ["input_shape", "output_shape"])
def test_shapes_of_an_unbuilt_model(attribute):
    with pytest.raises(AttributeError, match=f"no {attribute} yet: it is not built"):
        getattr(Sequential([Dense(1)]), attribute)


def test_layers_that_do_not_fit_are_named_while_building():
    with pytest.raises(ShapeError, match=r"Reshape 'r'(.|\n)*\(4,\), 4 elements"):
        Sequential([Input((4,)), Flatten(), Reshape((3, 3), name="r")])


def test_a_wrong_number_of_features_names_the_layer(model):
    for use in (model, lambda x: model.predict(x, verbose=0)):
        with pytest.raises(ShapeError) as raised:
            use(np.ones((2, 5), "float32"))
        assert "Dense 'a' cannot take this input" in str(raised.value)
        assert "got:      shape (2, 5)" in str(raised.value)
        assert "expected: last axis of length 4" in str(raised.value)


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4)])
def test_a_wrong_number_of_axes_names_the_model_and_what_was_declared(model, shape):
    with pytest.raises(ShapeError) as raised:
        model(np.ones(shape, "float32"))
    assert "Sequential 'net' cannot take this input" in str(raised.value)
    assert f"got:      shape {shape}" in str(raised.value)
    assert "expected: shape (None, 4), for its first layer 'a'" in str(raised.value)
    assert "x[None]" in str(raised.value)


@pytest.mark.parametrize(
    ("declared", "given", "result"),
    [
        ((1,), (6,), (6, 1)),
        ((), (6, 1), (6,)),
        ((4,), (6, 4, 1), (6, 4)),
        ((3, 5, 1), (6, 3, 5), (6, 3, 5, 1)),
    ],
)
def test_a_last_axis_of_length_1_is_added_or_taken_off(declared, given, result):
    model = Sequential([Input(declared), Activation("linear")])
    data = np.arange(np.prod(given), dtype="float32").reshape(given)
    for outputs in (host(model(data)), model.predict(data, verbose=0)):
        np.testing.assert_array_equal(outputs, data.reshape(result))


def test_a_shape_that_failed_is_forgotten(x):
    model = Sequential([Dense(3, name="a")])
    with pytest.raises(ShapeError, match="at least 2 axes"):
        model(x[0])
    assert model(x).shape == (6, 3)


def test_a_built_model_keeps_its_shape():
    model = Sequential([Dense(3, name="a")])
    model.build((None, 4))
    with pytest.raises(ShapeError, match="'a' cannot take this input"):
        model.build((None, 5))


# freezing -------------------------------------------------------------------------


def test_freezing_the_model_and_one_layer(model):
    model.layers[0].trainable = False
    assert [w.path for w in model.trainable_weights] == ["net/b/kernel", "net/b/bias"]
    assert [w.path for w in model.non_trainable_weights] == [
        "net/a/kernel",
        "net/a/bias",
    ]
    assert model.trainable
    model.trainable = False
    assert model.trainable_weights == []
    assert [la.trainable for la in model.layers] == [False, False]


def changed(model, x):
    """Return which weights an epoch of training changes."""
    before = model.get_weights()
    model.fit(x, x[:, :1], verbose=0)
    after = model.get_weights()
    return [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]


def test_layers_frozen_before_the_first_fit_stay_as_they_are(model, x):
    model.set_weights([np.ones_like(w) for w in model.get_weights()])
    model.compile("adam", "mse")
    model.layers[0].trainable = False
    assert changed(model, x) == [False, False, True, True]


def test_freezing_a_trained_model_needs_a_new_compile(model, x):
    model.set_weights([np.ones_like(w) for w in model.get_weights()])
    model.compile("adam", "mse")
    assert all(changed(model, x))
    model.layers[0].trainable = False
    with pytest.raises(ValueError, match=r"trainable weights are not those") as raised:
        model.fit(x, x[:, :1], verbose=0)
    assert "got:      2 trainable weights" in str(raised.value)
    assert "net/a/kernel" in str(raised.value)
    assert "expected: the 4 of the first training step" in str(raised.value)
    assert "fix:      call compile again" in str(raised.value)
    model.compile("adam", "mse")
    assert changed(model, x) == [False, False, True, True]
    model.layers[0].trainable = True
    model.compile("adam", "mse")
    assert all(changed(model, x))


def test_so_does_a_layer_added_after_training(model, x):
    model.compile("adam", "mse")
    model.fit(x, x[:, :1], verbose=0)
    model.add(Dense(1, name="c"))
    with pytest.raises(ValueError, match="net/c/kernel"):
        model.fit(x, x[:, :1], verbose=0)
    model.compile("adam", "mse")
    model.fit(x, x[:, :1], verbose=0)


def test_a_frozen_model_is_evaluated_by_fit(model, x):
    model.trainable = False
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(x, x[:, :1], epochs=2, verbose=0, shuffle=False).history
    assert history["loss"][0] == history["loss"][1]
    assert int(model.optimizer.iterations) == 0


# configs --------------------------------------------------------------------------


def test_config_round_trip(model, x):
    config = json.loads(json.dumps(model.get_config()))
    again = Sequential.from_config(config)
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(host(again(x)), host(model(x)))


def test_config_of_an_unbuilt_model():
    config = Sequential([Dense(3, name="a")]).get_config()
    assert list(config) == ["name", "trainable", "dtype", "layers"]
    assert [entry["class_name"] for entry in config["layers"]] == ["Dense"]
    assert not Sequential.from_config(config).built


def test_config_keeps_what_is_frozen(model):
    model.layers[0].trainable = False
    again = Sequential.from_config(model.get_config())
    assert [la.trainable for la in again.layers] == [False, True]


def test_json_round_trip(model, x):
    again = kerasish.models.model_from_json(model.to_json(indent=1))
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(host(again(x)), host(model(x)))
