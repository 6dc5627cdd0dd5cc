"""Comparing with a tolerance, choosing by conditions, extremes that skip NaN."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend import dtypes, floatx
from kerasish.errors import explain
from kerasish.ops import reduction, rules
from kerasish.ops.declare import convert, operand
from kerasish.ops.elementwise import (
    absolute,
    add,
    divide,
    equal,
    greater,
    isfinite,
    isnan,
    less_equal,
    logical_and,
    logical_or,
    maximum,
    minimum,
    multiply,
    subtract,
    where,
)
from kerasish.ops.floats import as_floats
from kerasish.ops.shape import cast


def isclose(
    x1: Any,
    x2: Any,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> Any:
    """Return whether |x1 - x2| <= atol + rtol * |x2|, elementwise with broadcasting.

    Args:
        x1: Any shape.
        x2: What x1 is compared with; infinities are close to themselves only.
        rtol: Tolerance, as a share of x2.
        atol: Tolerance added to it.
        equal_nan: Whether NaN is close to NaN.

    Example:
        >>> isclose([1.0, 2.0], [1.000001, 2.1]).tolist()
        [True, False]
    """
    first, second = as_floats(x1, x2)
    allowed = add(multiply(absolute(second), rtol), atol)
    near = less_equal(absolute(subtract(first, second)), allowed)
    close = logical_or(equal(first, second), logical_and(near, isfinite(second)))
    if not equal_nan:
        return close
    return logical_or(close, logical_and(isnan(first), isnan(second)))


def allclose(
    x1: Any,
    x2: Any,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> Any:
    """Return whether all elements are close to each other: see `isclose`.

    Example:
        >>> bool(allclose([1.0, 2.0], [1.000001, 2.1]))
        False
    """
    return reduction.all(isclose(x1, x2, rtol, atol, equal_nan))


def isposinf(x: Any) -> Any:
    """Return whether x is infinity."""
    return equal(x, math.inf)


def isneginf(x: Any) -> Any:
    """Return whether x is minus infinity."""
    return equal(x, -math.inf)


def fmax(x1: Any, x2: Any) -> Any:
    """Return the larger of x1 and x2; where one is NaN, the other.

    Example:
        >>> fmax([1.0, float("nan")], [2.0, 3.0]).tolist()
        [2.0, 3.0]
    """
    return _skipping_nan(maximum, x1, x2)


def fmin(x1: Any, x2: Any) -> Any:
    """Return the smaller of x1 and x2; where one is NaN, the other."""
    return _skipping_nan(minimum, x1, x2)


def _skipping_nan(choose: Callable[[Any, Any], Any], x1: Any, x2: Any) -> Any:
    if not dtypes.is_float(rules.promoted(operand(x1), operand(x2))):
        return choose(x1, x2)
    first, second = as_floats(x1, x2)
    filled = where(isnan(first), second, first)
    return choose(filled, where(isnan(second), filled, second))


def divide_no_nan(x1: Any, x2: Any) -> Any:
    """Return x1 / x2, and 0 where x2 is 0; no gradient flows there.

    Example:
        >>> divide_no_nan([1.0, 3.0], [0.0, 2.0]).tolist()
        [0.0, 1.5]
    """
    first, second = as_floats(x1, x2)
    nothing = equal(second, 0)
    return where(nothing, 0.0, divide(first, where(nothing, 1.0, second)))


def heaviside(x1: Any, x2: Any) -> Any:
    """Return 0 where x1 < 0, x2 where it is 0, and 1 where it is greater.

    Args:
        x1: Any shape; NaN stays NaN, and it has no gradient.
        x2: What to return at 0; both broadcast.

    Example:
        >>> heaviside([-2.0, 0.0, 2.0], 0.5).tolist()
        [0.0, 0.5, 1.0]
    """
    first, second = as_floats(x1, x2)
    dtype = dtypes.dtype_name(first.dtype)
    step = where(equal(first, 0), second, cast(greater(first, 0), dtype))
    return where(isnan(first), convert(math.nan, dtype), step)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """Return, element by element, the first choice whose condition holds.

    Args:
        condlist: Truth values, one tensor per choice.
        choicelist: Values; all tensors broadcast together.
        default: Where no condition holds.

    Returns:
        The broadcast shape, in the dtype in which choices and default meet.

    Raises:
        ValueError: There are no choices, or not one for each condition.

    Example:
        >>> x = convert([1, 2, 3])
        >>> select([greater(x, 2), greater(x, 1)], [x, -x]).tolist()
        [0, -2, 3]
    """
    if not condlist or len(condlist) != len(choicelist):
        raise ValueError(
            explain(
                "select needs a choice for each condition.",
                got=f"{len(condlist)} conditions and {len(choicelist)} choices",
                expected="as many of both, and at least one",
            )
        )
    values = [operand(x) for x in (*choicelist, default)]
    dtype = dtypes.strong(rules.promoted(*values), floatx())
    found = convert(values[-1], dtype)
    for condition, choice in list(zip(condlist, values[:-1], strict=True))[::-1]:
        found = where(condition, convert(choice, dtype), found)
    return found
