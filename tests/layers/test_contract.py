"""What every built-in layer keeps, read off the registry: no code per layer."""

import json

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.saving.registry import snake_case
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from tests.layers.samples import APART, SAMPLES, make, registered_layers

NAMES = sorted(SAMPLES)
BATCH = 6

pytestmark = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def x(name, rng):
    """One batch for the layer: positive and negative numbers."""
    return rng.normal(size=(BATCH, *SAMPLES[name].shape)).astype("float32")


def host(value):
    return ops.convert_to_numpy(value)


def model_around(layer, shape):
    """Return a model that ends in one number per sample."""
    return kerasish.Sequential(
        [layers.Input(shape), layer, layers.Flatten(), layers.Dense(1)]
    )


def test_every_registered_layer_has_a_sample(name):
    assert registered_layers() == sorted([*SAMPLES, *APART])
    assert name in layers.__all__


def test_output_has_the_computed_shape_and_the_dtype(name, x, backend):
    layer = make(name)
    y = layer(x)
    assert tuple(y.shape) == layer.compute_output_shape(x.shape)
    assert host(y).dtype == np.float32
    assert np.isfinite(host(y)).all()


def test_an_unknown_batch_size_stays_unknown(name, x):
    layer = make(name)
    known = layer.compute_output_shape(x.shape)
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *known[1:])


def test_any_batch_size_will_do(name, x):
    layer = make(name)
    layer(x)
    for size in (1, 2 * BATCH):
        batch = np.resize(x, (size, *x.shape[1:]))
        assert tuple(layer(batch).shape) == layer.compute_output_shape(batch.shape)


def test_float64_layers_compute_in_float64(name, x, backend):
    layer = make(name, dtype="float64")
    y = layer(x)
    assert layer.dtype == "float64"
    assert host(y).dtype == np.float64
    assert {w.dtype for w in layer.weights} <= {"float64"}
    single = make(name)
    single(x)
    single.set_weights(layer.get_weights())
    np.testing.assert_allclose(host(y), host(single(x)), rtol=1e-5, atol=1e-6)


def test_config_makes_an_equal_layer_after_a_trip_through_json(name):
    layer = make(name, name="mine", trainable=False)
    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(config)
    assert again.get_config() == layer.get_config()
    assert again.name == "mine"
    assert not again.trainable


def test_a_file_can_hold_it(name, x):
    layer = make(name)
    layer(x)
    held = json.loads(json.dumps(serialize_keras_object(layer)))
    assert held["module"] == "keras.layers"
    assert held["registered_name"] is None
    again = deserialize_keras_object(held)
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in layer.weights]


def test_default_names_are_numbered(name):
    base = snake_case(name)
    assert [make(name).name for _ in range(3)] == [base, f"{base}_1", f"{base}_2"]


def test_weights_are_listed_once_and_their_paths_begin_with_the_layer(name, x):
    layer = make(name, name="mine")
    layer(x)
    assert layer.weights == [*layer.trainable_weights, *layer.non_trainable_weights]
    assert layer.count_params() == sum(w.size for w in layer.weights)
    assert all(w.path == f"mine/{w.name}" for w in layer.weights)
    model = model_around(make(name, name="mine"), SAMPLES[name].shape)
    inside = model.layers[0].weights
    assert all(w.path == f"sequential/mine/{w.name}" for w in inside)


def test_frozen_layers_have_no_trainable_weights(name, x):
    layer = make(name)
    layer(x)
    layer.trainable = False
    assert layer.trainable_weights == []
    assert layer.non_trainable_weights == layer.weights


def test_inference_is_the_default_and_repeats_itself(name, x, backend):
    layer = make(name)
    first = host(layer(x))
    np.testing.assert_array_equal(host(layer(x)), first)
    np.testing.assert_array_equal(host(layer(x, training=False)), first)


@pytest.mark.parametrize("training", [False, True])
def test_planned_steps_compute_what_eager_calls_do(name, x, training, backend):
    layer = make(name)
    layer(x)

    def total(inputs):
        return ops.sum(ops.square(layer(inputs, training=training)))

    planned, _ = kerasish.value_and_grad(total)(ops.convert_to_tensor(x))
    eager = total(x) if not training else total_again(name, layer, x)
    np.testing.assert_allclose(host(planned), host(eager), rtol=1e-5)


def total_again(name, layer, x):
    """Return the training result of a layer with equal weights and a fresh seed."""
    twin = make(name)
    twin(x)
    twin.set_weights(layer.get_weights())
    return ops.sum(ops.square(twin(x, training=True)))


def test_saved_and_loaded_models_predict_the_same(name, x, tmp_path):
    model = model_around(make(name), SAMPLES[name].shape)
    model.save(tmp_path / "model.keras")
    loaded = kerasish.saving.load_model(tmp_path / "model.keras")
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)
    assert [w.name for w in loaded.weights] == [w.name for w in model.weights]


def test_a_training_step_lowers_the_loss(name, x, backend):
    model = model_around(make(name), SAMPLES[name].shape)
    model.compile(kerasish.optimizers.SGD(1e-2), "mse")
    y = np.linspace(-1, 1, BATCH, dtype="float32")[:, None]
    before = model.evaluate(x, y, verbose=0)
    model.train_on_batch(x, y)
    assert model.evaluate(x, y, verbose=0) < before


def test_an_unknown_argument_is_named(name):
    with pytest.raises(ValueError, match=f"argument of {name} 'nmae'(.|\n)*'name'"):
        make(name, nmae="x")
