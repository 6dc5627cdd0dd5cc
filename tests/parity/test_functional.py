"""Functional models equal real Keras's: order, configs, files, outputs, training."""

import json
import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish

pytestmark = pytest.mark.parity

TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}


def two_ways(k):
    """Two inputs, two outputs, an operator, a shared layer."""
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    shared = k.layers.Dense(5, activation="relu", name="shared")
    joined = shared(a) + shared(b) * 2.0
    joined = k.ops.concatenate([joined, a], axis=-1)
    first = k.layers.Dense(3, activation="softmax", name="kind")(joined)
    second = k.layers.Dense(1, name="size")(k.layers.Dropout(0.0)(joined))
    return k.Model([a, b], [first, second], name="two")


def nested(k):
    """A model inside a model, called twice."""
    inner_in = k.Input((4,), name="inner_in")
    inner = k.Model(
        inner_in, k.layers.Dense(2, name="in_dense")(inner_in), name="inner"
    )
    a = k.Input((4,), name="a")
    x = k.layers.Dense(4, name="before")(a)
    out = k.layers.Dense(1, name="out")(inner(x) - inner(a))
    return k.Model(a, out, name="outer")


def sequential_inside(k):
    """A Sequential model as a layer."""
    part = k.Sequential(
        [k.layers.Dense(3, name="p"), k.layers.Dense(2, name="q")], name="part"
    )
    a = k.Input((4,), name="a")
    return k.Model(a, k.layers.Dense(1, name="out")(part(a)), name="outer")


def dict_ends(k):
    """Inputs and outputs in dicts."""
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    x = k.layers.Dense(3, name="d")(k.ops.maximum(a, b))
    outputs = {"u": k.layers.Dense(1, name="e")(x), "v": x}
    return k.Model({"a": a, "b": b}, outputs, name="ends")


def inside_out(k):
    """Layers whose order of making is not that of the graph."""
    a = k.Input((4,), name="a")
    last, first = k.layers.Dense(2, name="last"), k.layers.Dense(3, name="first")
    return k.Model(a, last(k.layers.Flatten(name="f")(first(a))), name="turned")


MODELS = [two_ways, nested, sequential_inside, dict_ends, inside_out]


@pytest.fixture(params=MODELS, ids=lambda m: m.__name__)
def twins(request):
    theirs, ours = request.param(keras), request.param(kerasish)
    ours.set_weights(theirs.get_weights())
    return theirs, ours


def data_for(model, rng, size=8):
    arrays = [rng.normal(size=(size, 4)).astype("float32") for _ in model.inputs]
    if isinstance(model.input, dict):
        return dict(zip(sorted(model.input), arrays, strict=True))
    return arrays if len(arrays) > 1 else arrays[0]


def flat(outputs):
    if isinstance(outputs, dict):
        return [outputs[key] for key in sorted(outputs)]
    return outputs if isinstance(outputs, list) else [outputs]


def close(ours, theirs):
    for one, other in zip(flat(ours), flat(theirs), strict=True):
        np.testing.assert_allclose(one, np.asarray(other), **TOLERANCE)


def test_outputs_order_and_names(twins, rng):
    theirs, ours = twins
    x = data_for(theirs, rng)
    close(ours.predict(x, verbose=0), theirs.predict(x, verbose=0))
    assert [la.name for la in ours.layers] == [la.name for la in theirs.layers]
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert ours.output_shape == theirs.output_shape
    assert ours.input_shape == theirs.input_shape
    assert ours.output_names == theirs.output_names
    assert ours.count_params() == theirs.count_params()


def test_graphs_are_written_alike(twins):
    theirs, ours = (json.loads(json.dumps(m.get_config())) for m in twins)
    for mine, other in zip(ours["layers"], theirs["layers"], strict=True):
        assert mine["name"].rstrip("_0123456789") == other["name"].rstrip("_0123456789")
        assert mine["class_name"] == other["class_name"]
        assert len(mine["inbound_nodes"]) == len(other["inbound_nodes"])
        assert set(mine["config"]) >= set(other["config"]) - {"quantization_config"}
    assert ours["input_layers"] == theirs["input_layers"]
    assert ours["output_layers"] == theirs["output_layers"]


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".weights.h5"])
def test_files_go_both_ways(twins, rng, tmp_path, suffix):
    theirs, ours = twins
    x = data_for(theirs, rng)
    expected = theirs.predict(x, verbose=0)
    there, here = str(tmp_path / f"theirs{suffix}"), str(tmp_path / f"ours{suffix}")
    if suffix == ".keras":
        theirs.save(there)
        ours.save(here)
        close(kerasish.saving.load_model(there).predict(x, verbose=0), expected)
        close(keras.saving.load_model(here).predict(x, verbose=0), expected)
        return
    if suffix == ".h5":
        # Keras reads no functions of keras.ops from this layout; we do
        ours.save(here)
        close(kerasish.saving.load_model(here).predict(x, verbose=0), expected)
        return
    theirs.save_weights(there)
    ours.save_weights(here)
    drawn = [rng.normal(size=w.shape) for w in ours.weights]
    ours.set_weights(drawn)
    theirs.set_weights(drawn)
    ours.load_weights(there)
    theirs.load_weights(here)
    close(ours.predict(x, verbose=0), expected)
    close(theirs.predict(x, verbose=0), expected)


COMPILED = {
    "lists": {"loss": ["sparse_categorical_crossentropy", "mse"]},
    "dicts": {
        "loss": {"kind": "sparse_categorical_crossentropy", "size": "mae"},
        "loss_weights": {"kind": 1.0, "size": 0.25},
        "metrics": {"kind": ["accuracy"], "size": ["mae", "mse"]},
        "weighted_metrics": {"size": "mse"},
    },
    "one_loss_only": {
        "loss": {"kind": "sparse_categorical_crossentropy", "size": None},
        "metrics": {"kind": "accuracy"},
    },
    "weights_in_a_list": {
        "loss": ["sparse_categorical_crossentropy", "mse"],
        "loss_weights": [0.5, 2.0],
        "metrics": [["accuracy"], ["mae"]],
    },
}


@pytest.mark.parametrize("case", COMPILED)
def test_training_of_two_outputs(case, rng):
    theirs, ours = two_ways(keras), two_ways(kerasish)
    ours.set_weights(theirs.get_weights())
    x = [rng.normal(size=(24, 4)).astype("float32") for _ in range(2)]
    y = [rng.integers(0, 3, 24), rng.normal(size=(24, 1)).astype("float32")]
    found = []
    for k, model in ((keras, theirs), (kerasish, ours)):
        model.compile(k.optimizers.SGD(0.1), **COMPILED[case])
        fitted = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        logs = model.evaluate(x, y, verbose=0, return_dict=True)
        listed = model.evaluate(x, y, verbose=0)
        found.append((fitted.history, logs, listed))
    (their_history, their_logs, their_list), (history, logs, listed) = found
    assert sorted(history) == sorted(their_history)
    for name in history:
        np.testing.assert_allclose(history[name], their_history[name], rtol=1e-4)
    assert sorted(logs) == sorted(their_logs)
    np.testing.assert_allclose(listed, their_list, rtol=1e-4)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
