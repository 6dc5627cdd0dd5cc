"""Reading pickled arrays without running what a file says.

Python's unpickler calls whatever function a file names. Here a file may name only what
NumPy's arrays are rebuilt with, and gets stand-ins of ours for it, which check what
they are given: the result holds numbers, strings, lists, dicts and arrays of these, and
nothing else. That is enough for the data sets of Keras that are published as pickles.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import IO, Any, Literal

import numpy as np

from kerasish.errors import FileFormatError, explain

_NUMBERS = {kind + size for kind in "iuf" for size in "248"} | {"b1", "i1", "u1"}
_ORDERS = "<>|="
_ERRORS = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    KeyError,
    OverflowError,
    MemoryError,
)


def load(file: IO[bytes], name: str) -> Any:
    """Return what is pickled in a file: arrays, and plain Python values.

    Args:
        file: Open binary file. Strings of Python 2 come back as bytes.
        name: Of the file, for messages.

    Raises:
        FileFormatError: The file is damaged, or names a function or class.
    """
    try:
        return _Unwrapper()(_Reader(file, encoding="bytes").load())
    except RecursionError as error:
        raise _refused(name, "values nested too deeply") from error
    except _ERRORS as error:
        raise _refused(name, str(error) or type(error).__name__) from error


def _refused(name: str, got: str) -> FileFormatError:
    return FileFormatError(
        explain(
            f"{name} is damaged, or not what it should be.",
            got=got,
            expected="arrays of numbers, and lists and dicts of them",
            fix="delete the file, and load again to download it",
        )
    )


class _Array:
    """An array in the making: a file gives the values after the object."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: np.ndarray | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, values = state
        shape = tuple(int(size) for size in shape)
        order: Literal["C", "F"] = "F" if fortran else "C"
        if dtype.name == "O8":
            flat = _object_array(values)
        else:
            flat = np.frombuffer(_as_bytes(values), dtype.order + dtype.name)
        if flat.size != math.prod(shape):
            raise ValueError(f"{flat.size} values for an array of shape {shape}")
        self.value = flat.reshape(shape, order=order).copy()


def _object_array(values: Any) -> np.ndarray:
    if not isinstance(values, list):
        raise ValueError(f"a {type(values).__name__} where a list is expected")
    flat = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):  # assigned at once, lists would be spread
        flat[index] = value
    return flat


class _DType:
    """The dtype of an array in the making; its byte order comes after the object."""

    __slots__ = ("name", "order")

    def __init__(self, name: Any) -> None:
        self.name = _as_bytes(name).decode("ascii")
        self.order = "|"
        if self.name != "O8" and self.name not in _NUMBERS:
            raise ValueError(f"the dtype {self.name!r}")

    def __setstate__(self, state: Any) -> None:
        order = _as_bytes(state[1]).decode("ascii")
        if order not in _ORDERS or len(order) != 1 or any(state[2:5]):
            raise ValueError(f"a dtype with the state {state!r}")
        self.order = order


class _Maker:
    """Stands for a function that a file may call; cannot be changed by the file."""

    __slots__ = ("_make",)
    _make: Callable[..., Any]

    def __init__(self, make: Any) -> None:
        object.__setattr__(self, "_make", make)

    def __call__(self, *arguments: Any) -> Any:
        return self._make(*arguments)

    def __setattr__(self, name: str, value: Any) -> None:
        raise ValueError("a change to a function")

    def __setstate__(self, state: Any) -> None:
        raise ValueError("a change to a function")


def _as_bytes(text: Any) -> bytes:
    """Return bytes; Python 2's come back as bytes, Python 3's names as str."""
    if isinstance(text, bytes):
        return text
    if isinstance(text, str):
        return text.encode("latin1")
    raise ValueError(f"a {type(text).__name__} where bytes are expected")


_MAKERS = {
    "_reconstruct": _Maker(lambda *_: _Array()),
    "ndarray": _Maker(lambda *_: _Array()),
    "dtype": _Maker(lambda name, *_: _DType(name)),
    # how Python 3 writes bytes in a pickle that Python 2 can read
    "encode": _Maker(lambda text, *_: _as_bytes(text)),
}
_KNOWN = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return our stand-in for a name in a file."""
        if (module, name) in _KNOWN:
            return _MAKERS[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is not called")


class _Unwrapper:
    """Puts arrays in place of those in the making, each shared part once."""

    def __init__(self) -> None:
        # A file may share one list a million times; copies would fill the memory.
        self._done: dict[int, Any] = {}

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, (_Array, list, tuple, dict, _Maker, _DType)):
            return value
        if id(value) not in self._done:
            self._done[id(value)] = self._unwrap(value)
        return self._done[id(value)]

    def _unwrap(self, value: Any) -> Any:
        if isinstance(value, _Array):
            return self._array(value)
        if isinstance(value, dict):
            return {key: self(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self(item) for item in value)
        raise ValueError("a function or dtype as a value")

    def _array(self, made: _Array) -> np.ndarray:
        if made.value is None:
            raise ValueError("an array without values")
        if made.value.dtype != object:
            return made.value
        items = [self(item) for item in made.value.ravel()]
        return _object_array(items).reshape(made.value.shape)
