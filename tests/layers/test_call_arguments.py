"""What a call of a layer is given, and what is filled in."""

import numpy as np
import pytest

from kerasish import Input, Model, layers, ops
from kerasish.graph.masks import set_mask
from kerasish.layers.call_arguments import (
    fill_masks,
    is_symbolic,
    signature_of,
    tensor_arguments,
)


def call(self, query, value, key=None, *, mask=None, key_mask=None, training=False):
    """A method with the arguments that layers have."""


def anything(self, *args, **kwargs):
    """A method that takes whatever it is given."""


def ones(*shape):
    return np.ones(shape, "float32")


def test_signatures_are_read_once():
    signature = signature_of(call)
    assert signature_of(call) is signature
    assert signature.positional == ["query", "value", "key"]
    assert signature.takes("training")
    assert not signature.takes("inputs")
    assert not signature.takes_any
    assert signature.defaults["training"] is False
    assert signature_of(anything).takes_any
    assert signature_of(anything).is_variadic


def test_arguments_are_bound_by_name():
    bound = signature_of(call).bound((1, 2), {"training": True})
    assert bound == {"query": 1, "value": 2, "training": True}


def test_tensors_are_told_from_settings():
    x = ones(2)
    given = {"query": [x, None], "key": x, "mask": x, "key_mask": x, "rate": 0.5}
    assert list(tensor_arguments(given)) == ["query", "key"]
    assert tensor_arguments({"both": [x, 1.0], "nothing": None}) == {}


def test_masks_are_filled_by_the_argument_s_name():
    query, value, key = ones(1, 2), ones(1, 2), ones(1, 2)
    kept = np.array([[True, False]])
    set_mask(query, kept)
    set_mask(key, kept)
    tensors = {"query": query, "value": value, "key": key}
    kwargs = {}
    fill_masks(signature_of(call), tensors, dict(tensors), kwargs)
    assert kwargs == {"mask": kept, "key_mask": kept}
    kwargs = {}
    fill_masks(signature_of(call), tensors, {**tensors, "mask": 1}, kwargs)
    assert list(kwargs) == ["key_mask"]


def test_what_is_symbolic():
    assert is_symbolic(Input((2,)))
    assert not is_symbolic(ones(2))


class Pair(layers.Layer):
    """Two tensor arguments, each with a weight of its width."""

    def build(self, query_shape, value_shape):
        self.shapes = (query_shape, value_shape)
        self.left = self.add_weight((query_shape[-1], 2), "ones", name="left")
        self.right = self.add_weight((value_shape[-1], 2), "ones", name="right")

    def call(self, query, value, scale=1.0):
        return scale * (query @ self.left + value @ self.right)


def test_several_tensors_give_build_several_shapes():
    layer = Pair()
    found = layer(ones(1, 2), value=ones(1, 3), scale=2.0)
    np.testing.assert_array_equal(found, [[10, 10]])
    assert layer.shapes == ((1, 2), (1, 3))
    config = layer.get_build_config()
    assert config == {
        "shapes_dict": {"query_shape": (1, 2), "value_shape": (1, 3)},
    }
    twin = Pair()
    twin.build_from_config(config)
    assert twin.left.shape == (2, 2)


def test_several_tensors_of_a_model(rng):
    a, b = Input((2,)), Input((3,))
    model = Model([a, b], Pair()(a, value=b, scale=0.5))
    twin = Model.from_config(model.get_config(), {"Pair": Pair})
    x = [rng.normal(size=(4, n)).astype("float32") for n in (2, 3)]
    expected = 0.5 * (x[0].sum(1) + x[1].sum(1))
    for one in (model, twin):
        found = one.predict(x, verbose=0)
        np.testing.assert_allclose(found[:, 0], expected, rtol=1e-4, atol=1e-5)


def test_lists_and_dicts_of_inputs_keep_their_nesting():
    class Nested(layers.Layer):
        def build(self, input_shape):
            self.shapes = input_shape

        def call(self, inputs):
            return inputs["a"] + inputs["rest"][0] * inputs["rest"][1]

    given = {"a": ones(1, 2), "rest": [ones(1, 2), ones(1, 1)]}
    layer = Nested()
    np.testing.assert_array_equal(layer(given), [[2, 2]])
    assert layer.shapes == {"a": (1, 2), "rest": [(1, 2), (1, 1)]}


@pytest.mark.parametrize(
    ("asked", "default", "seen"),
    [(None, None, None), (None, True, True), (False, True, False), (True, None, True)],
)
def test_training_as_said_or_by_default(asked, default, seen):
    class Seeing(layers.Layer):
        def call(self, inputs, training=default):
            self.seen = training
            return inputs

    layer = Seeing()
    layer(ones(1), **({} if asked is None else {"training": asked}))
    assert layer.seen is seen


def test_training_reaches_layers_that_are_inside_by_the_outer_call():
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.drop = layers.Dropout(0.99, seed=1)

        def call(self, inputs):
            return self.drop(inputs)

    assert float(ops.sum(Outer()(ones(1, 50)))) == 50.0
    assert float(ops.sum(Outer()(ones(1, 50), training=True))) != 50.0


def test_arguments_a_call_does_not_take_are_refused():
    with pytest.raises(TypeError, match="factor"):
        layers.Dense(2)(ones(1, 2), factor=3)


@pytest.mark.parametrize("given", [(), (None,)])
def test_a_missing_tensor_is_told_with_the_layer_s_name(given):
    with pytest.raises(ValueError, match="Dense 'd' needs a tensor"):
        layers.Dense(2, name="d")(*given)
