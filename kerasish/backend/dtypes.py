"""Dtype names and their promotion, as Keras has them.

Dtypes are strings ("float32"). `"int"`, `"float"` and `"bool"` alone stand for Python
scalars: they are *weak*, that is, they give way to the dtype of an array. The lattice
    is
the one JAX documents and Keras adopted: a float of any width wins over an int of any
width.
"""

from __future__ import annotations

import functools
from typing import Any

from kerasish.errors import DTypeError, unknown_name

UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
SIGNED = ("int8", "int16", "int32", "int64")
FLOATS = ("float16", "float32", "float64")
ALL = ("bool", *UNSIGNED, *SIGNED, *FLOATS)
_WEAK = {"int": "int32", "float": None, "bool": "bool"}
_BYTES = {name: int("".join(c for c in name if c.isdigit()) or 8) // 8 for name in ALL}

_names: dict[Any, str] = {}


def dtype_name(dtype: Any) -> str:
    """Return the name of a dtype given as string, NumPy dtype or Python type.

    Raises:
        DTypeError: `dtype` is not one of ours (strings, objects, complex numbers, ...).
    """
    try:
        return _names[dtype]
    except (KeyError, TypeError):
        return _remember(dtype)


def _remember(dtype: Any) -> str:
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", dtype)
    name = {"bool_": "bool", "str_": "string"}.get(str(name), str(name))
    if name not in ALL and name not in _WEAK:
        raise DTypeError(unknown_name("dtype", name, ALL))
    _names[dtype] = name
    return name


def is_float(dtype: str) -> bool:
    """Return whether a dtype name is a floating one (the weak "float" included)."""
    return dtype.startswith("float")


def is_weak(dtype: str) -> bool:
    """Return whether a dtype name stands for a Python int or float."""
    return dtype in ("int", "float")


def size_of(dtype: str) -> int:
    """Return the bytes of one element."""
    return _BYTES[dtype]


def strong(dtype: str, floatx: str) -> str:
    """Return `dtype`, or the default array dtype of a weak one."""
    if dtype == "float":
        return floatx
    return "int32" if dtype == "int" else dtype


@functools.cache
def promote(dtypes: frozenset[str], floatx: str) -> str:
    """Return the dtype in which these dtypes meet; weak if all are weak."""
    floats = [d for d in dtypes if is_float(d)]
    if floats:
        firm = [d for d in floats if d != "float"]
        if firm:
            return max(firm, key=FLOATS.index)
        return "float" if dtypes <= {"float", "int", "bool"} else floatx
    return _promote_ints([d for d in dtypes if d != "bool"], floatx)


def _promote_ints(dtypes: list[str], floatx: str) -> str:
    if not dtypes:
        return "bool"
    firm = [d for d in dtypes if d != "int"]
    signed = [SIGNED.index(d) for d in firm if d in SIGNED]
    unsigned = [UNSIGNED.index(d) for d in firm if d in UNSIGNED]
    if not firm:
        return "int"
    if not signed:
        return UNSIGNED[max(unsigned)]
    if not unsigned:
        return SIGNED[max(signed)]
    width = max(max(signed), max(unsigned) + 1)
    return SIGNED[width] if width < len(SIGNED) else floatx
