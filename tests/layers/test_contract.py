"""What every built-in layer keeps, read off the registry: no code per layer."""

import inspect
import json

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.backend import get_backend
from kerasish.graph import tree
from kerasish.graph.gradient import spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace
from kerasish.layers.shapes import map_shapes
from kerasish.saving.naming import reset_names
from kerasish.saving.registry import snake_case
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from tests.layers.sample import BATCH, shapes_of
from tests.layers.samples import SAMPLES, make

NAMES = sorted(SAMPLES)
# names that are not the class's own in snake case, as in Keras
OWN_NAMES = {"GroupQueryAttention": "grouped_query_attention"}

pytestmark = [
    pytest.mark.parametrize("name", NAMES),
    # models here flatten what comes, be it masked or not
    pytest.mark.filterwarnings("ignore:(.|\n)*the mask ends here"),
]


@pytest.fixture
def x(name, rng):
    """One batch for the layer: an array, or a list of them."""
    return SAMPLES[name].inputs(rng)


def called(name, layer, x, **more):
    """Return a layer's result on its sample's inputs."""
    return layer(*SAMPLES[name].arguments_of(x), **more)


def computed(name, layer, x, batch=...):
    """Return the shape, or shapes, that a layer promises."""
    given = SAMPLES[name].arguments_of(shapes_of(x, batch))
    return layer.compute_output_shape(*given)


def of_size(x, size):
    """Return inputs with another number of samples."""
    if isinstance(x, list):
        return [of_size(part, size) for part in x]
    return np.resize(x, (size, *x.shape[1:]))


def host(value):
    return ops.convert_to_numpy(value)


def leaves(outputs):
    return [host(leaf) for leaf in tree.leaves(outputs)]


def shapes(outputs):
    return [tuple(leaf.shape) for leaf in tree.leaves(outputs)]


def flat(structure):
    """Return the shapes of a structure of shapes, in order."""
    found = []
    map_shapes(lambda shape: found.append(tuple(shape)), structure)
    return found


def takes(name, argument):
    """Return whether a layer's constructor takes an argument of all layers."""
    parameters = inspect.signature(getattr(layers, name)).parameters
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return anything or argument in parameters


def trains_by_default(name):
    """Return whether a layer behaves as in training unless told, as in Keras."""
    parameters = inspect.signature(getattr(layers, name).call).parameters
    return "training" in parameters and parameters["training"].default is True


def model_around(name, layer):
    """Return a model that ends in one number per sample."""
    sample = SAMPLES[name]
    dtype = "float32" if sample.high is None else "int32"
    if not isinstance(sample.shape, list):
        return kerasish.Sequential(
            [
                layers.Input(sample.shape, dtype=dtype),
                layer,
                layers.Flatten(),
                layers.Dense(1),
            ]
        )
    inputs = [layers.Input(shape, dtype=dtype) for shape in sample.shape]
    outputs = layer(*sample.arguments_of(inputs))
    return kerasish.Model(inputs, layers.Dense(1)(layers.Flatten()(outputs)))


def test_output_has_the_computed_shape_and_the_dtype(name, x, backend):
    layer = make(name)
    y = called(name, layer, x)
    assert shapes(y) == flat(computed(name, layer, x))
    for output in leaves(y):
        assert output.dtype == np.float32
        assert np.isfinite(output).all()


def test_an_unknown_batch_size_stays_unknown(name, x):
    layer = make(name)
    known = flat(computed(name, layer, x))
    unknown = flat(computed(name, layer, x, batch=None))
    assert unknown == [(None, *shape[1:]) for shape in known]


def test_any_batch_size_will_do(name, x):
    layer = make(name)
    called(name, layer, x)
    for size in (1, 2 * BATCH):
        batch = of_size(x, size)
        found = shapes(called(name, layer, batch))
        assert found == flat(computed(name, layer, batch))


