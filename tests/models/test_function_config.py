"""Functions in models: what the file of a model says of them, and what is made of it.

`tests/parity/test_op_nodes.py` holds nearly all of them to real Keras.
"""

import json

import numpy as np
import pytest

from kerasish import Input, Model, ops
from kerasish.models import model_from_json
from kerasish.models.function_config import (
    full_arguments,
    function_of,
    is_of_the_call,
    known_settings,
)

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], "float32")


def written(function):
    """Return the last entry of a model's config, and the model."""
    x = Input((3,))
    model = Model(x, function(x))
    return json.loads(model.to_json())["config"]["layers"][-1], model


@pytest.mark.parametrize(
    ("function", "module", "class_name"),
    [
        (ops.relu, "nn", "Relu"),
        (ops.rsqrt, "math", "Rsqrt"),
        (ops.stop_gradient, "core", "StopGradient"),
        (lambda x: ops.cast(x, "int32"), "core", "Cast"),
        (lambda x: ops.norm(x, axis=1), "linalg", "Norm"),
        (lambda x: ops.expand_dims(x, 1), "numpy", "ExpandDims"),
        (lambda x: ops.isin(x, x), "numpy", "IsIn"),
        (lambda x: ops.rms_normalization(x), "nn", "RMSNorm"),
        (lambda x: ops.rearrange(x, "b (c d) -> b c d", d=1), "einops", "Rearrange"),
    ],
)
def test_a_function_is_written_where_keras_has_its_class(function, module, class_name):
    entry, model = written(function)
    assert entry["module"] == f"keras.src.ops.{module}"
    assert entry["class_name"] == entry["registered_name"] == class_name
    again = model_from_json(model.to_json())
    np.testing.assert_array_equal(np.asarray(again(X)), np.asarray(model(X)))


def test_settings_stand_in_the_config_and_the_rest_in_the_call():
    entry, _ = written(lambda x: ops.pad(x, ((0, 0), (1, 1)), constant_values=2.0))
    assert set(entry["config"]) == {"name", "pad_width", "mode"}
    call = entry["inbound_nodes"][0]
    assert len(call["args"]) == 1
    assert call["kwargs"] == {"constant_values": 2.0}


def test_a_parameter_may_be_a_setting_of_one_function_alone():
    assert is_of_the_call(ops.add, "x1")
    assert is_of_the_call(ops.right_shift, "x")
    assert not is_of_the_call(ops.roll, "shift")
    assert not is_of_the_call(ops.allclose, "rtol")
    assert is_of_the_call(ops.isclose, "rtol")


def test_arguments_are_put_together_in_our_order():
    # Keras's call has (x, mean, variance, offset, scale), our function `axis` between
    args, kwargs = full_arguments(
        ops.batch_normalization, {"axis": 1}, ["x", "m", "v", "o", "s"], {}
    )
    assert args == []
    assert kwargs == {
        "x": "x",
        "mean": "m",
        "variance": "v",
        "offset": "o",
        "scale": "s",
        "axis": 1,
    }
    args, kwargs = full_arguments(ops.einsum, {"subscripts": "ij->ji"}, ["x"], {})
    assert (args, kwargs) == (["ij->ji", "x"], {})
    args, kwargs = full_arguments(ops.add, {}, ["a", "b"], {})
    assert (args, kwargs) == (["a", "b"], {})


def test_unknown_settings_are_dropped():
    config = {"axis": 1, "keepdims": True, "of_another_version": 3}
    assert known_settings(ops.sum, config) == {"axis": 1, "keepdims": True}


@pytest.mark.parametrize(
    ("class_name", "name"),
    [("Add", "add"), ("IsIn", "isin"), ("CTCLoss", "ctc_loss"), ("Map", None)],
)
def test_functions_are_found_by_the_names_of_keras(class_name, name):
    held = {"class_name": class_name, "module": "keras.src.ops.numpy"}
    found = function_of(held)
    assert (found and found.__name__) == name


def test_other_modules_hold_no_functions():
    assert function_of({"class_name": "Add", "module": "keras.layers"}) is None
    assert function_of({"class_name": "Add", "module": "os.path"}) is None
