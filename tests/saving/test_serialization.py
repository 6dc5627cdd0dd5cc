import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish import activations, initializers, layers, losses
from kerasish.errors import FileFormatError
from kerasish.saving.registry import (
    Configurable,
    custom_object_scope,
    register_keras_serializable,
)
from kerasish.saving.serialization import (
    deserialize_keras_object,
    dtype_of,
    lookup_class,
    serialize_config,
    serialize_dtype,
    serialize_keras_object,
)


@register_keras_serializable("tests")
class Registered(Configurable):
    def __init__(self, size=1, name=None):
        self.size, self.name = size, name


class Unregistered(Registered):
    pass


class Sharp(layers.Dense):
    pass


@register_keras_serializable("tests")
def registered_function(x):
    return x


def plain_function(x):
    return x


def function_config(name):
    return {
        "module": "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": "function",
    }


# What keras.saving.serialize_keras_object of Keras 3.15.1 returned for each.
OBSERVED = [
    (None, None),
    (True, True),
    ("relu", "relu"),
    (np.float32(0.1), 0.10000000149011612),
    (np.int64(3), 3),
    ((1, (2.0, 3)), [1, [2.0, 3]]),
    ({"a": (1, 2)}, {"a": [1, 2]}),
    (b"ab", {"class_name": "__bytes__", "config": {"value": "ab"}}),
    (
        slice(1, 2),
        {"class_name": "__slice__", "config": {"start": 1, "stop": 2, "step": None}},
    ),
    (..., {"class_name": "__ellipsis__", "config": {}}),
    (
        np.arange(3.0),
        {
            "class_name": "__numpy__",
            "config": {"value": [0.0, 1.0, 2.0], "dtype": "float64"},
        },
    ),
    (activations.relu, function_config("relu")),
    (losses.mean_squared_error, function_config("mean_squared_error")),
    (registered_function, function_config("tests>registered_function")),
    (plain_function, function_config("plain_function")),
    (
        initializers.Zeros(),
        {
            "module": "keras.initializers",
            "class_name": "Zeros",
            "config": {},
            "registered_name": None,
        },
    ),
]


@pytest.mark.parametrize(("value", "config"), OBSERVED, ids=lambda v: str(v)[:20])
def test_values_are_written_as_keras_writes_them(value, config):
    assert serialize_keras_object(value) == config


@pytest.mark.parametrize("value", [slice(1, 2), ..., b"ab", {"a": [1, None, "x"]}])
def test_values_come_back(value):
    text = json.dumps(serialize_keras_object(value))
    assert deserialize_keras_object(json.loads(text)) == value


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=3).map(lambda b: bytes(v & 127 for v in b))
    | st.builds(slice, st.none() | st.integers(0, 9), st.integers(0, 9))
)
STRUCTURES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "config", "name"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(STRUCTURES)
def test_any_structure_of_values_comes_back(value):
    text = json.dumps(serialize_keras_object(value))
    assert deserialize_keras_object(json.loads(text)) == value


def test_arrays_come_back_with_their_dtype():
    value = np.array([[1, 2], [3, 4]], "int8")
    back = deserialize_keras_object(serialize_keras_object(value))
    assert back.dtype == "int8"
    np.testing.assert_array_equal(back, value)


def test_a_builtin_function_in_a_config_is_its_name():
    config = serialize_config({"activation": activations.relu, "n": np.int32(2)})
    assert config == {"activation": "relu", "n": 2}
    own = serialize_config({"activation": registered_function})
    assert own == {"activation": function_config("tests>registered_function")}


@pytest.mark.parametrize("value", [1 + 2j, {1, 2}, object(), layers.Dense])
def test_what_has_no_config_is_named(value):
    with pytest.raises(
        TypeError, match=r"cannot be part of a config.*\n  got:.*of type"
    ):
        serialize_keras_object(value)


def test_a_lambda_is_refused_when_saved():
    with pytest.raises(ValueError, match="A lambda cannot be saved"):
        serialize_keras_object(lambda x: x)


def test_registered_and_unregistered_classes_carry_their_names():
    registered = serialize_keras_object(Registered(2))
    assert registered["registered_name"] == "tests>Registered"
    assert registered["config"] == {"size": 2, "name": None}
    plain = serialize_keras_object(Unregistered())
    assert plain["registered_name"] == "Unregistered"
    assert plain["module"] == __name__


def test_a_subclass_of_a_builtin_does_not_pass_for_it():
    config = serialize_keras_object(Sharp(2))
    assert (config["module"], config["class_name"]) == (__name__, "Sharp")
    with pytest.raises(FileFormatError, match="Unknown class 'Sharp'"):
        deserialize_keras_object(config)
    assert type(deserialize_keras_object(config, {"Sharp": Sharp})) is Sharp
    with custom_object_scope({"Sharp": Sharp}):
        assert type(deserialize_keras_object(config)) is Sharp


def test_objects_come_back():
    config = serialize_keras_object([Registered(3), layers.Dense(4, name="d")])
    mine, dense = deserialize_keras_object(json.loads(json.dumps(config)))
    assert (type(mine), mine.size) == (Registered, 3)
    assert (type(dense), dense.units, dense.name) == (layers.Dense, 4, "d")


def test_functions_come_back():
    for function in (activations.relu, losses.mean_squared_error, registered_function):
        assert deserialize_keras_object(serialize_keras_object(function)) is function
    config = serialize_keras_object(plain_function)
    found = deserialize_keras_object(config, {"plain_function": plain_function})
    assert found is plain_function


