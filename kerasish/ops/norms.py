"""Norms of vectors and matrices, and what is divided by them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kerasish.backend import dtypes, floatx
from kerasish.backend import epsilon as default_epsilon
from kerasish.errors import ShapeError, explain
from kerasish.ops import reduction, rules
from kerasish.ops.declare import convert
from kerasish.ops.decomposition import singular_values
from kerasish.ops.elementwise import (
    absolute,
    divide,
    maximum,
    multiply,
    not_equal,
    power,
    rsqrt,
    sqrt,
    square,
)
from kerasish.ops.reduction import Axes
from kerasish.ops.shape import cast, expand_dims, moveaxis

Norm = Callable[[Any, Axes, bool], Any]


def norm(x: Any, ord: Any = None, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return a norm of vectors or matrices.

    Args:
        x: Any shape; whole numbers become floats.
        ord: Of vectors None or 2 (Euclidean), any other number p (the p-th root of the
            sum of p-th powers), `math.inf` and `-math.inf` (largest and least size), or
            0 (how many are not zero). Of matrices None or "fro" (Frobenius), "nuc" (sum
            of singular values), 2 and -2 (largest and least of them), 1 and -1 (largest
            and least sum of a column's sizes), `math.inf` and `-math.inf` (of a row's).
        axis: The axis of the vectors, or the two of the matrices. By default x itself
            is the vector or matrix; without `ord`, x of any rank is one vector.
        keepdims: Whether to keep the axes with length 1.

    Raises:
        ShapeError: There are more than two axes.
        ValueError: There is no such norm.

    Example:
        >>> float(norm([3.0, 4.0]))
        5.0
    """
    x = convert(x)
    dtype = dtypes.dtype_name(x.dtype)
    x = x if dtypes.is_float(dtype) else cast(x, floatx())
    if axis is None and ord is None:
        return _euclidean(x, None, keepdims)
    axes = _axes_of(axis, len(x.shape))
    if len(axes) == 1:
        return _vector_norm(ord)(x, axes, keepdims)
    return _matrix_norm(x, ord, axes, keepdims)


def _axes_of(axis: Axes, ndim: int) -> tuple[int, ...]:
    """Return axes in the order given: rows come first."""
    given = (axis,) if isinstance(axis, int) else axis
    axes = tuple(range(ndim)) if given is None else tuple(given)
    if len(axes) not in (1, 2):
        raise ShapeError(
            explain(
                "A norm is that of vectors or of matrices.",
                got=f"{len(axes)} axes",
                expected="one axis, or two",
                fix="name them, for example axis=-1; or leave out `ord`",
            )
        )
    return tuple(rules.normalize_axis(a, ndim) for a in axes)


def _euclidean(x: Any, axis: Axes, keepdims: bool) -> Any:
    return sqrt(reduction.sum(square(x), axis, keepdims))


def _total_size(x: Any, axis: Axes, keepdims: bool) -> Any:
    return reduction.sum(absolute(x), axis, keepdims)


def _largest(x: Any, axis: Axes, keepdims: bool) -> Any:
    return reduction.max(absolute(x), axis, keepdims)


def _least(x: Any, axis: Axes, keepdims: bool) -> Any:
    return reduction.min(absolute(x), axis, keepdims)


def _count(x: Any, axis: Axes, keepdims: bool) -> Any:
    return reduction.sum(cast(not_equal(x, 0), x.dtype), axis, keepdims)


_VECTOR_NORMS: dict[Any, Norm] = {
    None: _euclidean,
    2: _euclidean,
    1: _total_size,
    math.inf: _largest,
    -math.inf: _least,
    0: _count,
}


def _vector_norm(ord: Any) -> Norm:
    if isinstance(ord, str):
        raise ValueError(
            explain(
                "Vectors have no such norm.",
                got=repr(ord),
                expected="None, a number, math.inf or -math.inf",
            )
        )
    return _VECTOR_NORMS.get(ord, _power_norm(ord))


def _power_norm(p: Any) -> Norm:
    def root_of_powers(x: Any, axis: Axes, keepdims: bool) -> Any:
        total = reduction.sum(power(absolute(x), p), axis, keepdims)
        return power(total, 1.0 / p)

    return root_of_powers


# sums of sizes along one of the two axes, then an extreme over the other
_SUMMED = {
    1: (0, reduction.max),
    -1: (0, reduction.min),
    math.inf: (1, reduction.max),
    -math.inf: (1, reduction.min),
}
_OF_SINGULAR_VALUES = {2: reduction.max, -2: reduction.min, "nuc": reduction.sum}


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in (None, "fro"):
        return _euclidean(x, axes, keepdims)
    if ord in _SUMMED:
        place, extreme = _SUMMED[ord]
        summed = reduction.sum(absolute(x), axes[place], keepdims=True)
        found = extreme(summed, axes[1 - place], keepdims=True)
    elif ord in _OF_SINGULAR_VALUES:
        values = singular_values(moveaxis(x, axes, (-2, -1)))
        found = _OF_SINGULAR_VALUES[ord](values, -1)
        found = expand_dims(found, sorted(axes))
    else:
        raise ValueError(
            explain(
                "Matrices have no such norm.",
                got=repr(ord),
                expected="None, 'fro', 'nuc', 1, -1, 2, -2, math.inf or -math.inf",
            )
        )
    return found if keepdims else reduction.max(found, axes)


def normalize(
    x: Any, axis: Axes = -1, order: int = 2, epsilon: float | None = None
) -> Any:
    """Return x divided by its norm along axes.

    Args:
        x: Any shape, floating.
        axis: Axis of the vectors, or axes; None takes all. With two axes the norm is
            that of matrices, except for `order=2`, which stays the Euclidean one.
        order: The `ord` of the norm (see `norm`), a whole number from 1 on.
        epsilon: The least norm to divide by; by default `config.epsilon()`.

    Raises:
        ValueError: `order` is not a whole number, or below 1.

    Example:
        >>> normalize([0.0, 4.0]).tolist()
        [0.0, 1.0]
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(
            explain(
                "normalize divides by the norm of a whole order.",
                got=f"order={order!r}",
                expected="1, 2, 3, ...",
            )
        )
    x = convert(x)
    x = x if x.shape else expand_dims(x, 0)
    dtype = dtypes.dtype_name(x.dtype)
    if dtype == "float16":  # the square of `epsilon` would be 0
        return cast(normalize(cast(x, "float32"), axis, order, epsilon), dtype)
    x = x if dtypes.is_float(dtype) else cast(x, floatx())
    least = default_epsilon() if epsilon is None else epsilon
    if order == 2:
        # the root of the larger is the larger root: no division by a root of zero
        total = reduction.sum(square(x), axis, keepdims=True)
        return multiply(x, rsqrt(maximum(total, least**2)))
    return divide(x, maximum(norm(x, order, axis, keepdims=True), least))
