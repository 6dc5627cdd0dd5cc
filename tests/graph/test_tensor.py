"""Symbolic tensors: what they tell, and how they refuse to be read."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.graph.tensor import INPUT, LEAVES, Spec, Tensor
from kerasish.graph.trace import open_trace, scope, trace

READERS = {
    "bool": (bool, "`if`, `and`"),
    "float": (float, "`float"),
    "int": (int, "`int"),
    "numpy": (np.asarray, "a NumPy function"),
    "numpy function": (np.mean, "a NumPy function"),
}


def tensor(*shape, dtype="float32"):
    return Tensor(INPUT, (), {}, shape, dtype)


def test_it_knows_its_form():
    x = tensor(2, 3)
    assert (x.shape, x.dtype, x.ndim, x.size, len(x)) == ((2, 3), "float32", 2, 6, 2)
    assert repr(x) == "<Tensor input float32[2, 3]>"
    assert [repr(leaf) for leaf in LEAVES] == ["<input>", "<read>", "<constant>"]


def test_numbers_grow():
    assert tensor().number < tensor().number


def test_a_scalar_has_no_length():
    with pytest.raises(TypeError, match="rank 0"):
        len(tensor())


@pytest.mark.parametrize(("read", "use"), READERS.values(), ids=READERS.keys())
def test_it_has_no_value_to_read(read, use):
    with pytest.raises(TypeError) as caught:
        read(tensor(3))
    text = str(caught.value)
    assert "has no value yet" in text
    assert use in text
    assert "got:      <Tensor input float32[3]>" in text
    assert "fix:      use ops.where" in text


def test_the_message_names_the_layer():
    with open_trace(), scope("sequential"), scope("dense_3"):
        x = ops.exp(tensor(3))
    with pytest.raises(TypeError, match="'sequential/dense_3'"):
        bool(x)


def test_numpy_leaves_operators_to_it():
    graph = trace(lambda x: np.ones(3, "float32") + x, [Spec((3,), "float32")])
    assert graph.outputs[0].op.name == "add"


def test_a_spec_is_a_shape_and_a_dtype():
    spec = Spec([2, 3], "int32")
    assert (spec.shape, spec.ndim, spec.compute) == ((2, 3), 2, None)
    assert repr(spec) == "int32[2, 3]"
