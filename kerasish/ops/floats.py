"""Operands as floats: what is defined on real numbers takes whole ones too."""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes, floatx
from kerasish.ops import rules
from kerasish.ops.declare import convert, operand


def float_dtype(*xs: Any) -> str:
    """Return the float dtype in which tensors meet, `floatx()` if all are whole."""
    dtype = rules.promoted(*(operand(x) for x in xs))
    return dtypes.strong(dtype, floatx()) if dtypes.is_float(dtype) else floatx()


def as_floats(*xs: Any) -> list[Any]:
    """Return tensors in the float dtype in which they meet."""
    values = [operand(x) for x in xs]
    dtype = float_dtype(*values)
    return [convert(x, dtype) for x in values]


def as_float(x: Any) -> Any:
    """Return a tensor as floats: whole numbers become `floatx()`."""
    return as_floats(x)[0]
