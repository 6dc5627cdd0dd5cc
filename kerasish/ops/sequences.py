"""Tensors of Python values, tensors without values yet, numbers in geometric series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.contract import Array
from kerasish.errors import explain
from kerasish.graph.tensor import Tensor
from kerasish.ops.creation import Shape, zeros, zeros_like
from kerasish.ops.declare import convert, operand
from kerasish.ops.elementwise import (
    add,
    divide,
    equal,
    multiply,
    power,
    subtract,
    where,
)
from kerasish.ops.floats import float_dtype
from kerasish.ops.shape import cast, moveaxis


def array(x: Any, dtype: Any = None) -> Any:
    """Return x, an array, a number or nested lists of them, as a tensor.

    Args:
        x: Any value `convert_to_tensor` takes.
        dtype: Dtype name; by default x's own, of lists int32 or `floatx()`.

    Example:
        >>> array([1, 2], dtype="float32").tolist()
        [1.0, 2.0]
    """
    return convert(x, dtype)


def empty(shape: Shape, dtype: Any = None) -> Array:
    """Return a tensor whose values nobody should read; they are zeros here."""
    return zeros(shape, dtype)


def empty_like(x: Any, dtype: Any = None) -> Array:
    """Return a tensor of x's shape and dtype whose values nobody should read."""
    return zeros_like(x, dtype)


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return numbers whose logarithms are evenly spaced: base**start to base**stop.

    Args:
        start: Exponent of the first number; a tensor gives a series for each element.
        stop: Exponent of the last, or of the one after it.
        num: How many numbers.
        endpoint: Whether `stop` belongs to them.
        base: Of the powers; it broadcasts with `start` and `stop`.
        dtype: Dtype of the result; by default that in which the exponents meet.
        axis: Axis of the result along which a series lies.

    Example:
        >>> logspace(0, 3, 4).tolist()
        [1.0, 10.0, 100.0, 1000.0]
    """

    def at(share: Any, first: Any, last: Any, own_base: Any) -> Any:
        exponent = add(multiply(first, subtract(1, share)), multiply(last, share))
        return power(own_base, exponent)

    return _series(at, (start, stop, base), num, endpoint, dtype, axis)


def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return numbers of which each is the one before times the same factor.

    Args:
        start: The first number; a tensor gives a series for each element.
        stop: The last, or the one after it, of the same sign; neither is 0.
        num: How many numbers.
        endpoint: Whether `stop` belongs to them.
        dtype: Dtype of the result; by default that in which `start` and `stop` meet.
        axis: Axis of the result along which a series lies.

    Example:
        >>> geomspace(1, 8, 4).tolist()
        [1.0, 2.0, 4.0, 8.0]
    """

    def at(share: Any, first: Any, last: Any) -> Any:
        reached = multiply(first, power(divide(last, first), share))
        return where(equal(share, 1), last, reached)  # exactly

    return _series(at, (start, stop), num, endpoint, dtype, axis)


def _series(
    at: Callable[..., Any],
    given: Sequence[Any],
    num: int,
    endpoint: bool,
    dtype: Any,
    axis: int,
) -> Any:
    """Return a function of even shares of the way, and of the values given.

    Raises:
        ValueError: `num` is negative.
    """
    if num < 0:
        raise ValueError(
            explain("A series has no negative number of numbers.", got=f"num={num}")
        )
    operands = [operand(x) for x in given]
    own = float_dtype(*operands)
    traced = any(isinstance(x, Tensor) for x in operands)
    # values known now are computed in float64, whatever they become
    compute = own if traced else "float64"
    ndim = max(len(x.shape) for x in operands)
    share = np.arange(num) / max(num - 1 if endpoint else num, 1)
    share = share.reshape((-1,) + (1,) * ndim)
    values = at(convert(share, compute), *(convert(x, compute) for x in operands))
    return cast(moveaxis(values, 0, axis), own if dtype is None else dtype)
