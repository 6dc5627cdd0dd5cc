"""Sequential models equal real Keras's: shapes, paths, configs, summaries, refusals."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish

pytestmark = pytest.mark.parity

X = np.linspace(-1, 1, 24, dtype="float32").reshape(6, 4)


def small(module):
    """Return a built model of two layers, 4 -> 3 -> 1."""
    layers = module.layers
    return module.Sequential(
        [
            module.Input((4,), name="in"),
            layers.Dense(3, activation="relu", name="a", kernel_initializer="ones"),
            layers.Dense(1, name="b", kernel_initializer="ones"),
        ],
        name="net",
    )


def of_both(function):
    return [function(module) for module in (keras, kerasish)]


# structure ------------------------------------------------------------------------


def nested(module, inner_declared, outer_declared):
    layers = module.layers
    first = [module.Input((4,))] if inner_declared else []
    inner = module.Sequential([*first, layers.Dense(2, name="i")], name="inner")
    first = [module.Input((4,))] if outer_declared else []
    outer = module.Sequential(
        [*first, inner, layers.Dropout(0.1, name="p"), layers.Dense(1, name="o")],
        name="outer",
    )
    return outer


STRUCTURES = {
    "declared": small,
    "deferred": lambda m: m.Sequential([m.layers.Dense(3, name="d")], name="net"),
    "build": lambda m: built(m, (None, 4)),
    "build_with_batch": lambda m: built(m, (2, 4)),
    "batch_size": lambda m: m.Sequential(
        [m.Input((4,), batch_size=2), m.layers.Dense(3, name="d")], name="net"
    ),
    "inner_declared": lambda m: nested(m, True, False),
    "outer_declared": lambda m: nested(m, False, True),
    "both_declared": lambda m: nested(m, True, True),
    "popped": lambda m: changed(m, lambda s: s.pop()),
    "added": lambda m: changed(m, lambda s: s.add(m.layers.Dense(7, name="c"))),
}


def built(module, shape):
    model = module.Sequential([module.layers.Dense(3, name="d")], name="net")
    model.build(shape)
    return model


def changed(module, change):
    model = small(module)
    change(model)
    return model


@pytest.mark.parametrize("name", STRUCTURES)
def test_structure(name):
    found = []
    for module in (keras, kerasish):
        model = STRUCTURES[name](module)
        was_built = model.built
        y = model(X)
        found.append(
            {
                "built": was_built,
                "layers": [layer.name for layer in model.layers],
                "weights": [w.path for w in model.weights],
                "shapes": (model.input_shape, model.output_shape, tuple(y.shape)),
                "count": model.count_params(),
                "repr": repr(model),
            }
        )
    assert found[1] == found[0]


INPUTS = {
    "vector_to_column": ((1,), (6,)),
    "column_to_numbers": ((), (6, 1)),
    "one_axis_too_many": ((4,), (6, 4, 1)),
    "images_without_channels": ((3, 2, 1), (6, 3, 2)),
}


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_of_nearly_the_right_shape(name):
    declared, given = INPUTS[name]
    data = np.arange(np.prod(given), dtype="float32").reshape(given)
    theirs, ours = of_both(
        lambda m: m.Sequential(
            [m.Input(declared), m.layers.Activation("relu")]
        ).predict(data, verbose=0)
    )
    np.testing.assert_array_equal(ours, theirs)


# freezing -------------------------------------------------------------------------


def test_what_freezing_does_to_the_lists():
    def lists(module):
        model = small(module)
        found = []
        for layer, value in ((0, False), (1, False), (0, True)):
            model.layers[layer].trainable = value
            found += [
                [w.path for w in kind]
                for kind in (
                    model.trainable_weights,
                    model.non_trainable_weights,
                    model.weights,
                )
            ]
        model.trainable = False
        found.append([layer.trainable for layer in model.layers])
        return found

    theirs, ours = of_both(lists)
    assert ours == theirs


def test_freezing_before_the_first_step_and_after_a_new_compile():
    def trained(module):
        model = small(module)
        model.compile("adam", "mse")
        model.layers[0].trainable = False
        model.fit(X, X[:, :1], verbose=0)
        model.layers[0].trainable, model.layers[1].trainable = True, False
        model.compile("adam", "mse")
        model.fit(X, X[:, :1], verbose=0)
        return model.get_weights()

    for theirs, ours in zip(*of_both(trained), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_freezing_a_trained_model_without_compiling_is_refused_by_both():
    def trained(module):
        model = small(module)
        model.compile("adam", "mse")
        model.fit(X, X[:, :1], verbose=0)
        model.layers[0].trainable = False
        with pytest.raises(ValueError, match="optimizer"):
            model.fit(X, X[:, :1], verbose=0)

    of_both(trained)


def test_a_frozen_model_keeps_its_weights_and_logs_its_loss():
    def logs(module):
        model = small(module)
        model.trainable = False
        model.compile("adam", "mse")
        loss = model.fit(X, X[:, :1], epochs=2, verbose=0).history["loss"]
        return [*loss, int(model.optimizer.iterations)]

    theirs, ours = of_both(logs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


# configs --------------------------------------------------------------------------


def without_absent(config):
    """Return a config of Keras's without keys of what does not exist here."""
    if isinstance(config, dict):
        return {
            key: without_absent(value)
            for key, value in config.items()
            if key != "quantization_config" and (key, value) != ("compile_config", {})
        }
    if isinstance(config, list):
        return [without_absent(value) for value in config]
    return config