def test_float64_layers_compute_in_float64(name, x, backend):
    if takes(name, "dtype") and not callable(SAMPLES[name].arguments):
        layer = make(name, dtype="float64")
    else:  # it holds layers, which have dtypes of their own
        kerasish.config.set_floatx("float64")
        layer = make(name)
        kerasish.config.set_floatx("float32")
    y = called(name, layer, x)
    assert layer.dtype == "float64"
    assert {output.dtype for output in leaves(y)} == {np.dtype("float64")}
    assert {w.dtype for w in layer.weights} <= {"float64"}
    single = make(name)
    called(name, single, x)
    single.set_weights(layer.get_weights())
    for one, other in zip(leaves(y), leaves(called(name, single, x)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_config_makes_an_equal_layer_after_a_trip_through_json(name):
    frozen = {"trainable": False} if takes(name, "trainable") else {}
    layer = make(name, name="mine", **frozen)
    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(config)
    assert again.get_config() == layer.get_config()
    assert again.name == "mine"
    assert again.trainable is not bool(frozen)


def test_a_file_can_hold_it(name, x):
    layer = make(name)
    called(name, layer, x)
    held = json.loads(json.dumps(serialize_keras_object(layer)))
    assert held["module"] == "keras.layers"
    assert held["class_name"] == name
    assert held["registered_name"] is None
    again = deserialize_keras_object(held)
    assert type(again) is type(layer)
    assert json.loads(json.dumps(again.get_config())) == held["config"]
    assert [w.shape for w in again.weights] == [w.shape for w in layer.weights]


def test_default_names_are_numbered(name):
    base = OWN_NAMES.get(name, snake_case(name))
    assert [make(name).name for _ in range(3)] == [base, f"{base}_1", f"{base}_2"]


def test_weights_are_listed_once_and_their_paths_begin_with_the_layer(name, x):
    layer = make(name, name="mine")
    called(name, layer, x)
    kinds = [*layer.trainable_weights, *layer.non_trainable_weights]
    assert len(kinds) == len(layer.weights)
    assert set(kinds) == set(layer.weights)
    assert layer.count_params() == sum(w.size for w in layer.weights)
    alone = [w.path for w in layer.weights]
    assert all(path.startswith("mine/") for path in alone)
    reset_names()  # layers inside it are called as before
    model = model_around(name, make(name, name="mine"))
    inside = [w.path for w in model.get_layer("mine").weights]
    before = "sequential/" if isinstance(model, kerasish.Sequential) else ""
    assert inside == [before + path for path in alone]


def test_frozen_layers_have_no_trainable_weights(name, x):
    layer = make(name)
    called(name, layer, x)
    layer.trainable = False
    assert layer.trainable_weights == []
    assert layer.non_trainable_weights == layer.weights


def test_inference_is_the_default_and_repeats_itself(name, x, backend):
    layer = make(name)
    said = {"training": False} if trains_by_default(name) else {}
    first = leaves(called(name, layer, x, **said))
    again_said = (said, {"training": False})
    for again in (called(name, layer, x, **more) for more in again_said):
        for one, other in zip(leaves(again), first, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("training", [False, True])
def test_planned_steps_compute_what_eager_calls_do(name, x, training, backend):
    layer = make(name)
    called(name, layer, x)
    twin = make(name)
    called(name, twin, x)
    twin.set_weights(layer.get_weights())

    def total(one, *inputs):
        given = list(inputs) if isinstance(x, list) else inputs[0]
        outputs = called(name, one, given, training=training)
        squares = [ops.sum(ops.square(output)) for output in tree.leaves(outputs)]
        return ops.sum(ops.stack(squares))

    parts = x if isinstance(x, list) else [x]
    arrays = [ops.convert_to_tensor(part) for part in parts]
    planned = run_planned(lambda *inputs: total(layer, *inputs), arrays)
    np.testing.assert_allclose(host(planned), host(total(twin, *parts)), rtol=1e-5)
    for one, other in zip(layer.weights, twin.weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5, atol=1e-7)


def run_planned(function, arrays):
    """Return a function's value, computed with its gradients if inputs are floats."""
    if all(host(a).dtype.kind == "f" for a in arrays):
        return kerasish.value_and_grad(function, tuple(range(len(arrays))))(*arrays)[0]
    graph = trace(function, [spec_of(a) for a in arrays])
    return compile_graph(graph, get_backend())(*arrays)


def test_saved_and_loaded_models_predict_the_same(name, x, tmp_path):
    model = model_around(name, make(name))
    model.save(tmp_path / "model.keras")
    loaded = kerasish.saving.load_model(tmp_path / "model.keras")
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)
    assert [w.name for w in loaded.weights] == [w.name for w in model.weights]


def test_a_training_step_lowers_the_loss(name, x, backend):
    model = model_around(name, make(name))
    model.compile(kerasish.optimizers.SGD(1e-2), "mse")
    y = np.linspace(-1, 1, BATCH, dtype="float32")[:, None]
    before = model.evaluate(x, y, verbose=0)
    model.train_on_batch(x, y)
    assert model.evaluate(x, y, verbose=0) < before


def test_an_unknown_argument_is_named(name):
    if takes(name, "nmae"):
        refusal = ValueError, f"argument of {name} 'nmae'(.|\n)*'name'"
    else:
        refusal = TypeError, "unexpected keyword argument 'nmae'"
    with pytest.raises(refusal[0], match=refusal[1]):
        make(name, nmae="x")
