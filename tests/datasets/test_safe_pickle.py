"""Pickles are read without running what they say."""

import collections
import io
import os
import pickle
import pickletools

import numpy as np
import pytest

from kerasish.datasets import safe_pickle
from kerasish.errors import FileFormatError


def load(content):
    return safe_pickle.load(io.BytesIO(content), "made-up file")


def objects(*items):
    array = np.empty(len(items), dtype=object)
    for index, item in enumerate(items):
        array[index] = item
    return array


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["u1", "<i4", ">i8", "<f4", ">f8", "bool", "f2"])
def test_arrays(protocol, dtype):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    for variant in (array, array.T, np.asfortranarray(array), array[:, ::2]):
        found = load(pickle.dumps(variant, protocol))
        assert found.dtype == variant.dtype
        np.testing.assert_array_equal(found, variant)
        found[...] = 0  # the caller's own


@pytest.mark.parametrize("items", [([1, 2], [3]), ([1, 2], [3, 4]), ()])
def test_arrays_of_lists(items):
    found = load(pickle.dumps(objects(*items), 4))
    assert (found.dtype, found.shape) == (object, (len(items),))
    assert found.tolist() == list(items)


def test_plain_values():
    value = {"a": [1, 2.5, None, True], b"b": (b"x", {"c": np.arange(3)})}
    found = load(pickle.dumps(value, 4))
    assert found["a"] == value["a"]
    assert found[b"b"][1]["c"].tolist() == [0, 1, 2]


# As Python 2 wrote it: {'data': uint8 array [[1, 2], [3, 255]], 'labels': [7, 8]}
PYTHON_2 = (
    b"(dp0\nS'data'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n"
    b"(cnumpy\nndarray\np3\n(I0\ntS'b'\ntRp4\n(I1\n(I2\nI2\ntcnumpy\ndtype\np5\n"
    b"(S'u1'\nI0\nI1\ntRp6\n(I3\nS'|'\nNNNI-1\nI-1\nI0\ntbI00\n"
    b"S'\\x01\\x02\\x03\\xff'\ntbsS'labels'\n(lp7\nI7\naI8\nas."
)


def test_pickles_of_python_2():
    found = load(PYTHON_2)
    assert found[b"labels"] == [7, 8]
    assert found[b"data"].dtype == np.uint8
    assert found[b"data"].tolist() == [[1, 2], [3, 255]]


class Trap:
    """Runs something when it is unpickled by Python's own reader."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "value",
    [
        Trap(os.getcwd),
        Trap(eval, "1"),
        Trap(np.array, [1]),
        Trap(np.ones, 3),
        [Trap(pickle.loads, b"N.")],
        {"a": np.array([Trap(os.getcwd)], dtype=object)},
        collections.OrderedDict(a=1),
        np.float64(3),
        np.dtype("f4,i4"),
        np.datetime64(1, "s"),
        pytest.fail,
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_nothing_is_called(value, protocol):
    with pytest.raises(FileFormatError, match="made-up file is damaged") as error:
        load(pickle.dumps(value, protocol))
    assert "expected: arrays of numbers" in str(error.value)
    assert "fix:      delete the file" in str(error.value)


def operations(*codes):
    return b"".join(codes) + b"."


NDARRAY = b"cnumpy\nndarray\n"
DTYPE = b"cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb"
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(" + NDARRAY + b"(I0\ntS'b'\ntR"


def state(shape, values, dtype=DTYPE):
    return b"(I1\n(" + shape + b"t" + dtype + b"I00\n" + values + b"tb"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        # a function of ours is given a state, an attribute, or is the result
        (operations(NDARRAY, b"(dS'x'\nI1\nsb"), "a change to a function"),
        (operations(NDARRAY, b"(N(dS'_make'\nI1\nstb"), "a change to a function"),
        (operations(NDARRAY), "a function or dtype as a value"),
        (operations(b"(lp0\n", DTYPE, b"a"), "a function or dtype as a value"),
        (operations(ARRAY), "an array without values"),
        (operations(ARRAY, state(b"I2\nI2\n", b"S'abc'\n")), "3 values for an array"),
        (operations(ARRAY, state(b"I-1\n", b"S''\n")), "0 values for an array"),
        (operations(ARRAY, state(b"I3\n", b"I3\n")), "where bytes are expected"),
        (
            operations(b"cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR"),
            "the dtype 'V8'",
        ),
        (operations(b"I1\n", b"P5\n"), "persistent"),
    ],
)
def test_refused(content, message):
    with pytest.raises(FileFormatError, match=message):
        load(content)


def test_objects_need_a_list():
    dtype = DTYPE.replace(b"u1", b"O8")
    with pytest.raises(FileFormatError, match="where a list is expected"):
        load(operations(ARRAY, state(b"I3\n", b"S'abc'\n", dtype)))


def test_shared_parts_are_not_copied():
    # 2 ** 60 entries, if each were copied
    shared = [0]
    for _ in range(60):
        shared = [shared, shared]
    found = load(pickle.dumps(shared))
    assert found[0] is found[1]


def test_endless_nesting():
    endless = []
    endless.append(endless)
    with pytest.raises(FileFormatError, match="nested too deeply"):
        load(pickle.dumps(endless))


def test_every_cut_is_told():
    content = pickle.dumps({"data": np.arange(50), "labels": [1, 2]}, 3)
    pickletools.dis(content, io.StringIO())  # it is a whole pickle
    for length in range(0, len(content) - 1, 7):
        with pytest.raises(FileFormatError):
            load(content[:length])
