"""What all draws are made of: uniform and normal values from a key, shapes, dtypes.

A key is used once. An operation that needs several independent numbers per element
draws all of them as one array and splits it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.backend import standardize_dtype
from kerasish.errors import DTypeError, explain
from kerasish.random.seed import SeedGenerator

Seed = int | SeedGenerator | None
Shape = int | Sequence[int]

WORD_BITS = 32
# Random bits in a float of [0, 1): as many as its significand holds, so that every
# value is exact and none rounds up to 1.
_DIGITS = {"float16": 11, "float32": 24}
_TURNS = (ops.cos, ops.sin)


def unit(key: Any, shape: tuple[int, ...], dtype: str) -> Any:
    """Return values of U[0, 1), all of them exact multiples of one power of two."""
    if dtype == "float64":
        return _unit_double(key, shape)
    digits = _DIGITS[dtype]
    bits = ops.right_shift(ops.random_bits(key, shape), WORD_BITS - digits)
    return ops.multiply(ops.cast(bits, dtype), 2.0**-digits)


def _unit_double(key: Any, shape: tuple[int, ...]) -> Any:
    """Return values of U[0, 1) with 53 random bits: 27 of one word, 26 of another."""
    size = math.prod(shape)
    first, second = ops.split(ops.random_bits(key, (2 * size,)), [size])
    high = ops.multiply(ops.cast(ops.right_shift(first, 5), "float64"), 2.0**-27)
    low = ops.multiply(ops.cast(ops.right_shift(second, 6), "float64"), 2.0**-53)
    return ops.reshape(ops.add(high, low), shape)


def box_muller(key: Any, shape: tuple[int, ...], dtype: str) -> Any:
    """Return values of N(0, 1), two from each pair of uniform ones."""
    size = math.prod(shape)
    half = (size + 1) // 2
    u1, u2 = ops.split(unit(key, (2 * half,), dtype), [half])
    values = normals(u1, u2)
    if size < 2 * half:
        values = ops.split(values, [size])[0]
    return ops.reshape(values, shape)


def normals(u1: Any, u2: Any) -> Any:
    """Return twice as many values of N(0, 1) as there are pairs of U[0, 1), flat."""
    # 1 - u1 is exact and never zero
    radius = ops.sqrt(ops.multiply(ops.log(ops.subtract(1.0, u1)), -2.0))
    angle = ops.multiply(u2, 2.0 * math.pi)
    return ops.concatenate([ops.multiply(radius, turn(angle)) for turn in _TURNS])


def as_shape(shape: Shape) -> tuple[int, ...]:
    """Return a shape as a tuple; a lone number is that of a vector."""
    return (shape,) if isinstance(shape, int) else tuple(shape)


def float_dtype(who: str, dtype: Any) -> str:
    """Return the name of a floating dtype; None means `floatx()`.

    Raises:
        DTypeError: It is not floating.
    """
    name: str = standardize_dtype(dtype)
    if not name.startswith("float"):
        raise DTypeError(wrong_dtype(who, name, "a floating dtype"))
    return name


def wide_dtype(dtype: str) -> str:
    """Return the dtype to compute in: float16 lacks the digits for a tail."""
    return "float32" if dtype == "float16" else dtype


def wrong_dtype(who: str, dtype: str, expected: str) -> str:
    """Return the message for a dtype that cannot be drawn."""
    return explain(
        f"{who} cannot draw values of this dtype.", got=dtype, expected=expected
    )
