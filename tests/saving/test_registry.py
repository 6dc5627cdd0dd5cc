import pytest

from kerasish import initializers, layers
from kerasish.saving.registry import (
    Configurable,
    Directory,
    class_key,
    custom_object_scope,
    find,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    known_names,
    register_keras_serializable,
    snake_case,
)


class Base(Configurable):
    def __init__(self, name=None, rate=0.5):
        self.name, self.rate = name, rate


class Derived(Base):
    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size


def test_a_config_is_read_off_the_constructor():
    made = Derived(3, rate=0.1)
    assert made.get_config() == {"size": 3, "rate": 0.1}
    made.size = 4
    assert made.get_config()["size"] == 4
    assert Derived.from_config(made.get_config()).rate == 0.1


def test_a_wrong_call_raises_the_usual_error():
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        Derived()


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Dense", "dense"),
        ("Conv2D", "conv2d"),
        ("PReLU", "p_re_lu"),
        ("LSTM", "lstm"),
        ("RMSprop", "rm_sprop"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("SpatialDropout1D", "spatial_dropout1d"),
        ("TFSMLayer", "tfsm_layer"),
        ("MultiHeadAttention", "multi_head_attention"),
    ],
)
def test_snake_case_is_that_of_keras(name, snake):
    assert snake_case(name) == snake


def test_a_users_class_is_found_by_its_registered_name(monkeypatch):
    monkeypatch.setattr("kerasish.saving.registry._CUSTOM", {})
    monkeypatch.setattr("kerasish.saving.registry._CUSTOM_NAMES", {})
    register_keras_serializable("mine", "Other")(Derived)
    assert find("Derived", registered_name="mine>Other") is Derived
    assert get_registered_name(Derived) == "mine>Other"
    assert get_registered_object("mine>Other") is Derived
    assert get_custom_objects() == {"mine>Other": Derived}
    assert class_key(Derived) == (__name__, "Derived", "mine>Other")
    assert "mine>Other" in known_names()


def test_scopes_nest_and_win_over_what_is_registered():
    with custom_object_scope({"Dense": Base}):
        with custom_object_scope({"Dense": Derived}):
            assert find("Dense", "keras.layers") is Derived
        assert find("Dense", "keras.layers") is Base
        assert get_registered_object("Dense") is Base
    assert find("Dense", "keras.layers") is layers.Dense
    assert get_registered_object("Dense") is None
    assert get_registered_object("Dense", module_objects={"Dense": Base}) is Base


def test_builtin_classes_have_keras_modules():
    assert class_key(layers.Dense) == ("keras.layers", "Dense", None)
    assert class_key(initializers.Zeros) == ("keras.initializers", "Zeros", None)
    assert class_key(Derived) == (__name__, "Derived", "Derived")


def test_a_class_without_a_config_cannot_be_registered():
    with pytest.raises(ValueError, match=r"cannot be registered[^$]*get_config"):
        register_keras_serializable()(type("Bare", (), {}))


@pytest.fixture
def directory():
    made = Directory("test thing", "tests.things", make_instances=True)
    made.add("base")(Base)

    @made.add()
    def twice(x):
        return 2 * x

    return made


def test_a_directory_reads_back_what_it_writes(directory):
    twice = directory.get("twice")
    assert twice(3) == 6
    assert directory.serialize(twice) == "twice"
    for config in ("twice", {"class_name": "function", "config": "twice"}):
        assert directory.deserialize(config) is twice
    full = {
        "module": "builtins",
        "class_name": "function",
        "config": "twice",
        "registered_name": "function",
    }
    assert directory.deserialize(full) is twice
    config = directory.serialize(Base(rate=0.25))
    assert config["module"] == "tests.things"
    assert directory.deserialize(config).rate == 0.25


def test_a_class_is_known_in_every_spelling_of_keras(directory):
    class RMSthing(Base):
        pass

    directory.add("rms")(RMSthing)
    for name in ("RMSthing", "rmsthing", "rm_sthing", "rms"):
        assert type(directory.get(name)) is RMSthing


def test_a_directory_knows_the_users_functions(directory):
    def mine(x):
        return x

    config = directory.serialize(mine)
    assert config["config"] == "mine"
    assert directory.deserialize(config, {"mine": mine}) is mine
    with custom_object_scope({"mine": mine}):
        assert directory.get("mine") is mine


def test_a_subclass_is_written_under_its_own_module(directory):
    config = directory.serialize(Derived(2))
    assert (config["module"], config["registered_name"]) == (__name__, "Derived")


def test_an_unknown_name_names_the_nearest(directory):
    with pytest.raises(ValueError, match="did you mean 'twice'"):
        directory.get("twic")
    with pytest.raises(ValueError, match="Cannot understand this test thing"):
        directory.get(3.5)
