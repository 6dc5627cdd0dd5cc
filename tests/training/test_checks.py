"""What is checked before a step is compiled."""

import numpy as np
import pytest

from kerasish import Input, Model, Variable, layers, ops, optimizers
from kerasish.training.checks import refuse_own_steps, require_same_variables

X, Y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")


@pytest.mark.parametrize("kind", ["train", "test", "predict"])
def test_functions_that_keras_would_call_are_refused(kind):
    cls = type("Own", (), {f"make_{kind}_function": lambda self: None})
    with pytest.raises(ValueError, match=f"`Own.make_{kind}_function` would never"):
        refuse_own_steps(cls)
    refuse_own_steps(Model)


def test_an_optimizer_belongs_to_its_variables():
    first, second = Variable(1.0, name="first"), Variable(1.0, name="second")
    optimizer = optimizers.SGD()
    optimizer.build([first])
    require_same_variables(optimizer, [first])
    with pytest.raises(ValueError, match=r"not those its optimizer was built") as e:
        require_same_variables(optimizer, [first, second])
    assert "not in both: second" in str(e.value)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: ops.cast(ops.argsort(x), "float32"), "arg_sort"),
        (lambda x: ops.floor_divide(x, 0.5), "floor_divide"),
        (lambda x: ops.cast(ops.cast(x, "int32"), "float32"), "cast_to"),
        (lambda x: ops.cast(x > 0.5, "float32"), "greater"),
        (ops.stop_gradient, "stop_gradient"),
    ],
)
def test_operations_without_a_gradient_are_named_with_their_layer(function, name):
    class Blocking(layers.Layer):
        def call(self, inputs):
            return function(inputs)

    x = Input((3,))
    model = Model(x, Blocking(name="block")(layers.Dense(2, name="d")(x)))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=f"on the way: {name} in '.*block'") as error:
        model.fit(X, Y, verbose=0)
    assert "no gradient for any of the trainable weights" in str(error.value)


def test_no_loss_at_all():
    x = Input((3,))
    model = Model(x, layers.Dense(2)(x))
    model.compile("sgd")
    with pytest.raises(ValueError, match="There is no loss to train with"):
        model.fit(X, Y, verbose=0)
