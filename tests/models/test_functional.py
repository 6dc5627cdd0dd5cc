"""`Model(inputs, outputs)`: nesting, sharing, freezing, and what it refuses."""

from collections import namedtuple

import numpy as np
import pytest

from kerasish import Input, Model, layers, models, ops, optimizers
from kerasish.errors import ShapeError

X = np.arange(6, dtype="float32").reshape(2, 3)


def test_a_model_of_tensors_is_functional():
    x = Input((3,))
    model = Model(x, layers.Dense(2)(x))
    assert type(model).__name__ == "Functional"
    names = [Model(x, x * 2).name for _ in range(2)]
    assert names == ["functional_1", "functional_2"]
    assert model.built
    assert model.input is x
    assert model.inputs == [x]


def test_outputs_are_nested_as_they_were_given():
    Pair = namedtuple("Pair", "first second")
    x = Input((3,))
    outputs = {"pair": Pair(x + 1, x * 2), "listed": [x, (x - 1,)]}
    found = Model(x, outputs)(X)
    assert isinstance(found["pair"], Pair)
    np.testing.assert_array_equal(found["pair"].second, X * 2)
    np.testing.assert_array_equal(found["listed"][1][0], X - 1)


@pytest.mark.parametrize("kind", [list, tuple])
def test_one_output_in_a_list_comes_alone(kind):
    x = Input((3,))
    model = Model(kind([x]), kind([x + 1]))
    np.testing.assert_array_equal(model([X]), X + 1)
    np.testing.assert_array_equal(model.predict(X, verbose=0), X + 1)
    assert model.input_shape == model.output_shape == (None, 3)


def test_shapes_of_several_ends_are_a_flat_list():
    x, y = Input((3,)), Input((4,))
    model = Model({"a": x, "b": [y]}, (x, {"c": y}))
    assert model.input_shape == [(None, 3), (None, 4)]
    assert model.output_shape == [(None, 3), (None, 4)]
    found = model.compute_output_shape({"a": (7, 3), "b": [(7, 4)]})
    assert found == ((7, 3), {"c": (7, 4)})


@pytest.fixture
def difference():
    x, y = Input((3,), name="x"), Input((3,), name="y")
    return Model([x, y], x - y, name="difference")


@pytest.mark.parametrize(
    "given",
    [
        [X, X * 3],
        (X, X * 3),
        {"x": X, "y": X * 3},
        {"y": X * 3, "x": X},
        {"y": X * 3, "x": X, "unused": X},
    ],
)
def test_inputs_by_place_or_by_name(difference, given):
    np.testing.assert_array_equal(difference(given), -2 * X)


def test_predict_takes_a_dict_by_name(difference):
    found = difference.predict({"y": X * 3, "x": X}, verbose=0)
    np.testing.assert_array_equal(found, -2 * X)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (X, r"takes 2 inputs(.|\n)*1 tensors(.|\n)*\['x', 'y'\]"),
        ([X, X, X], r"takes 2 inputs(.|\n)*3 tensors"),
        ({"x": X}, r"takes 2 inputs(.|\n)*keys \['x'\]"),
    ],
)
def test_a_wrong_number_of_inputs(difference, given, text):
    with pytest.raises(ValueError, match=text):
        difference(given)


def test_a_wrong_shape_names_the_model_and_the_input(difference):
    with pytest.raises(ShapeError, match="'difference' cannot take this") as error:
        difference([X, X[None]])
    assert "for input 'y'" in str(error.value)
    assert "shape (1, 2, 3)" in str(error.value)


def test_a_wrong_width_names_the_layer():
    x = Input((3,))
    model = Model(x, layers.Dense(2, name="first")(x))
    with pytest.raises(ShapeError, match="'first'"):
        model(X[:, :2])


def test_whole_numbers_are_cast_to_the_declared_dtype():
    x = Input((3,))
    model = Model(x, x / 2)
    found = model(np.arange(6).reshape(2, 3))
    assert str(found.dtype) == "float32"
    np.testing.assert_array_equal(found, X / 2)
    assert model.predict(np.arange(6).reshape(2, 3), verbose=0).dtype == "float32"
    whole = Input((3,), dtype="int32")
    assert str(Model(whole, whole + 1)(X).dtype) == "int32"


def test_a_missing_or_surplus_last_axis_of_one():
    x = Input((1,))
    assert Model(x, x * 2).predict(np.ones(4), verbose=0).shape == (4, 1)
    image = Input((2, 2))
    assert Model(image, image * 2)(np.ones((1, 2, 2, 1))).shape == (1, 2, 2)


def test_an_optional_input_may_be_none():
    class Filling(layers.Layer):
        def call(self, inputs):
            x, y = inputs
            return x if y is None else x + y

    x, y = Input((3,), name="x"), Input((3,), name="y", optional=True)
    model = Model({"x": x, "y": y}, Filling()([x, y]))
    np.testing.assert_array_equal(model({"x": X, "y": None}), X)
    np.testing.assert_array_equal(model({"x": X, "y": X}), 2 * X)


