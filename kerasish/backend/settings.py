"""The documented global settings: float type, epsilon and image layout.

Read here and nowhere else. Defaults are Keras's; `KERAS_HOME/keras.json` is not read.
"""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import unknown_name

_FLOAT_TYPES = ("float16", "float32", "float64")
_IMAGE_FORMATS = ("channels_last", "channels_first")
_settings: dict[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
}


def floatx() -> str:
    """Return the default float dtype ("float32" unless changed)."""
    return str(_settings["floatx"])


def set_floatx(value: str) -> None:
    """Set the default float dtype: "float16", "float32" or "float64"."""
    if value not in _FLOAT_TYPES:
        raise ValueError(unknown_name("float dtype", value, _FLOAT_TYPES))
    _settings["floatx"] = value


def epsilon() -> float:
    """Return the fuzz factor that keeps logarithms and quotients finite (1e-7)."""
    return float(_settings["epsilon"])


def set_epsilon(value: float) -> None:
    """Set the fuzz factor."""
    _settings["epsilon"] = float(value)


def image_data_format() -> str:
    """Return the default image layout ("channels_last" unless changed)."""
    return str(_settings["image_data_format"])


def set_image_data_format(data_format: str) -> None:
    """Set the default image layout: "channels_last" or "channels_first"."""
    if data_format not in _IMAGE_FORMATS:
        raise ValueError(unknown_name("data format", data_format, _IMAGE_FORMATS))
    _settings["image_data_format"] = data_format


def standardize_dtype(dtype: Any) -> str:
    """Return a dtype's name; None gives `floatx()`, Python types their default."""
    if dtype is None:
        return floatx()
    return dtypes.strong(dtypes.dtype_name(dtype), floatx())


def result_type(*given: Any) -> str:
    """Return the dtype in which values of these dtypes meet (Python types are weak)."""
    names = frozenset(dtypes.dtype_name(d) for d in given)
    if not names:
        return floatx()
    return dtypes.strong(dtypes.promote(names, floatx()), floatx())
