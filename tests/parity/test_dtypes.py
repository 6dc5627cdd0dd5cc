"""Dtypes meet, and operations answer, in the dtypes Keras answers in.

Where 64 bits come out here, Keras answers with the 32 bits of the same kind, and so do
these tests. Keras is asked symbolically: that takes microseconds, on JAX a computation
takes a compilation.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import itertools

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import dtypes, result_type, standardize_dtype
from kerasish.graph.tensor import CONSTANT, Tensor

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32"}
PYTHON = (bool, int, float)
FLOATS = ("float16", "float32")
WHOLE = ("uint8", "int8", "int16", "uint32", "int32")
ALL = ("bool", *WHOLE, *FLOATS)

UNARY = {
    ALL: "square absolute sum prod mean std var max min any all argmax argmin cumsum "
    "cumprod floor isnan sort argsort sqrt exp log tanh logical_not ones_like "
    "zeros_like copy sin ceil arctan",
    (*WHOLE, *FLOATS): "relu round",
    (*WHOLE, "float32"): "reciprocal logsumexp",
    FLOATS: "sigmoid softmax log_softmax softplus erf rsqrt gelu silu elu selu "
    "negative sign",
}
BINARY = {
    ALL: "add multiply maximum minimum equal less divide true_divide mod arctan2 "
    "logical_and",
    (*WHOLE, *FLOATS): "matmul subtract floor_divide power",
    WHOLE: "bitwise_and bitwise_or left_shift",
    ("int32", *FLOATS): "dot outer",
}


def narrow(name):
    return NARROW.get(str(name), str(name))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_result_type(count):
    for names in itertools.combinations_with_replacement((*dtypes.ALL, *PYTHON), count):
        theirs = keras.backend.result_type(*names)
        assert narrow(result_type(*names)) == theirs, names


def test_standardize_dtype():
    for name in (*dtypes.ALL, *PYTHON, None, np.float32, np.dtype("int8")):
        assert standardize_dtype(name) == keras.backend.standardize_dtype(name)


def cases(table):
    return [(name, group) for group, names in table.items() for name in names.split()]


def ours(name, *forms):
    """Return the dtype an operation gives, here, for dtypes or Python numbers."""
    symbols = [
        Tensor(CONSTANT, (), {}, (2, 2), form) if isinstance(form, str) else form
        for form in forms
    ]
    return narrow(getattr(ops, name)(*symbols).dtype)


def theirs(name, *forms):
    symbols = [
        keras.KerasTensor((2, 2), form) if isinstance(form, str) else form
        for form in forms
    ]
    return getattr(keras.ops, name)(*symbols).dtype


@pytest.mark.parametrize(("name", "group"), cases(UNARY))
def test_result_of_one(name, group):
    for dtype in group:
        assert ours(name, dtype) == theirs(name, dtype), dtype


@pytest.mark.parametrize(("name", "group"), cases(BINARY))
def test_result_of_two(name, group):
    for pair in itertools.product(group, repeat=2):
        assert ours(name, *pair) == theirs(name, *pair), pair


@pytest.mark.parametrize("name", ["add", "multiply", "divide", "maximum", "power"])
@pytest.mark.parametrize("number", [2, 2.5])
def test_result_with_a_python_number(name, number):
    for dtype in (*WHOLE, *FLOATS):
        for pair in ((dtype, number), (number, dtype)):
            assert ours(name, *pair) == theirs(name, *pair), dtype


@pytest.mark.parametrize("value", [1, 2.5, True, [1, 2], [1.0, 2], [True, False]])
def test_python_values_become_tensors(value):
    mine, other = ops.convert_to_tensor(value), keras.ops.convert_to_tensor(value)
    assert mine.dtype == other.dtype
