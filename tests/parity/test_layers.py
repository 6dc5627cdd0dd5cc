"""Layers equal real Keras's: outputs, shapes, configs, weights, refusals.

The samples are those of `tests/layers/samples.py`, so a new layer is compared by having
a sample; what is special to one layer is listed below.
"""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import jax

import kerasish
from tests.layers.sample import shapes_of
from tests.layers.samples import SAMPLES, make

pytestmark = pytest.mark.parity

NAMES = sorted(SAMPLES)
TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}  # float32 sums in another order
# Keys of Keras's configs for what does not exist here.
ABSENT = {"quantization_config"}
# Keras's cannot tell the shape of their output.
WITHOUT_SHAPES = {"Pipeline"}


@pytest.fixture(autouse=True)
def same_names():
    """Number Keras's names from the start, as ours are: layers in layers have some."""
    keras.utils.clear_session()


def twins(name, x):
    """Return Keras's layer and ours, built, with equal weights."""
    theirs, ours = (make(name, module, name="mine") for module in (keras, kerasish))
    theirs(*SAMPLES[name].arguments_of(x))
    ours(*SAMPLES[name].arguments_of(x))
    ours.set_weights(theirs.get_weights())
    return theirs, ours


@pytest.fixture
def x(name, rng):
    return SAMPLES[name].inputs(rng)


def as_json(value):
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("name", NAMES)
def test_outputs_and_shapes(name, x):
    theirs, ours = twins(name, x)
    sample = SAMPLES[name]
    found, expected = (
        leaves(layer(*sample.arguments_of(x))) for layer in (ours, theirs)
    )
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, **TOLERANCE)
    if name in WITHOUT_SHAPES:
        return
    for batch in (6, None):
        shape = sample.arguments_of(shapes_of(x, batch))
        computed = as_json(theirs.compute_output_shape(*shape))
        assert as_json(ours.compute_output_shape(*shape)) == computed


def leaves(outputs):
    return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(outputs)]


@pytest.mark.parametrize("name", NAMES)
def test_configs(name, x):
    theirs, ours = (as_json(layer.get_config()) for layer in twins(name, x))
    theirs = without_absent(theirs)
    assert ours == theirs
    again = getattr(kerasish.layers, name).from_config(theirs)
    assert as_json(again.get_config()) == ours


def without_absent(config):
    """Return a config, with all configs inside it, without the keys absent here."""
    if isinstance(config, list):
        return [without_absent(value) for value in config]
    if not isinstance(config, dict):
        return config
    kept = {k: v for k, v in config.items() if k not in ABSENT}
    return {k: without_absent(v) for k, v in kept.items()}


@pytest.mark.parametrize("name", NAMES)
def test_weights_in_order_with_their_paths(name, x):
    theirs, ours = twins(name, x)
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert [w.dtype for w in ours.weights] == [w.dtype for w in theirs.weights]
    for kind in ("trainable_weights", "non_trainable_weights"):
        mine, his = ([w.path for w in getattr(m, kind)] for m in (ours, theirs))
        assert mine == his
    assert ours.count_params() == theirs.count_params()


@pytest.mark.parametrize("name", NAMES)
def test_default_names(name):
    for layer in (make(name, keras), make(name, keras)):
        base = layer.name.rstrip("0123456789").rstrip("_")
    first, second = make(name), make(name)
    assert (first.name, second.name) == (base, f"{base}_1")


CALLS = {
    "dense_3d": lambda m, x: m.layers.Dense(5, kernel_initializer="ones")(x),
    "dense_of_integers": lambda m, x: m.layers.Dense(5, kernel_initializer="ones")(
        x.astype("int32")
    ),
    "flatten_channels_first": lambda m, x: m.layers.Flatten("channels_first")(x),
    "flatten_of_a_vector": lambda m, x: m.layers.Flatten()(x[:, 0, 0]),
    "flatten_of_integers": lambda m, x: m.layers.Flatten()(x.astype("int32")),
    "flatten_of_nothing": lambda m, x: m.layers.Flatten()(x[:0]),
    "reshape": lambda m, x: m.layers.Reshape((2, -1))(x),
    "reshape_to_a_scalar": lambda m, x: m.layers.Reshape(())(x[:, :1, 0]),
    "reshape_of_bools": lambda m, x: m.layers.Reshape((12,))(x > 0),
    "activation_of_integers": lambda m, x: m.layers.Activation("relu")(
        (x * 5).astype("int32")
    ),
    "dropout_at_inference": lambda m, x: m.layers.Dropout(0.5)(x),
    "dropout_of_everything": lambda m, x: m.layers.Dropout(1.0)(x, training=True),
    "float16": lambda m, x: m.layers.Dense(
        5, dtype="float16", kernel_initializer="ones"
    )(x),
}


@pytest.mark.parametrize("call", CALLS)
def test_calls(call, rng):
    x = rng.integers(-3, 4, size=(4, 3, 4)).astype("float32")
    theirs, ours = (np.asarray(CALLS[call](m, x)) for m in (keras, kerasish))
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    np.testing.assert_allclose(ours, theirs, **TOLERANCE)


@pytest.mark.parametrize("shape", [(None, 3, 4), (None, None, 4), (5, 3, 4)])
@pytest.mark.parametrize("name", ["Flatten", "Dense", "Dropout", "Activation"])
def test_computed_shapes_with_unknown_lengths(name, shape):
    arguments = {**SAMPLES[name].arguments}
    arguments.pop("noise_shape", None)
    theirs, ours = (getattr(m.layers, name)(**arguments) for m in (keras, kerasish))
    assert ours.compute_output_shape(shape) == theirs.compute_output_shape(shape)


