"""The paths that nesting gives to layers."""

import numpy as np
import pytest

from kerasish import layers
from kerasish.layers.nesting import current_owner, owning
from kerasish.models import Sequential


@pytest.mark.parametrize("name", [3, "a/b", b"a"])
def test_a_name_is_a_string_without_slashes(name):
    with pytest.raises(ValueError, match="name is a string without '/'"):
        layers.Dense(1, name=name)


class Block(layers.Layer):
    """A layer that builds one part in `build` and lets another be built by a call."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Dense(3, use_bias=False, name="first")
        self.rest = [layers.Dense(2, use_bias=False, name="second")]

    def build(self, input_shape):
        self.scale = self.add_weight((1,), "ones", name="scale")
        self.first.build(input_shape)

    def call(self, inputs):
        return self.rest[0](self.first(inputs)) * self.scale


def test_parts_of_a_layer_have_paths_below_it():
    block = Block(name="block")
    block(np.ones((1, 4)))
    expected = ["block/scale", "block/first/kernel", "block/second/kernel"]
    assert [w.path for w in block.weights] == expected
    assert block.rest[0].path == "block/second"


@pytest.mark.parametrize("declared", [True, False])
def test_so_have_parts_of_a_model(declared):
    inner = Sequential([Block(name="block")], name="inner")
    outer = Sequential([inner], name="outer")
    if declared:
        outer = Sequential([layers.Input((4,)), inner], name="outer")
    outer(np.ones((1, 4)))
    assert [w.path for w in outer.weights] == [
        "outer/inner/block/scale",
        "outer/inner/block/first/kernel",
        "outer/inner/block/second/kernel",
    ]


def test_built_layers_keep_their_paths_in_a_new_model():
    layer = layers.Dense(4, name="d")
    for name in ("one", "two"):
        Sequential([layers.Input((4,)), layer], name=name)
    assert layer.kernel.path == "one/d/kernel"


def test_nobody_owns_outside_of_calls():
    with owning("a"), owning("b"):
        assert current_owner() == "b"
    assert current_owner() is None
