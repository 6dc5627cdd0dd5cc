"""New tensors, and the way between host and tensor."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import set_floatx
from kerasish.errors import DTypeError
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish.graph.variable import Variable


def test_new_tensors_have_floatx_unless_told():
    for make in (ops.zeros, ops.ones, ops.eye, ops.identity, ops.tri):
        assert make(2).dtype == "float32"
        assert make(2, dtype="int8").dtype == "int8"
    set_floatx("float16")
    assert ops.zeros(2).dtype == "float16"


def test_ranges_are_whole_if_their_ends_are():
    assert ops.arange(3).dtype == "int32"
    assert ops.arange(3.0).dtype == "float32"
    assert ops.arange(0, 1, 0.5).tolist() == [0, 0.5]
    assert ops.arange(5, 0, -2).tolist() == [5, 3, 1]


def test_triangles_keep_infinity_out():
    x = np.array([[1.0, np.inf], [np.nan, 2.0]])
    assert ops.tril(np.array([[1.0, np.inf], [3.0, 4.0]])).tolist() == [[1, 0], [3, 4]]
    assert ops.triu(x)[1, 0] == 0


def test_triangles_keep_the_dtype():
    for dtype in ("int32", "bool", "float16"):
        assert ops.tril(np.ones((2, 2), dtype)).dtype == dtype


def test_lists_become_tensors():
    assert ops.convert_to_tensor([[1, 2], [3, 4]]).dtype == "int32"
    assert ops.convert_to_tensor([1.0, 2]).dtype == "float32"
    assert ops.convert_to_tensor([True]).dtype == "bool"
    assert ops.convert_to_tensor([1, 2], dtype="float16").dtype == "float16"


def test_arrays_keep_their_dtype():
    for dtype in ("float64", "int8", "uint32", "bool"):
        assert ops.convert_to_tensor(np.ones(2, dtype)).dtype == dtype


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint8"])
def test_arrays_in_a_list_keep_theirs(backend, dtype):
    found = ops.convert_to_tensor([np.ones(2, dtype), np.zeros(2, dtype)])
    assert found.dtype == dtype
    assert backend.to_host(found).tolist() == [[1, 1], [0, 0]]


def test_lists_of_tensors_are_stacked():
    graph = trace(lambda x: ops.add([x, x], 1), [Spec((3,), "float32")])
    assert graph.outputs[0].shape == (2, 3)
    v = Variable([1.0, 2.0])
    assert ops.convert_to_tensor([v, v]).tolist() == [[1, 2], [1, 2]]


@pytest.mark.parametrize(
    "value", ["text", ["a", "b"], object(), 1j, np.datetime64(1, "s")]
)
def test_what_is_no_number_is_refused(value):
    with pytest.raises(DTypeError) as caught:
        ops.convert_to_tensor(value)
    text = str(caught.value)
    assert "This value cannot become a tensor." in text
    assert type(value).__name__ in text
    assert "numbers or booleans" in text


def test_none_is_refused():
    with pytest.raises(TypeError, match="An operation was given None"):
        ops.add(None, 1)


def test_a_large_python_number_takes_the_arrays_dtype():
    assert ops.add(np.float16(1).reshape(1), 1e6).dtype == "float16"


def test_convert_to_numpy():
    for value in (np.ones(2), [1.0, 1.0], Variable([1.0, 1.0])):
        host = ops.convert_to_numpy(value)
        assert type(host) is np.ndarray
        assert host.tolist() == [1, 1]


def test_a_symbolic_tensor_has_no_numpy_value():
    with pytest.raises(TypeError, match="has no value yet"):
        trace(lambda x: ops.convert_to_numpy(x), [Spec((3,), "float32")])


@pytest.mark.usefixtures("on_numpy")
def test_tensors_and_their_forms():
    def function(x):
        assert ops.is_tensor(x)
        assert (ops.shape(x), ops.ndim(x), ops.size(x)) == ((2, 3), 2, 6)
        assert ops.dtype(x) == "float32"

    trace(function, [Spec((2, 3), "float32")])
    assert ops.is_tensor(np.ones(2))
    assert not ops.is_tensor([1.0])
    assert not ops.is_tensor(1.0)