@pytest.mark.parametrize("noise_shape", [None, (None, 1, 4), (1, 3, 1)])
def test_dropout_masks_are_as_likely_and_as_wide(noise_shape):
    x = np.ones((400, 3, 4), "float32")
    masks = []
    for module in (keras, kerasish):
        layer = module.layers.Dropout(0.3, noise_shape=noise_shape, seed=1)
        masks.append(np.asarray(layer(x, training=True)))
    for axis in range(3):
        varies = [bool((mask.std(axis=axis) > 0).any()) for mask in masks]
        assert varies[0] == varies[1]
    values = [{round(float(v), 5) for v in np.unique(mask)} for mask in masks]
    assert values[0] == values[1]


REFUSED = {
    "units_0": lambda m, x: m.layers.Dense(0),
    "units_float": lambda m, x: m.layers.Dense(2.0),
    "units_numpy": lambda m, x: m.layers.Dense(np.int64(2)),
    "unknown_argument": lambda m, x: m.layers.Dense(2, unit=3),
    "unknown_activation": lambda m, x: m.layers.Dense(2, activation="rleu"),
    "unknown_initializer": lambda m, x: m.layers.Dense(2, kernel_initializer="glrt"),
    "too_few_axes": lambda m, x: m.layers.Dense(2)(x[0, 0]),
    "other_last_axis": lambda m, x: [layer := m.layers.Dense(2), layer(x), layer(x.T)],
    "unknown_last_axis": lambda m, x: m.layers.Dense(2).build((None, None)),
    "no_tensor": lambda m, x: m.layers.Dense(2)(None),
    "flatten_layout": lambda m, x: m.layers.Flatten("channels_middle"),
    "flatten_scalar": lambda m, x: m.layers.Flatten()(np.float32(3)),
    "reshape_two_unknown": lambda m, x: m.layers.Reshape((-1, -1)),
    "reshape_negative": lambda m, x: m.layers.Reshape((-2, 2)),
    "reshape_size": lambda m, x: m.layers.Reshape((5,))(x),
    "reshape_rest": lambda m, x: m.layers.Reshape((5, -1))(x),
    "rate_above_1": lambda m, x: m.layers.Dropout(1.5),
    "rate_negative": lambda m, x: m.layers.Dropout(-0.5),
    "noise_shape_0": lambda m, x: m.layers.Dropout(0.5, noise_shape=(0, 1)),
    "noise_shape_number": lambda m, x: m.layers.Dropout(0.5, noise_shape=3)(
        x, training=True
    ),
    "noise_shape_unfit": lambda m, x: m.layers.Dropout(0.5, noise_shape=(2, 2, 2))(
        x, training=True
    ),
    "input_without_shape": lambda m, x: m.layers.Input(),
    "input_number": lambda m, x: m.layers.Input(3),
    "input_negative": lambda m, x: m.layers.Input((-1,)),
    "input_float": lambda m, x: m.layers.Input((2.5,)),
    "input_twice": lambda m, x: m.layers.Input((3,), batch_shape=(None, 3)),
    "name_number": lambda m, x: m.layers.Dense(2, name=3),
    "name_slash": lambda m, x: m.layers.Dense(2, name="a/b"),
    "weights_number": lambda m, x: built(m).set_weights([np.ones((4, 2))]),
    "weights_shape": lambda m, x: built(m).set_weights([np.ones((4, 2)), np.ones(3)]),
    "count_unbuilt": lambda m, x: m.layers.Dense(2).count_params(),
}


def built(module):
    layer = module.layers.Dense(2)
    layer.build((None, 4))
    return layer


@pytest.mark.parametrize("case", REFUSED)
def test_both_refuse(case):
    x = np.ones((5, 3, 4), "float32")
    for module in (keras, kerasish):
        with pytest.raises(ValueError, match=r"."):
            REFUSED[case](module, x)


def nested(module):
    """Return a class of layers with weights and layers of its own, made everywhere."""

    class Nested(module.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.one = module.layers.Dense(3, name="one")
            self.early = self.add_weight(shape=(2,), initializer="zeros", name="early")
            self.several = [module.layers.Dense(2, name=n) for n in ("a", "b")]

        def build(self, input_shape):
            self.state = self.add_weight(
                shape=(1,), initializer="zeros", name="state", trainable=False
            )
            self.one.build(input_shape)
            self.late = self.add_weight(shape=(1,), initializer="zeros", name="late")
            self.built = True

        def call(self, inputs):
            inputs = self.one(inputs)
            for layer in self.several:
                inputs = layer(inputs)
            return inputs

    return Nested(name="nested")


@pytest.mark.parametrize("where", ["alone", "declared", "deferred"])
def test_paths_and_order_of_a_user_s_layer(where):
    x, found = np.ones((2, 4), "float32"), []
    for module in (keras, kerasish):
        layer = nested(module)
        if where == "alone":
            whole = layer
        else:
            first = [module.layers.Input((4,))] if where == "declared" else []
            whole = module.Sequential([*first, layer], name="model")
        whole(x)
        found.append(
            {
                kind: [w.path for w in getattr(whole, kind)]
                for kind in ("weights", "trainable_weights", "non_trainable_weights")
            }
        )
        layer.one.kernel.trainable = False
        found[-1]["after"] = [w.path for w in whole.weights]
    assert found[1] == found[0]
