"""The documented global settings: float type, epsilon, image layout, limits, switches.

Read here and nowhere else. Defaults are Keras's; `KERAS_HOME/keras.json` is not read,
the environment variables `KERAS_MAX_EPOCHS` and `KERAS_MAX_STEPS_PER_EPOCH` are.
"""

from __future__ import annotations

import os
from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import explain, unknown_name

_FLOAT_TYPES = ("float16", "float32", "float64")
_IMAGE_FORMATS = ("channels_last", "channels_first")


def _check_limit(name: str, value: Any) -> int | None:
    """Return a limit as a number, or None for no limit."""
    number = value
    if isinstance(value, str) and value.isdecimal():
        number = int(value)
    if number is None or (isinstance(number, int) and number > 0):
        return number
    raise ValueError(
        explain(
            f"`{name}` cannot be limited to this.",
            got=repr(value),
            expected="an integer from 1, or None for no limit",
        )
    )


_settings: dict[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "flash_attention": None,
    "traceback_filtering": True,
    "max_epochs": _check_limit("max_epochs", os.environ.get("KERAS_MAX_EPOCHS")),
    "max_steps_per_epoch": _check_limit(
        "max_steps_per_epoch", os.environ.get("KERAS_MAX_STEPS_PER_EPOCH")
    ),
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


def max_epochs() -> int | None:
    """Return the most epochs a call of `fit` may take; None for no limit."""
    limit: int | None = _settings["max_epochs"]
    return limit


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit the epochs of every `fit`, to try out a script; None takes the limit away.

    The environment variable `KERAS_MAX_EPOCHS` does the same for a whole run.

    Raises:
        ValueError: It is not a positive integer.
    """
    _settings["max_epochs"] = _check_limit("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """Return the most batches of one epoch, `evaluate` or `predict`; None: no limit."""
    limit: int | None = _settings["max_steps_per_epoch"]
    return limit


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit the batches of every epoch, `evaluate` and `predict`; None: no limit.

    The environment variable `KERAS_MAX_STEPS_PER_EPOCH` does the same for a whole run.

    Raises:
        ValueError: It is not a positive integer.
    """
    limit = _check_limit("max_steps_per_epoch", max_steps_per_epoch)
    _settings["max_steps_per_epoch"] = limit


def is_flash_attention_enabled() -> bool | None:
    """Return whether attention may be computed blockwise; None: nobody has chosen."""
    chosen: bool | None = _settings["flash_attention"]
    return chosen


def enable_flash_attention() -> None:
    """Let attention layers compute blockwise where a backend has a kernel for it."""
    _settings["flash_attention"] = None


def disable_flash_attention() -> None:
    """Keep attention layers from computing blockwise."""
    _settings["flash_attention"] = False


def is_traceback_filtering_enabled() -> bool:
    """Return the switch of `enable_traceback_filtering` (True unless changed)."""
    return bool(_settings["traceback_filtering"])


def enable_traceback_filtering() -> None:
    """Turn the switch on. It is kept for scripts: no traceback is ever shortened."""
    _settings["traceback_filtering"] = True


def disable_traceback_filtering() -> None:
    """Turn the switch off; see `enable_traceback_filtering`."""
    _settings["traceback_filtering"] = False


def standardize_dtype(dtype: Any) -> str:
    """Return a dtype's name; None gives `floatx()`, Python types their default."""
    if dtype is None:
        return floatx()
    return dtypes.strong(dtypes.dtype_name(dtype), floatx())


def is_float_dtype(dtype: Any) -> bool:
    """Return whether a dtype is floating."""
    return dtypes.is_float(standardize_dtype(dtype))


def is_int_dtype(dtype: Any) -> bool:
    """Return whether a dtype is one of whole numbers, signed or not."""
    return standardize_dtype(dtype).startswith(("int", "uint"))


def result_type(*given: Any) -> str:
    """Return the dtype in which values of these dtypes meet (Python types are weak)."""
    names = frozenset(dtypes.dtype_name(d) for d in given)
    if not names:
        return floatx()
    return dtypes.strong(dtypes.promote(names, floatx()), floatx())


def dtype_policy() -> str:
    """Return the name of the dtype policy of layers that are given none."""
    return str(_settings.get("dtype_policy") or floatx())


def set_dtype_policy(name: str) -> None:
    """Set the dtype policy of layers that are given none."""
    _settings["dtype_policy"] = name