def test_a_built_layer_comes_back_built():
    layer = layers.Dense(4, name="d")
    layer(np.zeros((2, 3), "float32"))
    config = serialize_keras_object(layer)
    assert config["build_config"] == {"input_shape": [2, 3]}
    back = deserialize_keras_object(config)
    assert [w.shape for w in back.weights] == [(3, 4), (4,)]


@pytest.mark.parametrize(
    ("module", "class_name"),
    [
        ("keras.layers", "Dense"),
        ("keras.src.layers.core.dense", "Dense"),
        ("tf_keras.src.layers.core.dense", "Dense"),
        ("tensorflow.python.keras.layers", "Dense"),
        (None, "Dense"),
    ],
)
def test_modules_of_all_versions_lead_to_the_class(module, class_name):
    assert lookup_class(class_name, module) is layers.Dense


def test_a_foreign_module_never_leads_to_a_builtin():
    assert lookup_class("Dense", "my.package") is None
    assert lookup_class("Dense", "keras.losses") is None


def test_an_unknown_class_names_the_nearest_and_the_way_out():
    config = {"module": "keras.layers", "class_name": "Dens", "config": {}}
    with pytest.raises(FileFormatError) as caught:
        deserialize_keras_object(config)
    message = str(caught.value)
    assert "Unknown class 'Dens'" in message
    assert "Dense" in message
    assert "custom_objects={'Dens': Dens}" in message
    assert "register_keras_serializable" in message


def test_an_unknown_function_names_the_nearest():
    with pytest.raises(FileFormatError, match=r"Unknown function 'rleu'.*\n.*relu"):
        deserialize_keras_object(function_config("rleu"))


HOSTILE = [
    {"module": "os", "class_name": "system", "config": "true"},
    {"module": "builtins", "class_name": "eval", "config": {"source": "1"}},
    {"module": "keras.utils", "class_name": "get_file", "config": {}},
    {"module": "keras.activations", "class_name": "relu", "config": {}},
    {"module": "kerasish.saving.api", "class_name": "load_model", "config": {}},
    {"module": "builtins", "class_name": "type", "config": "float32"},
    {"class_name": "__typespec__", "config": {}},
]


@pytest.mark.parametrize("config", HOSTILE, ids=lambda c: c["class_name"])
def test_nothing_but_known_classes_is_ever_made(config):
    with pytest.raises(FileFormatError, match=r"Unknown class|never run from a file"):
        deserialize_keras_object(config)


@pytest.mark.parametrize("safe_mode", [True, False])
@pytest.mark.parametrize(
    "config",
    [
        {"class_name": "__lambda__", "config": {"value": ["4wEAAAA=", None, None]}},
        {"module": "keras.layers", "class_name": "Lambda", "config": {}},
        {"class_name": "function", "config": {"code": "4wEAAAA="}},
    ],
)
def test_code_is_refused_in_either_mode(config, safe_mode):
    with pytest.raises(
        FileFormatError, match=r"never run from a file[^$]*load_weights"
    ):
        deserialize_keras_object(config, safe_mode=safe_mode)


def test_a_class_that_refuses_its_config_is_named():
    config = {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"units": 3, "name": "d", "turbo": True},
    }
    with pytest.raises(FileFormatError, match=r"Dense 'd' cannot be made[^$]*turbo"):
        deserialize_keras_object(config)
    broken = {"module": "keras.layers", "class_name": "Dense", "config": 3}
    with pytest.raises(FileFormatError, match="'Dense' cannot be made"):
        deserialize_keras_object(broken)


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": "O"}},
        {"class_name": "__numpy__", "config": {"value": [1]}},
        {"class_name": "__bytes__", "config": {"value": 3}},
        {"class_name": "__slice__", "config": None},
    ],
)
def test_damaged_values_are_refused(config):
    with pytest.raises(FileFormatError, match="has a damaged config"):
        deserialize_keras_object(config)


def shared(config, number):
    return {**serialize_keras_object(config), "shared_object_id": number}


def test_one_shared_id_is_one_object():
    one = shared(Registered(1), 7)
    first, again = deserialize_keras_object([one, dict(one)])
    assert first is again


def test_a_reused_id_is_another_object():
    first, other = deserialize_keras_object(
        [shared(Registered(1), 7), shared(Registered(2), 7)]
    )
    assert (first.size, other.size) == (1, 2)


def test_shared_objects_are_forgotten_afterwards():
    config = shared(Registered(1), 7)
    assert deserialize_keras_object(config) is not deserialize_keras_object(config)


def test_dtypes_are_read_in_every_form():
    assert dtype_of("float16") == "float16"
    assert dtype_of(None) is None
    assert dtype_of(serialize_dtype("float64")) == "float64"
    old = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    assert dtype_of(old) == "mixed_float16"
    assert deserialize_keras_object(serialize_dtype("float16")).name == "float16"


def test_the_advice_of_a_constructor_is_the_only_one():
    config = {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, 1], "dtype": "string", "name": "text"},
        "registered_name": None,
    }
    with pytest.raises(FileFormatError, match="InputLayer 'text'") as caught:
        deserialize_keras_object(config)
    assert str(caught.value).count("fix:") == 1
    assert "look the strings up first" in str(caught.value)
