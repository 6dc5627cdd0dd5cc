"""`keras.config`: the settings gathered for users."""

import pytest

import kerasish as keras
from kerasish import config


def test_every_name_is_there():
    for name in config.__all__:
        assert callable(getattr(config, name))


def test_unsafe_deserialization_changes_nothing():
    with pytest.warns(UserWarning, match=r"changes nothing.*custom_objects"):
        config.enable_unsafe_deserialization()


def test_nnx_is_never_in_use():
    assert config.is_nnx_enabled() is False


def test_limits_are_those_of_the_settings():
    config.set_max_epochs(2)
    try:
        assert config.max_epochs() == 2
    finally:
        config.set_max_epochs(None)


def test_functions_of_keras_backend():
    backend = keras.backend
    assert backend.backend() == config.backend()
    assert [backend.get_uid("a"), backend.get_uid("a"), backend.get_uid()] == [1, 2, 1]
    backend.clear_session()
    assert backend.get_uid("a") == 1
    assert backend.is_int_dtype("uint8")
    assert not backend.is_int_dtype("float16")
    assert backend.is_float_dtype("float16")
    assert backend.is_keras_tensor(keras.Input((2,)))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = backend.nothing
