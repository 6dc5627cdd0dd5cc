"""The documented global settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kerasish import ops
from kerasish.backend import (
    epsilon,
    floatx,
    image_data_format,
    result_type,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    settings,
    standardize_dtype,
)
from kerasish.errors import DTypeError


def test_defaults_are_kerass():
    assert floatx() == "float32"
    assert epsilon() == 1e-7
    assert image_data_format() == "channels_last"


def test_floatx_is_what_python_floats_become():
    set_floatx("float64")
    assert ops.convert_to_tensor(1.5).dtype == "float64"
    assert ops.zeros((2,)).dtype == "float64"
    assert standardize_dtype(None) == "float64"
    assert standardize_dtype(float) == "float64"


def test_set_epsilon_takes_any_number():
    set_epsilon(1)
    assert epsilon() == 1.0
    assert isinstance(epsilon(), float)


def test_image_data_format_is_one_of_two():
    set_image_data_format("channels_first")
    assert image_data_format() == "channels_first"
    with pytest.raises(ValueError, match="did you mean 'channels_last'"):
        set_image_data_format("channel_last")


def test_floatx_is_a_float():
    with pytest.raises(ValueError, match="Unknown float dtype 'int32'"):
        set_floatx("int32")
    assert floatx() == "float32"


def test_standardize_dtype_knows_python_types_and_strings():
    assert standardize_dtype("int8") == "int8"
    assert standardize_dtype(int) == "int32"
    assert standardize_dtype(bool) == "bool"


def test_unknown_dtype_is_told_the_nearest():
    with pytest.raises(DTypeError, match="did you mean 'float32'"):
        standardize_dtype("flot32")


def test_result_type_of_nothing_is_floatx():
    assert result_type() == "float32"


def test_result_type_of_python_types_alone_is_their_default():
    assert result_type(int) == "int32"
    assert result_type(float) == "float32"
    assert result_type(bool, int) == "int32"
    assert result_type(int, float) == "float32"


@pytest.fixture
def same_limits():
    yield
    settings.set_max_epochs(None)
    settings.set_max_steps_per_epoch(None)
    settings.enable_flash_attention()
    settings.enable_traceback_filtering()


@pytest.mark.usefixtures("same_limits")
@pytest.mark.parametrize("name", ["max_epochs", "max_steps_per_epoch"])
class TestLimits:
    def test_there_are_none_by_default(self, name):
        assert getattr(settings, name)() is None

    def test_set_and_taken_away(self, name):
        for limit in (3, None):
            getattr(settings, f"set_{name}")(limit)
            assert getattr(settings, name)() == limit

    @pytest.mark.parametrize("limit", [0, -1, 1.5, "many"])
    def test_positive_integers_only(self, name, limit):
        with pytest.raises(ValueError, match=f"`{name}` cannot be limited") as error:
            getattr(settings, f"set_{name}")(limit)
        assert f"got:      {limit!r}" in str(error.value)
        assert getattr(settings, name)() is None

    def test_read_from_the_environment(self, name):
        script = f"from kerasish.backend import settings; print(settings.{name}())"
        finished = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {f"KERAS_{name.upper()}": "7"},
            cwd=Path(settings.__file__).parents[2],
            check=False,
        )
        assert finished.stdout == "7\n"


@pytest.mark.usefixtures("same_limits")
def test_switches():
    # as in Keras: None means that nobody has chosen
    assert settings.is_flash_attention_enabled() is None
    settings.disable_flash_attention()
    assert settings.is_flash_attention_enabled() is False
    settings.enable_flash_attention()
    assert settings.is_flash_attention_enabled() is None
    assert settings.is_traceback_filtering_enabled() is True
    settings.disable_traceback_filtering()
    assert settings.is_traceback_filtering_enabled() is False
