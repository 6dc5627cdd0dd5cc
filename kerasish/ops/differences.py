"""Extremes, differences, integrals and correlation of sequences."""

from __future__ import annotations

from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.ops import reduction, rules
from kerasish.ops.convolution import conv_forward
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import add, multiply, not_equal, subtract
from kerasish.ops.floats import as_float, as_floats
from kerasish.ops.reduction import Axes
from kerasish.ops.shape import flip, moveaxis, reshape, slice_to

_MODES = ("valid", "same", "full")


def amax(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the largest element over axes, over all by default: `max`."""
    return reduction.max(x, axis, keepdims)


def amin(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the smallest element over axes, over all by default: `min`."""
    return reduction.min(x, axis, keepdims)


def ptp(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """Return the largest element over axes less the smallest.

    Example:
        >>> int(ptp([3, 1, 7]))
        6
    """
    x = convert(x)
    return subtract(reduction.max(x, axis, keepdims), reduction.min(x, axis, keepdims))


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Return the differences of neighbours along an axis, taken n times.

    Args:
        a: Any tensor of rank 1 or more; of truth values, whether neighbours differ.
        n: How many times; the axis becomes so much shorter.
        axis: The axis.

    Raises:
        ValueError: `n` is negative.

    Example:
        >>> diff([1, 4, 9]).tolist()
        [3, 5]
    """
    if n < 0:
        raise ValueError(
            explain("Differences are taken 0 times or more.", got=f"n={n}")
        )
    a = convert(a)
    axis = rules.normalize_axis(axis, len(a.shape))
    less = not_equal if dtypes.dtype_name(a.dtype) == "bool" else subtract
    for _ in range(min(n, a.shape[axis])):
        a = less(*_neighbours(a, axis)[::-1])
    return a


def _neighbours(x: Any, axis: int) -> tuple[Any, Any]:
    """Return all elements along an axis but the last, and all but the first."""
    whole = (slice(None),) * axis
    length = x.shape[axis]
    return (
        slice_to(x, slices=(*whole, slice(0, max(length - 1, 0)))),
        slice_to(x, slices=(*whole, slice(1, length))),
    )


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Return the integral along an axis by the trapezoidal rule.

    Args:
        y: Values of the function; whole numbers become floats.
        x: Where they are, shape (n,) or that of y; evenly spaced by default.
        dx: Distance of neighbours, where there is no x.
        axis: The axis to integrate along.

    Example:
        >>> float(trapezoid([1.0, 2.0, 4.0]))
        4.5
    """
    y = as_float(y)
    axis = rules.normalize_axis(axis, len(y.shape))
    before, after = _neighbours(y, axis)
    if x is None:
        width = dx
    else:
        x = as_float(x)
        width = diff(x) if len(x.shape) == 1 else moveaxis(diff(x, 1, axis), axis, -1)
    area = multiply(moveaxis(add(before, after), axis, -1), width)
    return multiply(reduction.sum(area, -1), 0.5)


def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """Return the cross-correlation of two sequences: sums of x1[k + i] * x2[i].

    Args:
        x1: Shape (n,); whole numbers become floats.
        x2: Shape (m,).
        mode: Which shifts k: those where the shorter lies within the longer ("valid"),
            all where they meet ("full"), or as many as the longer is long, from the
            middle of those ("same").

    Returns:
        Shape (max(n, m) - min(n, m) + 1,), (n + m - 1,) or (max(n, m),).

    Raises:
        ShapeError: A sequence has no elements, or not one axis.
        ValueError: There is no such mode.

    Example:
        >>> correlate([1.0, 2.0, 3.0], [1.0, 10.0]).tolist()
        [21.0, 32.0]
    """
    if mode not in _MODES:
        raise ValueError(unknown_name("mode of correlate", mode, _MODES))
    x1, x2 = convert(x1), convert(x2)
    n, m = _lengths(x1, x2)
    if n < m:  # the same sums, the other way round
        return flip(correlate(x2, x1, mode))
    x1, x2 = as_floats(x1, x2)
    margins = {"valid": (0, 0), "same": (m // 2, (m - 1) // 2), "full": (m - 1, m - 1)}
    found = conv_forward(
        reshape(x1, (1, n, 1)),
        reshape(x2, (m, 1, 1)),
        strides=(1,),
        padding=(margins[mode],),
        dilation=(1,),
        groups=1,
    )
    return reshape(found, (-1,))


def _lengths(x1: Any, x2: Any) -> tuple[int, int]:
    shapes = tuple(x1.shape), tuple(x2.shape)
    if any(len(shape) != 1 or shape == (0,) for shape in shapes):
        raise ShapeError(
            explain(
                "correlate takes two sequences.",
                got=f"shapes {shapes[0]} and {shapes[1]}",
                expected="shapes (n,) and (m,), not empty",
            )
        )
    return shapes[0][0], shapes[1][0]
