"""Functions as layers: arguments, shapes, masks, configs, and that no code is run."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops
from kerasish.errors import FileFormatError
from kerasish.graph.masks import get_mask

X = np.array([[1.0, 2.0, 3.0]], "float32")


@kerasish.saving.register_keras_serializable("test_lambda")
def shifted(x, by=1.0):
    return ops.add(x, by)


@kerasish.saving.register_keras_serializable("test_lambda")
def first_two_shape(input_shape):
    return (*input_shape[:-1], 2)


@kerasish.saving.register_keras_serializable("test_lambda")
def first_step_mask(inputs, mask):
    return ops.ones(inputs.shape[:2], "bool") if mask is None else mask[:, :1]


def values(tensor):
    return ops.convert_to_numpy(tensor)


def test_arguments_reach_the_function():
    layer = layers.Lambda(shifted, arguments={"by": 10.0})
    assert values(layer(X)).tolist() == [[11.0, 12.0, 13.0]]


def test_the_mode_and_the_mask_reach_a_function_that_takes_them():
    layer = layers.Lambda(lambda x, training: x * 2 if training else x)
    assert values(layer(X, training=True)).tolist() == (X * 2).tolist()
    assert values(layer(X, training=False)).tolist() == X.tolist()
    seen = []
    with_mask = layers.Lambda(
        lambda x, mask=None: seen.append(mask) or x, mask=lambda x, mask: mask
    )
    steps = layers.Masking()(np.array([[[1.0], [0.0]]], "float32"))
    y = with_mask(steps)
    assert values(seen[0]).tolist() == values(get_mask(y)).tolist() == [[True, False]]


def test_shapes_are_traced_unless_they_are_said():
    traced = layers.Lambda(lambda x: ops.sum(x, axis=1, keepdims=True))
    assert traced.compute_output_shape((None, 3)) == (None, 1)
    said = layers.Lambda(lambda x: x[:, :2], output_shape=(2,))
    assert said.compute_output_shape((None, 3)) == (None, 2)
    number = layers.Lambda(lambda x: x[:, :2], output_shape=2)
    assert number.compute_output_shape((7, 3)) == (7, 2)
    worked_out = layers.Lambda(lambda x: x[:, :2], output_shape=first_two_shape)
    assert worked_out.compute_output_shape((None, 5, 3)) == (None, 5, 2)


def test_dtypes_are_traced_too():
    found = layers.Lambda(lambda x: ops.cast(x, "int32"))(layers.Input((3,)))
    assert (found.shape, found.dtype) == ((None, 3), "int32")


def test_several_inputs_and_outputs():
    a, b = layers.Input((3,)), layers.Input((3,))
    both = layers.Lambda(lambda pair: [pair[0] + pair[1], pair[0] * pair[1]])([a, b])
    model = models.Model([a, b], both)
    total, product = model.predict([X, X], verbose=0)
    np.testing.assert_array_equal(total, X + X)
    np.testing.assert_array_equal(product, X * X)


def test_gradients_flow_through():
    layer = layers.Lambda(lambda x: ops.square(x))
    slope = kerasish.grad(lambda x: ops.sum(layer(x)))(ops.convert_to_tensor(X))
    np.testing.assert_allclose(values(slope), 2 * X)


def test_a_mask_may_be_given_or_computed():
    fixed = np.array([[True, False]])
    steps = np.ones((1, 2, 1), "float32")
    y = layers.Lambda(shifted, mask=fixed)(steps)
    assert values(get_mask(y)).tolist() == [[True, False]]
    y = layers.Lambda(shifted, mask=first_step_mask)(steps)
    assert values(get_mask(y)).tolist() == [[True, True]]


def test_configs_hold_functions_by_name():
    layer = layers.Lambda(
        shifted,
        output_shape=first_two_shape,
        mask=first_step_mask,
        arguments={"by": 2.0},
    )
    config = layers.serialize(layer)
    again = layers.deserialize(config)
    assert (again.function, again._mask) == (shifted, first_step_mask)
    assert again.compute_output_shape((None, 3)) == (None, 2)
    assert values(again(X)).tolist() == [[3.0, 4.0, 5.0]]


def test_models_of_named_functions_are_saved_and_loaded(tmp_path):
    model = models.Sequential([layers.Input((3,)), layers.Lambda(shifted)])
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), X + 1)


def test_a_lambda_cannot_be_written():
    layer = layers.Lambda(lambda x: x)
    with pytest.raises(ValueError, match="lambda"):
        layer.get_config()


@pytest.mark.parametrize("function", ["4wEAAAA=", ["4wEAAAA=", None, None], None])
def test_code_in_a_config_is_refused_with_the_way_around(function):
    with pytest.raises(
        FileFormatError, match=r"'mine' holds Python code(.|\n)*model\.load_weights"
    ):
        layers.Lambda.from_config({"name": "mine", "function": function})


@pytest.mark.parametrize("function", [None, "relu", 3])
def test_what_cannot_be_called_is_refused(function):
    with pytest.raises(TypeError, match="'lambda' needs a function"):
        layers.Lambda(function, name="lambda")
