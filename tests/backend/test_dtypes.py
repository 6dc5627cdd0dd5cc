"""Dtype names and their promotion; that it is Keras's, is in tests/parity."""

import itertools

import numpy as np
import pytest

from kerasish.backend import dtypes
from kerasish.errors import DTypeError

EVERY = (*dtypes.ALL, "int", "float")


def promote(*names):
    return dtypes.promote(frozenset(names), "float32")


@pytest.mark.parametrize("name", dtypes.ALL)
def test_name_of_strings_dtypes_and_scalar_types(name):
    assert dtypes.dtype_name(name) == name
    assert dtypes.dtype_name(np.dtype(name)) == name
    assert dtypes.dtype_name(np.dtype(name).type) == name


def test_python_types_have_weak_names():
    assert [dtypes.dtype_name(t) for t in (int, float, bool)] == [
        "int",
        "float",
        "bool",
    ]


@pytest.mark.parametrize("dtype", ["complex64", "object", "<U3", "datetime64[s]"])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(DTypeError, match="Unknown dtype"):
        dtypes.dtype_name(np.dtype(dtype))


@pytest.mark.parametrize("name", dtypes.ALL)
def test_size_is_numpys(name):
    assert dtypes.size_of(name) == np.dtype(name).itemsize


def test_promotion_of_one_is_itself():
    for name in EVERY:
        assert promote(name) == name


def test_promotion_is_commutative_and_idempotent():
    for first, second in itertools.product(EVERY, repeat=2):
        met = promote(first, second)
        assert met == promote(second, first)
        assert promote(met, first) == met


def test_promotion_is_associative_for_arrays():
    # weak dtypes are not: int meets uint8 in uint8, but int alone is int32
    for a, b, c in itertools.product(dtypes.ALL, repeat=3):
        if is_mixed_64(a, b, c):
            continue  # uint64 and a signed dtype meet in floatx, which forgets the size
        assert promote(promote(a, b), c) == promote(a, promote(b, c))


def is_mixed_64(*names):
    return "uint64" in names and any(n in dtypes.SIGNED for n in names)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("uint8", "int8", "int16"),
        ("uint32", "int8", "int64"),
        ("uint64", "int8", "float32"),
        ("int64", "float16", "float16"),
        ("float32", "float", "float32"),
        ("int8", "int", "int8"),
        ("int8", "float", "float32"),
        ("bool", "int", "int"),
        ("bool", "uint8", "uint8"),
        ("float16", "float64", "float64"),
    ],
)
def test_promotion_of_two(first, second, expected):
    assert promote(first, second) == expected


def test_weak_dtypes_become_firm():
    assert dtypes.strong("int", "float64") == "int32"
    assert dtypes.strong("float", "float64") == "float64"
    assert dtypes.strong("uint8", "float64") == "uint8"
    assert [n for n in EVERY if dtypes.is_weak(n)] == ["int", "float"]


def test_floats_are_known():
    assert {n for n in EVERY if dtypes.is_float(n)} == {*dtypes.FLOATS, "float"}