@pytest.mark.parametrize("name", ["declared", "batch_size", "both_declared", "added"])
def test_configs(name):
    theirs, ours = of_both(
        lambda m: json.loads(json.dumps(STRUCTURES[name](m).get_config()))
    )
    theirs = without_absent(theirs)
    for config in (theirs, ours):
        rename_inputs(config)
    assert ours == theirs
    assert list(ours) == list(theirs)
    again = kerasish.Sequential.from_config(theirs)
    assert [w.shape for w in again.weights] == [
        w.shape for w in STRUCTURES[name](kerasish).weights
    ]


def rename_inputs(config):
    """Give inputs one name: both modules number them, from different numbers on."""
    for entry in config["layers"]:
        if entry["class_name"] == "InputLayer":
            entry["config"]["name"] = "in"
        if "layers" in entry["config"]:
            rename_inputs(entry["config"])


# refusals -------------------------------------------------------------------------

REFUSED = {
    "duplicate_name": lambda m: small(m).add(m.layers.Dense(1, name="a")),
    "a_class": lambda m: small(m).add(m.layers.Dense),
    "a_string": lambda m: small(m).add("dense"),
    "nothing": lambda m: small(m).add(None),
    "late_input": lambda m: small(m).add(m.Input((3,))),
    "empty_call": lambda m: m.Sequential()(X),
    "empty_build": lambda m: m.Sequential().build((None, 3)),
    "unbuilt_count": lambda m: m.Sequential([m.layers.Dense(1)]).count_params(),
    "unbuilt_shape": lambda m: m.Sequential([m.layers.Dense(1)]).output_shape,
    "no_such_layer": lambda m: small(m).get_layer("c"),
    "no_such_index": lambda m: small(m).get_layer(index=5),
    "no_name_no_index": lambda m: small(m).get_layer(),
    "name_and_index": lambda m: small(m).get_layer("a", 0),
    "wrong_features": lambda m: small(m)(X[:, :3]),
    "wrong_axes": lambda m: small(m)(X[:, :, None] * np.ones(3)),
    "one_sample": lambda m: small(m)(X[0]),
    "weights_number": lambda m: small(m).set_weights(small(m).get_weights()[:-1]),
    "other_shape": lambda m: built(m, (None, 4)).build((None, 5)),
    "misfit": lambda m: m.Sequential([m.Input((4,)), m.layers.Reshape((3, 3))]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_both_refuse(case):
    for module in (keras, kerasish):
        with pytest.raises((ValueError, AttributeError), match=r"."):
            REFUSED[case](module)


# summaries ------------------------------------------------------------------------


def summary(module, compiled=False, nested=False, long=False, **arguments):
    """Return the summary of a model with frozen, weightless and other layers."""
    layers = module.layers
    name = "a_layer_with_a_name_that_is_longer_than_any_column_is_wide" if long else "h"
    stack = [
        module.Input((28, 28, 1)),
        layers.Flatten(name="flatten"),
        layers.Dense(128, name=name, trainable=False),
        layers.Dropout(0.2, name="drop"),
        layers.Dense(10, name="out"),
    ]
    if nested:
        inner = [layers.Dense(4, name="inner_1"), layers.Dense(2, name="inner_2")]
        stack.append(module.Sequential(inner, name="nest"))
    model = module.Sequential(stack, name="net")
    if compiled:
        model.compile("adam", "mse")
        model.train_on_batch(np.ones((2, 28, 28, 1)), np.ones((2, 10)))
    texts = []
    model.summary(print_fn=lambda text, **_: texts.append(text), **arguments)
    (text,) = texts
    return text.rstrip()


SUMMARIES = {
    **{f"{width}_wide": {"line_length": width} for width in (31, 40, 55, 65, 88, 100)},
    "trainable": {"line_length": 80, "show_trainable": True},
    "nested": {"line_length": 70, "nested": True},
    "expanded": {"line_length": 70, "nested": True, "expand_nested": True},
    "trained": {"line_length": 70, "compiled": True},
    "long_names": {"line_length": 60, "long": True},
    "positions": {"line_length": 70, "positions": [0.3, 0.6, 1.0]},
    "range": {"line_length": 70, "layer_range": ["h", "drop"]},
    "patterns": {"line_length": 70, "layer_range": ["f.*", "o.*"]},
}


@pytest.mark.parametrize("case", SUMMARIES)
def test_summaries(case, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    theirs, ours = of_both(lambda m: summary(m, **SUMMARIES[case]))
    assert ours == theirs


@pytest.mark.parametrize("columns", [50, 80, 90, 200])
def test_summaries_as_wide_as_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    theirs, ours = of_both(summary)
    assert ours == theirs


@pytest.mark.parametrize("layer_range", [["h"], ["zzz", "out"]])
def test_summaries_of_no_range(layer_range):
    for module in (keras, kerasish):
        with pytest.raises(ValueError, match=r"layer"):
            summary(module, layer_range=layer_range)


def test_summary_of_an_unbuilt_model(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    def text(module):
        texts = []
        model = module.Sequential([module.layers.Dense(3, name="d")], name="net")
        model.summary(print_fn=lambda text, **_: texts.append(text))
        return texts[0].rstrip()

    theirs, ours = of_both(text)
    assert ours == theirs