# parts of models --------------------------------------------------------------------


def test_intermediate_outputs_and_middle_parts():
    x = Input((3,))
    h = layers.Dense(4, name="h", activation="tanh")(x)
    model = Model(x, layers.Dense(1, name="out")(h))
    features = Model(x, [layer.output for layer in model.layers])
    middle = Model(x, model.get_layer("h").output)
    tail = Model(h, model.output)
    np.testing.assert_allclose(features(X)[1], middle(X))
    np.testing.assert_allclose(tail(middle(X)), model(X), rtol=1e-6)
    assert tail.get_layer("out") is model.get_layer("out")


def test_shared_layers_have_one_set_of_weights():
    shared = layers.Dense(2, name="shared")
    x, y = Input((3,)), Input((3,))
    model = Model([x, y], [shared(x), shared(y)])
    assert len(model.weights) == 2
    assert [layer.name for layer in model.layers].count("shared") == 1
    first, second = model([X, X])
    np.testing.assert_array_equal(first, second)


def test_models_are_layers_of_models():
    x = Input((3,))
    inner = Model(x, layers.Dense(3, name="d")(x), name="inner")
    outer_x = Input((3,), name="outer_x")
    outer = Model(outer_x, inner(inner(outer_x)), name="outer")
    assert [layer.name for layer in outer.layers] == ["outer_x", "inner"]
    assert outer.get_layer("inner").get_layer("d").name == "d"
    assert outer.count_params() == 12
    np.testing.assert_allclose(outer(X), inner(inner(X)), rtol=1e-6)


def test_inputs_and_outputs_must_be_connected_keras_tensors():
    x, y = Input((3,), name="x"), Input((3,), name="y")
    with pytest.raises(ValueError, match="not among the model's inputs"):
        Model(x, x + y)
    for args, kind in (((X, x), "inputs"), ((x, X), "outputs")):
        with pytest.raises(ValueError, match=f"The {kind} of a model are KerasTensors"):
            Model(*args)
    with pytest.raises(TypeError, match="takes inputs and outputs, or neither"):
        Model(x)


def test_training_said_in_the_call_comes_before_the_graph_s():
    class Doubling(layers.Layer):
        def call(self, inputs, training=None):
            return inputs * 2 if training else inputs

    x = Input((3,))
    for said, by_default in ((None, 1), (True, 2), (False, 1)):
        model = Model(x, Doubling()(x, training=said))
        np.testing.assert_array_equal(model(X), by_default * X)
        np.testing.assert_array_equal(model(X, training=True), 2 * X)
        np.testing.assert_array_equal(model(X, training=False), X)


# freezing ---------------------------------------------------------------------------


def two_layers():
    x = Input((3,))
    h = layers.Dense(4, name="h")(x)
    return Model(x, layers.Dense(1, name="out")(h))


@pytest.mark.parametrize("when", ["before", "after"])
def test_frozen_layers_stay_as_they_are(when):
    model = two_layers()
    if when == "before":
        model.get_layer("h").trainable = False
    model.compile(optimizers.SGD(0.1), "mse")
    if when == "after":
        model.get_layer("h").trainable = False
    before = model.get_weights()
    model.fit(X, np.ones((2, 1)), epochs=2, verbose=0)
    changed = [
        not np.array_equal(a, b)
        for a, b in zip(before, model.get_weights(), strict=True)
    ]
    assert changed == [False, False, True, True]
    assert len(model.optimizer.variables) == 2


def test_freezing_after_training_asks_for_compile():
    model = two_layers()
    model.compile("adam", "mse")
    model.fit(X, np.ones((2, 1)), verbose=0)
    model.get_layer("h").trainable = False
    with pytest.raises(ValueError, match=r"not those its optimizer was built for") as e:
        model.fit(X, np.ones((2, 1)), verbose=0)
    assert "h/kernel" in str(e.value)
    assert "call compile again" in str(e.value)
    model.compile("adam", "mse")
    model.fit(X, np.ones((2, 1)), verbose=0)


def test_an_all_frozen_model_evaluates_and_fits_without_change():
    model = two_layers()
    model.trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    history = model.fit(X, np.ones((2, 1)), epochs=2, verbose=0).history["loss"]
    assert history[0] == history[1]
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_penalties_of_layers_are_the_model_s():
    x = Input((3,))
    dense = layers.Dense(2, kernel_regularizer="l2", kernel_initializer="ones")
    model = Model(x, dense(x))
    assert [float(loss) for loss in model.losses] == pytest.approx([0.06])
    model.compile("sgd", "mse")
    found = model.evaluate(X, model.predict(X, verbose=0), verbose=0)
    assert found == pytest.approx(0.06, rel=1e-5)


def test_json_holds_the_whole_graph():
    model = two_layers()
    twin = models.model_from_json(model.to_json())
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(
        ops.convert_to_numpy(twin(X)), ops.convert_to_numpy(model(X))
    )
