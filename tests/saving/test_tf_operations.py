"""Functions of TensorFlow in files of Keras 2: what they become, and refusals."""

import json

import numpy as np
import pytest

from kerasish.errors import FileFormatError
from kerasish.models import model_from_json
from kerasish.models.function_config import function_of
from kerasish.saving import tf_operations
from kerasish.saving.tf_operations import translated

X = np.array([[-1.5, 0.25, 2.0], [0.5, -0.75, 1.0]], "float32")


def held(function, *tensors, name="op", **kwargs):
    """Return a layer as Keras 2 wrote it, called on outputs of other layers."""
    tensors = tensors or ("entry",)
    nodes = [[tensor, 0, 0, kwargs] for tensor in tensors]
    return {
        "class_name": "TFOpLambda",
        "config": {"name": name, "trainable": True, "function": function},
        "name": name,
        "inbound_nodes": nodes if len(tensors) == 1 else [nodes],
    }


def model_of(function, **kwargs):
    """Return a model of Keras 2 with one function."""
    entry = {
        "class_name": "InputLayer",
        "config": {"batch_input_shape": [None, 3], "dtype": "float32", "name": "entry"},
        "name": "entry",
        "inbound_nodes": [],
    }
    config = {
        "name": "old",
        "layers": [entry, held(function, **kwargs)],
        "input_layers": [["entry", 0, 0]],
        "output_layers": [["op", 0, 0]],
    }
    text = json.dumps({"class_name": "Functional", "config": config})
    return model_from_json(text)


def computed(function, **kwargs):
    """Return what a model of Keras 2 with one function makes of X."""
    return np.asarray(model_of(function, **kwargs)(X))


CASES = [
    ("math.add", {"y": 2.0}, X + 2),
    ("__operators__.add", {"y": [1.0, 2.0, 3.0]}, X + np.arange(1, 4)),
    ("math.subtract", {"y": 0.5}, X - 0.5),
    ("math.multiply", {"y": 3}, X * 3),
    ("math.truediv", {"y": 4.0}, X / 4),
    ("math.pow", {"y": 2}, X**2),
    ("math.maximum", {"y": 0.1}, np.maximum(X, 0.1)),
    ("math.greater", {"y": 0.0}, X > 0),
    ("nn.relu", {}, np.maximum(X, 0)),
    ("compat.v1.nn.relu", {}, np.maximum(X, 0)),
    ("nn.leaky_relu", {"alpha": 0.1}, np.where(X > 0, X, 0.1 * X)),
    ("math.abs", {}, np.abs(X)),
    ("math.reduce_sum", {"axis": 1, "keepdims": True}, X.sum(1, keepdims=True)),
    ("math.reduce_mean", {"axis": [0, 1]}, X.mean()),
    ("keras.backend.mean", {"axis": 1}, X.mean(1)),
    ("clip_by_value", {"clip_value_min": -1, "clip_value_max": 1}, X.clip(-1, 1)),
    ("expand_dims", {"axis": 1}, X[:, None]),
    ("reshape", {"shape": [-1, 3, 1]}, X[..., None]),
    ("transpose", {"perm": [1, 0]}, X.T),
    ("tile", {"multiples": [1, 2]}, np.tile(X, (1, 2))),
    ("reverse", {"axis": [1]}, X[:, ::-1]),
    ("pad", {"paddings": [[0, 0], [1, 0]]}, np.pad(X, ((0, 0), (1, 0)))),
    ("gather", {"indices": [2, 0], "axis": 1}, X[:, [2, 0]]),
    ("argmax", {"axis": 1}, X.argmax(1)),
    ("cast", {"dtype": "int32"}, X.astype("int32")),
    ("math.cumsum", {"axis": 1}, X.cumsum(1)),
]


@pytest.mark.parametrize(("function", "kwargs", "expected"), CASES)
def test_what_a_function_becomes(function, kwargs, expected):
    np.testing.assert_allclose(computed(function, **kwargs), expected, rtol=1e-6)


def test_a_list_of_one_input_was_the_input_itself_in_keras_2():
    config = model_of("nn.relu").get_config()
    assert config["input_layers"] == ["entry", 0, 0]
    assert config["output_layers"] == ["op", 0, 0]


def test_a_slice():
    part = {"start": 1, "stop": None, "step": None}
    whole = {"start": None, "stop": None, "step": None}
    got = computed("__operators__.getitem", slice_spec=[whole, part])
    np.testing.assert_array_equal(got, X[:, 1:])


@pytest.mark.parametrize(
    "function",
    ["image.resize", "math.bessel_i0", "py_function", "numpy_function", "io.read_file"],
)
def test_other_functions_are_refused_with_layer_place_and_advice(function):
    with pytest.raises(FileFormatError) as caught:
        computed(function)
    lines = str(caught.value).splitlines()
    assert lines[0].endswith(
        "'op' calls a function of TensorFlow that has no counterpart here."
    )
    assert f"tf.{function} on the output of 'entry'" in lines[1]
    assert "reductions" in lines[2]
    assert "keras.ops" in lines[3]
    assert "load_weights" in lines[3]


@pytest.mark.parametrize("argument", ["batch_dims", "exclusive", "reverse"])
def test_an_argument_without_counterpart_is_refused(argument):
    with pytest.raises(FileFormatError, match="no counterpart"):
        translated(held("math.cumsum", **{argument: 1}))


@pytest.mark.parametrize("nodes", [[], None, [5], [["entry"]], [[["a", 0, 0]]], {}])
def test_a_damaged_call_is_refused(nodes):
    layer = {**held("concat"), "inbound_nodes": nodes}
    with pytest.raises(FileFormatError, match=r"The call of 'op' \(tf.concat\) is dam"):
        translated(layer)


def test_every_function_of_the_table_exists_here():
    classes = {
        *tf_operations._UNARY.values(),
        *tf_operations._BINARY.values(),
        *tf_operations._REDUCTIONS.values(),
        *(class_name for class_name, _ in tf_operations._OTHERS.values()),
    }
    missing = [
        name
        for name in sorted(classes)
        if function_of({"class_name": name, "module": "keras.src.ops.numpy"}) is None
    ]
    assert missing == []
