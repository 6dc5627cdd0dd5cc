"""Functional models as configs and back; damaged configs; random graphs."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import Input, Model, layers, models, ops
from kerasish.errors import FileFormatError

X = np.arange(6, dtype="float32").reshape(2, 3) / 6


def twin_of(model, **custom):
    """Return the model made from the config, by way of JSON, with equal weights."""
    config = json.loads(json.dumps(model.get_config()))
    twin = type(model).from_config(config, custom)
    twin.set_weights(model.get_weights())
    return twin


def assert_equal_outputs(model, other, x=X):
    for one, two in zip(
        np.atleast_1d(model.predict(x, verbose=0)),
        np.atleast_1d(other.predict(x, verbose=0)),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)


GRAPHS = {
    "operators": lambda x: (1.0 - x) * 2 / (x + 3) ** 2,
    "constant": lambda x: x * np.array([1.0, 2.0, 3.0], "float32"),
    "comparison": lambda x: ops.where(x > 0.5, x, -1.0),
    "slices": lambda x: ops.concatenate(
        [x[:, :1], x[..., None, 0], x[:, ::-1]], axis=-1
    ),
    "settings": lambda x: ops.sum(ops.expand_dims(x, 1), axis=-1, keepdims=True),
    "split": lambda x: ops.add(*ops.split(x, [1], axis=1)[:1], x),
    "nested_lists": lambda x: ops.stack([x, ops.stack([x, x])[0]], axis=1),
    "twice_the_same": lambda x: layers.Multiply()([x, x]),
    "einsum": lambda x: ops.einsum("ab,ab->a", x, x),
    "tensor_as_setting": lambda x: ops.clip(x, 0.2, ops.max(x)),
    "linalg": lambda x: ops.linalg.norm(x, axis=-1),
    "image": lambda x: ops.image.resize(ops.reshape(x, (-1, 1, 3, 1)), (2, 3)),
    "softmax": lambda x: ops.nn.softmax(x, axis=-1),
    "cast": lambda x: ops.cast(ops.cast(x, "int32"), "float32"),
    "keyword": lambda x: layers.Dropout(0.5)(x, training=False),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_come_back_from_their_config(name):
    x = Input((3,))
    model = Model(x, GRAPHS[name](x))
    twin = twin_of(model)
    assert_equal_outputs(model, twin)
    assert [op.name for op in twin._function.operations] == [
        op.name for op in model._function.operations
    ]
    assert twin.get_config() == model.get_config()


def test_tensors_in_keyword_arguments():
    query, value = Input((4, 6), name="query"), Input((5, 6), name="value")
    attention = layers.MultiHeadAttention(2, 3)
    model = Model([query, value], attention(query, value=value))
    rng = np.random.default_rng(1)
    x = [rng.normal(size=(2, n, 6)).astype("float32") for n in (4, 5)]
    np.testing.assert_array_equal(
        twin_of(model).predict(x, verbose=0), model.predict(x, verbose=0)
    )


def test_calls_of_shared_layers_are_counted_in_this_model_alone():
    shared = layers.Dense(2, name="shared")
    x = Input((3,), name="x")
    shared(x)  # a call that the model has no part in
    model = Model(x, shared(x * 2))
    (held,) = [c for c in model.get_config()["layers"] if c["name"] == "shared"]
    assert len(held["inbound_nodes"]) == 1
    assert model.get_config()["output_layers"] == ["shared", 0, 0]
    assert_equal_outputs(model, twin_of(model))


def test_frozen_layers_come_back_frozen():
    x = Input((3,))
    model = Model(x, layers.Dense(2, name="d", trainable=False)(x))
    assert twin_of(model).trainable_weights == []
    model.trainable = False
    assert not twin_of(model).trainable


class Own(layers.Layer):
    """A layer that only its user knows."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


def test_layers_of_one_s_own_are_given_by_name():
    x = Input((3,))
    model = Model(x, Own(3.0)(x))
    assert_equal_outputs(model, twin_of(model, Own=Own))
    with pytest.raises((ValueError, TypeError), match="Own"):
        twin_of(model)


# damaged configs --------------------------------------------------------------------


def plain_config():
    x = Input((3,), name="x")
    return Model(
        x, layers.Dense(2, name="b")(layers.Dense(2, name="a")(x))
    ).get_config()


def test_calls_that_wait_for_each_other():
    config = copy.deepcopy(plain_config())
    by_name = {held["name"]: held for held in config["layers"]}
    tensor = by_name["a"]["inbound_nodes"][0]["args"][0]["config"]
    tensor["keras_history"] = ["b", 0, 0]
    with pytest.raises(FileFormatError, match=r"wait for each other(.|\n)*a, b"):
        Model.from_config(config)


def test_a_layer_that_is_not_there():
    config = copy.deepcopy(plain_config())
    config["output_layers"] = ["c", 0, 0]
    with pytest.raises(FileFormatError, match="names no such tensor"):
        Model.from_config(config)


# random graphs ----------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["dense", "shared", "add", "concatenate", "activation", "op"]),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=8,
)
WIDTH = 3


def grown(steps, num_outputs):
    """Return a model: each step makes a tensor of width 3 from earlier ones."""
    inputs = [Input((WIDTH,), name=name) for name in ("one", "two")]
    tensors = list(inputs)
    shared = layers.Dense(WIDTH, name="shared")
    for kind, i, j in steps:
        x, y = tensors[i % len(tensors)], tensors[j % len(tensors)]
        if kind == "dense":
            made = layers.Dense(WIDTH)(x)
        elif kind == "shared":
            made = shared(x)
        elif kind == "add":
            made = layers.Add()([x, y])
        elif kind == "concatenate":
            made = layers.Dense(WIDTH)(layers.Concatenate()([x, y]))
        elif kind == "activation":
            made = layers.Activation("tanh")(x)
        else:
            made = ops.maximum(x, y * 0.5)
        tensors.append(made)
    outputs = tensors[-num_outputs:]
    return Model(inputs, outputs[0] if len(outputs) == 1 else outputs)


@settings(max_examples=25)
@given(STEPS, st.integers(1, 3))
def test_random_graphs_come_back_from_configs_clones_and_files(
    tmp_path_factory, steps, num_outputs
):
    model = grown(steps, num_outputs)
    path = tmp_path_factory.mktemp("graphs") / "m.keras"
    model.save(path)
    clone = models.clone_model(model)
    clone.set_weights(model.get_weights())
    rng = np.random.default_rng(1)
    x = [rng.normal(size=(2, WIDTH)).astype("float32") for _ in range(2)]
    expected = model.predict(x, verbose=0)
    for twin in (twin_of(model), clone, models.load_model(path)):
        found = twin.predict(x, verbose=0)
        assert isinstance(found, list) == isinstance(expected, list)
        np.testing.assert_allclose(
            np.array(found), np.array(expected), rtol=1e-5, atol=1e-6
        )
        assert [layer.name for layer in twin.layers] == [
            layer.name for layer in model.layers
        ]
