"""Operations: called on data they compute, on symbolic tensors they are remembered."""

import numpy as np
import pytest

from kerasish import Input, KerasTensor, Operation, layers, ops
from kerasish.ops.operation import OpFunction, node_of, output_spec


class Scaled(Operation):
    """An operation as users write it."""

    def __init__(self, factor, name=None):
        super().__init__(name=name)
        self.factor = factor

    def call(self, x):
        return x * self.factor


class Halves(Operation):
    def call(self, x, axis=-1):
        return ops.split(x, 2, axis=axis)


def test_names_are_the_class_s_numbered():
    assert [Scaled(2.0).name, Scaled(2.0).name] == ["scaled", "scaled_1"]
    assert Scaled(2.0, name="own").name == "own"


def test_data_is_computed_and_symbols_are_remembered():
    operation = Scaled(3.0)
    np.testing.assert_array_equal(operation(np.ones(2)), [3, 3])
    assert operation._inbound_nodes == []
    x = Input((4,))
    y = operation(x)
    assert (y.shape, y.dtype) == ((None, 4), "float32")
    assert node_of(y).operation is operation
    assert node_of(y).inputs == [x]
    assert (operation.input, operation.output) == (x, y)


def test_several_results_and_keyword_arguments():
    operation = Halves()
    first, second = operation(Input((4, 6)), axis=1)
    assert first.shape == second.shape == (None, 2, 6)
    assert node_of(first) is node_of(second)
    assert second._keras_history.tensor_index == 1
    assert operation.output == [first, second]


def test_the_config_is_read_off_the_constructor():
    assert Scaled(2.0, name="s").get_config() == {"factor": 2.0, "name": "s"}
    assert Scaled.from_config({"factor": 2.0, "name": "s"}).factor == 2.0


def test_an_operation_without_call_says_to_define_it():
    class Nothing(Operation):
        pass

    with pytest.raises(NotImplementedError, match=r"define call\(self"):
        Nothing()(np.ones(2))


@pytest.mark.parametrize("attribute", ["input", "output"])
def test_what_was_never_called_has_no_ends(attribute):
    with pytest.raises(AttributeError, match=f"'d' has no {attribute}: it was never"):
        getattr(layers.Dense(2, name="d"), attribute)


def test_a_tensor_out_of_nothing_has_no_node():
    with pytest.raises(ValueError, match="comes out of no layer"):
        node_of(KerasTensor((2,)))


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: ops.reshape(x, (-1, 12)), (None, 12)),
        (lambda x: ops.reshape(x, (ops.shape(x)[0], -1)), (None, 12)),
        (lambda x: ops.concatenate([x, x], axis=0), (None, 3, 4)),
        (lambda x: ops.mean(x, axis=(0, 1)), (4,)),
        (lambda x: x[:, 0], (None, 4)),
        (lambda x: ops.transpose(x), (4, 3, None)),
        (lambda x: ops.zeros((2, 5)), (2, 5)),
    ],
)
def test_unknown_lengths_stay_unknown(function, shape):
    assert output_spec(function, (KerasTensor((None, 3, 4)),), {}).shape == shape


def test_two_unknown_lengths():
    spec = output_spec(
        lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))),
        (KerasTensor((None, None, 4)),),
        {},
    )
    assert spec.shape == (None, None, None)


def test_functions_of_ops_are_operations_of_their_name():
    x = Input((3,))
    one, two = ops.expand_dims(x, -1), ops.expand_dims(x, 0)
    operations = [node_of(t).operation for t in (one, two)]
    assert all(isinstance(op, OpFunction) for op in operations)
    assert [op.name for op in operations] == ["expand_dims", "expand_dims_1"]
    assert operations[0].kind == "ExpandDims"


def test_messages_say_none_where_a_length_is_unknown():
    with pytest.raises(ValueError, match=r"\(None, 3\), \(None, 4\)"):
        ops.concatenate([Input((3,)), Input((4,))], axis=0)
    with pytest.raises(ValueError, match=r"\(None, 3\)"):
        Input((3,)) + Input((4,))
