"""Symbolic values: shape, dtype, and what they refuse."""

import numpy as np
import pytest

from kerasish import Input, KerasTensor, layers, ops
from kerasish.graph.keras_tensor import is_keras_tensor


def test_what_it_knows():
    x = KerasTensor((None, 3), "float16", name="x")
    assert (x.shape, x.dtype, x.ndim, x.size) == ((None, 3), "float16", 2, None)
    assert KerasTensor([2, 3]).size == 6
    assert repr(x) == "<KerasTensor shape=(None, 3), dtype=float16, name=x>"
    assert is_keras_tensor(x)
    assert not is_keras_tensor(np.ones(2))


@pytest.mark.parametrize("kind", ["sparse", "ragged"])
def test_sparse_and_ragged_are_refused(kind):
    with pytest.raises(ValueError, match="do not exist here"):
        KerasTensor((2,), **{kind: True})


OPERATORS = {
    "add": (lambda x: x + 1, (None, 3), "float32"),
    "right_subtract": (lambda x: 1.0 - x, (None, 3), "float32"),
    "array_first": (lambda x: np.ones((3,), "float32") * x, (None, 3), "float32"),
    "divide": (lambda x: x / 2, (None, 3), "float32"),
    "power": (lambda x: x**2, (None, 3), "float32"),
    "negative": (lambda x: -x, (None, 3), "float32"),
    "absolute": (abs, (None, 3), "float32"),
    "compare": (lambda x: x > 0, (None, 3), "bool"),
    "invert": (lambda x: ~(x > 0), (None, 3), "bool"),
    "matmul": (lambda x: x @ np.ones((3, 5), "float32"), (None, 5), "float32"),
    "index": (lambda x: x[:, 0], (None,), "float32"),
    "new_axis": (lambda x: x[:, None], (None, 1, 3), "float32"),
    "first": (lambda x: x[0], (3,), "float32"),
    "transposed": (lambda x: x.T, (3, None), "float32"),
    "reshape": (lambda x: x.reshape(-1, 3, 1), (None, 3, 1), "float32"),
    "astype": (lambda x: x.astype("int32"), (None, 3), "int32"),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_give_keras_tensors(name):
    operator, shape, dtype = OPERATORS[name]
    result = operator(Input((3,)))
    assert isinstance(result, KerasTensor)
    assert (result.shape, result.dtype) == (shape, dtype)


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (float, r"`float\(\)`"),
        (int, r"`int\(\)`"),
        (bool, "`if`"),
        (len, r"`len\(\)`"),
        (np.asarray, "a NumPy function"),
    ],
)
def test_there_is_no_value_to_read(use, text):
    with pytest.raises((TypeError, ValueError), match=f"no value, so {text}") as error:
        use(KerasTensor((None, 3)))
    assert "Lambda" in str(error.value)


def test_a_known_first_axis_has_a_length_and_rows():
    x = Input(batch_shape=(2, 3))
    assert len(x) == 2
    first, second = x
    assert first.shape == second.shape == (3,)


def test_masks_are_settable():
    x = Input((4, 2))
    mask = Input((4,), dtype="bool")
    x._keras_mask = mask
    assert x._keras_mask is mask
    assert layers.Dropout(0.1)(x)._keras_mask is mask
    assert ops.relu(x)._keras_mask is None


def test_where_a_tensor_comes_from():
    inputs = Input((3,))
    layer = layers.Dense(2)
    result = layer(inputs)
    operation, node_index, tensor_index = result._keras_history
    assert (operation, node_index, tensor_index) == (layer, 0, 0)
