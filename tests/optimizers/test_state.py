import numpy as np
import pytest

import kerasish
from kerasish import initializers, optimizers


def variables():
    return [
        kerasish.Variable(np.full(2, 3.0, "float32"), name=name, path=f"dense/{name}")
        for name in ("kernel", "bias")
    ]


def test_variables_from_a_reference():
    optimizer = optimizers.SGD()
    kernel, _ = variables()
    made = optimizer.add_variable_from_reference(kernel, "own", "ones")
    assert made.path == "sgd/dense_kernel_own"
    assert not made.trainable
    np.testing.assert_array_equal(made.numpy(), [1.0, 1.0])
    half = initializers.Constant(0.5)
    made = optimizer.add_variable_from_reference(kernel, "half", half)
    np.testing.assert_array_equal(made.numpy(), [0.5, 0.5])
    assert optimizer.variables[-1] is made


def test_variables_of_any_shape():
    optimizer = optimizers.SGD()
    made = optimizer.add_variable((2, 3), "ones", dtype="int32", name="counts")
    assert (made.path, made.shape, made.dtype) == ("sgd/counts", (2, 3), "int32")


def test_variables_for_all_trainable_ones():
    optimizer = optimizers.SGD()
    pair = variables()
    moves = optimizer.add_optimizer_variables(pair, "move")
    assert [v.name for v in moves] == ["dense_kernel_move", "dense_bias_move"]
    first, second = optimizer.add_optimizer_variables(
        pair, ["a", "b"], ["ones", "zeros"]
    )
    assert [v.name for v in optimizer.variables[-4:]] == [
        "dense_kernel_a",
        "dense_kernel_b",
        "dense_bias_a",
        "dense_bias_b",
    ]
    assert first[1].numpy().tolist() == [1.0, 1.0]
    assert second[0].numpy().tolist() == [0.0, 0.0]


def test_slots_begin_as_they_are_told_to():
    optimizer = optimizers.SGD()
    pair = variables()
    optimizer.build(pair)
    initial = {"copy": "variable", "one": "ones"}
    optimizer.add_slot("copy", "one", "zero", initial=initial)
    values = [optimizer.slot(n, pair[1]).numpy()[0] for n in ("copy", "one", "zero")]
    assert values == [3.0, 1.0, 0.0]


def test_the_state_can_be_set():
    one, two = optimizers.Adam(0.1), optimizers.Adam(0.2)
    for optimizer in (one, two):
        optimizer.build(variables())
    one.apply([np.ones(2, "float32")] * 2)
    two.set_weights([v.numpy() for v in one.variables])
    for a, b in zip(one.variables, two.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    with pytest.raises(ValueError, match=r"cannot take these weights(.|\n)*1 values"):
        two.set_weights([0])
