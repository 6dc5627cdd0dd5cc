"""Weighted means and correlations."""

from __future__ import annotations

from typing import Any

from kerasish.errors import ShapeError, explain
from kerasish.ops import reduction, rules
from kerasish.ops.diagonals import diagonal
from kerasish.ops.elementwise import divide, maximum, minimum, multiply, sqrt, subtract
from kerasish.ops.floats import as_float, as_floats
from kerasish.ops.products import matmul
from kerasish.ops.reduction import Axes
from kerasish.ops.shape import reshape, transpose


def average(x: Any, axis: Axes = None, weights: Any = None) -> Any:
    """Return the mean over axes, weighted.

    Args:
        x: Any shape; whole numbers become floats.
        axis: Axes to reduce, all by default.
        weights: How much each element counts, by default all the same: of x's shape, or
            with the axes named by `axis` only. Their sum must not be 0.

    Raises:
        ShapeError: The weights do not fit.

    Example:
        >>> float(average([1.0, 3.0], weights=[3.0, 1.0]))
        1.5
    """
    if weights is None:
        return reduction.mean(x, axis)
    x, weights = as_floats(x, weights)
    weights = _spread(weights, x, axis)
    total = reduction.sum(multiply(x, weights), axis)
    return divide(total, reduction.sum(weights, axis))


def _spread(weights: Any, x: Any, axis: Axes) -> Any:
    """Return weights with an axis for each one of x, of length 1 where they lack it."""
    shape, own = tuple(x.shape), tuple(weights.shape)
    if own == shape:
        return weights
    given = (axis,) if isinstance(axis, int) else tuple(axis or ())
    axes = [rules.normalize_axis(a, len(shape)) for a in given]
    if axis is None or own != tuple(shape[a] for a in axes):
        raise ShapeError(
            explain(
                "average needs a weight for each element.",
                got=f"weights of shape {own}, x of shape {shape}, axis={axis}",
                expected="x's shape, or the lengths of the axes named by `axis`",
            )
        )
    ordered = transpose(weights, sorted(range(len(axes)), key=axes.__getitem__))
    return reshape(ordered, [n if i in axes else 1 for i, n in enumerate(shape)])


def corrcoef(x: Any) -> Any:
    """Return the correlation of every row with every other, in [-1, 1].

    Args:
        x: Shape (rows, n), a variable in each row; or (n,), one variable.

    Returns:
        Shape (rows, rows), or (); NaN where a row is constant.

    Raises:
        ShapeError: x has more than two axes.

    Example:
        >>> corrcoef([[1.0, 2.0], [2.0, 1.0]]).round(3).tolist()
        [[1.0, -1.0], [-1.0, 1.0]]
    """
    x = as_float(x)
    ndim = len(x.shape)
    if ndim > 2:
        raise ShapeError(
            explain(
                "corrcoef takes one variable in each row.",
                got=f"shape {tuple(x.shape)}",
                expected="shape (rows, n) or (n,)",
                fix="put the variables in rows, for example with ops.reshape",
            )
        )
    rows = x if ndim == 2 else reshape(x, (1, -1))
    centred = subtract(rows, reduction.mean(rows, 1, keepdims=True))
    products = matmul(centred, transpose(centred))
    size = sqrt(diagonal(products))
    found = divide(divide(products, reshape(size, (-1, 1))), reshape(size, (1, -1)))
    found = maximum(minimum(found, 1), -1)
    return found if ndim == 2 else reshape(found, ())
