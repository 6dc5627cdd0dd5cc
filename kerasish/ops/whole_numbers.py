"""Divisors and multiples of whole numbers, and NumPy's names for bit operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.backend import dtypes
from kerasish.errors import DTypeError, explain
from kerasish.graph.tensor import Spec
from kerasish.ops import rules
from kerasish.ops.declare import Array, convert, elementwise
from kerasish.ops.elementwise import bitwise_xor, left_shift, logical_not, right_shift


def _numbers(name: str, x1: Any, x2: Any) -> Spec:
    form = rules.same(x1, x2)
    if dtypes.is_float(form.dtype) or form.dtype == "bool":
        raise DTypeError(
            explain(
                f"{name} is defined on whole numbers.",
                got=f"{x1.dtype} and {x2.dtype}",
                fix="cast to an integer dtype first",
            )
        )
    return form


@elementwise
def gcd(x1: Array, x2: Array) -> Spec:
    """Return the greatest common divisor, never negative; that of 0 and 0 is 0."""
    return _numbers("gcd", x1, x2)


@elementwise
def lcm(x1: Array, x2: Array) -> Spec:
    """Return the least common multiple, never negative; with 0 it is 0."""
    return _numbers("lcm", x1, x2)


for _op in (gcd, lcm):
    _op.no_gradient("defined on whole numbers")


def bitwise_not(x: Any) -> Any:
    """Return x with every bit changed; of truth values, the opposite.

    Args:
        x: Whole numbers or truth values.

    Raises:
        DTypeError: x is floating.

    Example:
        >>> bitwise_not([5, -1]).tolist()
        [-6, 0]
    """
    x = convert(x)
    dtype = dtypes.dtype_name(x.dtype)
    if dtype == "bool":
        return logical_not(x)
    every_bit = int(np.iinfo(dtype).max) if dtype in dtypes.UNSIGNED else -1
    return bitwise_xor(x, convert(every_bit, None if dtypes.is_float(dtype) else dtype))


def bitwise_invert(x: Any) -> Any:
    """Return x with every bit changed: `bitwise_not`."""
    return bitwise_not(x)


def bitwise_left_shift(x: Any, y: Any) -> Any:
    """Return x's bits moved up by y places: `left_shift`."""
    return left_shift(x, y)


def bitwise_right_shift(x: Any, y: Any) -> Any:
    """Return x's bits moved down by y places: `right_shift`."""
    return right_shift(x, y)
