"""New tensors, and moving values between host and device."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend import dtypes, get_backend, standardize_dtype
from kerasish.backend.contract import Array
from kerasish.graph.memory_limit import claim
from kerasish.graph.tensor import Tensor
from kerasish.graph.variable import Variable
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import add, greater_equal, multiply, subtract, where
from kerasish.ops.floats import float_dtype
from kerasish.ops.shape import cast, moveaxis

Shape = int | Sequence[int]
_HOST = (bool, int, float, list, tuple, np.ndarray, np.generic)


def _new(host: Any, dtype: Any) -> Array:
    return get_backend().from_host(np.asarray(host).astype(standardize_dtype(dtype)))


def zeros(shape: Shape, dtype: Any = None) -> Array:
    """Return a tensor of zeros."""
    return full(shape, 0, dtype)


def ones(shape: Shape, dtype: Any = None) -> Array:
    """Return a tensor of ones."""
    return full(shape, 1, dtype)


def full(shape: Shape, fill_value: Any, dtype: Any = None) -> Array:
    """Return a tensor whose elements all are `fill_value`."""
    lengths = (shape,) if isinstance(shape, int) else tuple(shape)
    claim(lengths, "float64", keep=False)
    return _new(np.full(lengths, fill_value), dtype)


def _like(x: Any, value: Any, dtype: Any) -> Array:
    x = convert(x)
    return full(tuple(x.shape), value, dtype or dtypes.dtype_name(x.dtype))


def zeros_like(x: Any, dtype: Any = None) -> Array:
    """Return zeros of x's shape and dtype."""
    return _like(x, 0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Array:
    """Return ones of x's shape and dtype."""
    return _like(x, 1, dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Array:
    """Return a tensor of x's shape and dtype, all `fill_value`."""
    return _like(x, fill_value, dtype)


def arange(
    start: float,
    stop: float | None = None,
    step: float | None = None,
    dtype: Any = None,
) -> Array:
    """Return numbers from `start` (0 if alone) up to, not including, `stop`."""
    step = 1 if step is None else step
    first, last = (0, start) if stop is None else (start, stop)
    whole = all(isinstance(v, (int, np.integer)) for v in (first, last, step))
    if whole and step:
        claim((int((last - first) // step),), "float64", keep=False)
    return _new(np.arange(first, last, step), dtype or ("int32" if whole else None))


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return `num` evenly spaced numbers from `start` to `stop`.

    Args:
        start: The first; a number or an array.
        stop: The last, or the one after it.
        num: How many.
        endpoint: Whether `stop` is the last.
        retstep: Whether to return `(numbers, step)`.
        dtype: Dtype of the result.
        axis: Axis of the result along which they lie, if `start` is an array.
    """
    if not all(isinstance(value, _HOST) for value in (start, stop)):
        return _line(start, stop, num, endpoint, retstep, dtype, axis)
    claim((num, *np.shape(start)), "float64", keep=False)
    values, step = np.linspace(start, stop, num, endpoint, retstep=True, axis=axis)
    return (_new(values, dtype), _new(step, dtype)) if retstep else _new(values, dtype)


def _line(
    start: Any,
    stop: Any,
    num: int,
    endpoint: bool,
    retstep: bool,
    dtype: Any,
    axis: int,
) -> Any:
    """Return `linspace` of tensors, in ops."""
    own = float_dtype(start, stop)
    first, last = convert(start, own), convert(stop, own)
    parts = num - 1 if endpoint else num
    ndim = max(len(first.shape), len(last.shape))
    share = (np.arange(num) / max(parts, 1)).reshape((-1,) + (1,) * ndim)
    way = subtract(last, first)
    values = add(multiply(way, convert(share, own)), first)
    if endpoint and num > 1:
        values = where(share == 1, last, values)  # exactly
    values = cast(moveaxis(values, 0, axis), own if dtype is None else dtype)
    step = multiply(way, 1 / parts if parts > 0 else math.nan)
    return (values, cast(step, own if dtype is None else dtype)) if retstep else values


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Return ones on the k-th diagonal of an N x M matrix, zeros elsewhere."""
    claim((N, N if M is None else M), "float64", keep=False)
    return _new(np.eye(N, M, k), dtype)


def identity(n: int, dtype: Any = None) -> Array:
    """Return the n x n identity matrix."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Return ones at and below the k-th diagonal, zeros above."""
    claim((N, N if M is None else M), "float64", keep=False)
    return _new(np.tri(N, M, k), dtype)


def tril(x: Any, k: int = 0) -> Any:
    """Return x with zeros above the k-th diagonal of its last two axes."""
    x = convert(x)
    mask = tri(x.shape[-2], x.shape[-1], k, dtype="bool")
    return _masked(x, mask)


def triu(x: Any, k: int = 0) -> Any:
    """Return x with zeros below the k-th diagonal of its last two axes."""
    x = convert(x)
    rows, columns = x.shape[-2:]
    distance = np.arange(columns)[None, :] - np.arange(rows)[:, None]
    return _masked(x, greater_equal(distance.astype("int32"), k))


def _masked(x: Any, mask: Any) -> Any:
    # not a product with the mask: infinity times 0 is NaN
    return where(mask, x, convert(0, dtypes.dtype_name(x.dtype)))


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None) -> Any:
    """Return x as a tensor of the backend in force, cast to `dtype` if given."""
    return convert(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return x as a NumPy array on the host, a copy where it is not one already.

    Raises:
        TypeError: x is symbolic: it has no value yet.
    """
    if isinstance(x, Variable):
        return x.numpy()
    if type(x) is np.ndarray:
        return x
    backend = get_backend()
    if isinstance(x, backend.array_type):
        return backend.to_host(x)
    return np.asarray(x)


def is_tensor(x: Any) -> bool:
    """Return whether x is a tensor: a backend array or symbolic."""
    return isinstance(x, (Tensor, get_backend().array_type))


def shape(x: Any) -> tuple[int, ...]:
    """Return the shape as a tuple."""
    return tuple(convert(x).shape)


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return len(convert(x).shape)


def dtype(x: Any) -> str:
    """Return the dtype name."""
    return dtypes.dtype_name(convert(x).dtype)
