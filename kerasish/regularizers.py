"""Penalties on weights and activations: `keras.regularizers`.

A regularizer is called with a tensor and returns a scalar that is added to the loss.
Any callable will do where one is asked for.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.saving.registry import Configurable, Directory

_DIRECTORY = Directory("regularizer", "keras.regularizers", make_instances=True)
_MODES = ("rows", "columns")
_TINY = 1e-24  # keeps the norm of a zero row, and its gradient, finite


class Regularizer(Configurable):
    """Base class of regularizers: subclasses define `__call__`.

    Example:
        >>> class Fourth(Regularizer):
        ...     def __call__(self, x):
        ...         return ops.sum(ops.power(x, 4))
        >>> float(Fourth()([1.0, 2.0]))
        17.0
    """

    def __init__(self) -> None:
        # object's own constructor would swallow arguments that nobody takes
        super().__init__()

    def __call__(self, x: Any) -> Any:
        """Return the penalty of `x`, a scalar; zero in this class."""
        return 0.0


@_DIRECTORY.add("l1_l2")
class L1L2(Regularizer):
    """Penalty l1 * sum(|x|) + l2 * sum(x^2).

    Args:
        l1: Factor of the absolute values; not negative. None means 0.
        l2: Factor of the squares; not negative. None means 0.

    Raises:
        ValueError: A factor is negative or not finite.

    Example:
        >>> round(float(L1L2(l1=1.0, l2=0.1)([1.0, -2.0])), 6)
        3.5
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = _factor("L1L2", "l1", l1, default=0.0)
        self.l2 = _factor("L1L2", "l2", l2, default=0.0)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of `x`, a scalar."""
        first = ops.multiply(ops.sum(ops.absolute(x)), self.l1)
        second = ops.multiply(ops.sum(ops.square(x)), self.l2)
        return ops.add(first, second)


@_DIRECTORY.add()
class L1(Regularizer):
    """Penalty l1 * sum(|x|), which draws weights to exactly zero.

    Args:
        l1: Factor; not negative. None means 0.01.

    Raises:
        ValueError: The factor is negative or not finite.

    Example:
        >>> float(L1(0.5)([1.0, -2.0]))
        1.5
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _factor("L1", "l1", l1, default=0.01)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of `x`, a scalar."""
        return ops.multiply(ops.sum(ops.absolute(x)), self.l1)


@_DIRECTORY.add()
class L2(Regularizer):
    """Penalty l2 * sum(x^2), which draws weights towards zero.

    Args:
        l2: Factor; not negative. None means 0.01.

    Raises:
        ValueError: The factor is negative or not finite.

    Example:
        >>> float(L2(0.5)([1.0, -2.0]))
        2.5
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor("L2", "l2", l2, default=0.01)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of `x`, a scalar."""
        return ops.multiply(ops.sum(ops.square(x)), self.l2)


@_DIRECTORY.add()
class OrthogonalRegularizer(Regularizer):
    """Penalty on the mean |cosine| between the rows, or columns, of a matrix.

    `factor * sum(|cosines of distinct pairs|) / number of pairs`, zero without pairs.
    With `mode="columns"` the columns are scaled to unit length; Keras 3.15 scales rows
    by the columns' norms there, and refuses matrices that are not square.

    Args:
        factor: Factor of the penalty; not negative. None means 0.01.
        mode: "rows" or "columns": what shall become orthogonal.

    Raises:
        ValueError: The factor is negative or not finite, or there is no such mode.

    Example:
        >>> float(OrthogonalRegularizer(1.0)([[1.0, 0.0], [0.0, 1.0]]))
        0.0
    """

    def __init__(self, factor: float | None = 0.01, mode: str = "rows") -> None:
        self.factor = _factor("OrthogonalRegularizer", "factor", factor, default=0.01)
        if mode not in _MODES:
            raise ValueError(unknown_name("OrthogonalRegularizer mode", mode, _MODES))
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """Return the penalty of `x`, a scalar.

        Raises:
            ShapeError: `x` is not a matrix.
        """
        x = ops.convert_to_tensor(x)
        if len(x.shape) != 2:
            raise ShapeError(
                explain(
                    "OrthogonalRegularizer takes matrices only.",
                    got=f"shape {tuple(x.shape)}",
                    expected="two axes",
                )
            )
        rows = ops.transpose(x) if self.mode == "columns" else x
        squares = ops.sum(ops.square(rows), axis=1, keepdims=True)
        rows = ops.divide(rows, ops.sqrt(ops.maximum(squares, _TINY)))
        count = rows.shape[0]
        cosines = ops.absolute(ops.matmul(rows, ops.transpose(rows)))
        distinct = ops.multiply(cosines, ops.subtract(1.0, ops.eye(count)))
        pairs = max(1, count * (count - 1) // 2)
        return ops.multiply(ops.sum(distinct), self.factor * 0.5 / pairs)


# Keras's other names for the same classes.
l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer


def get(identifier: Any) -> Any:
    """Return the regularizer that `identifier` stands for.

    Args:
        identifier: None, a name ("l2", "L1L2"), a config, a class, or a callable.

    Raises:
        ValueError: No regularizer is called so, or it is none of these.

    Example:
        >>> get("l2").l2
        0.01
    """
    return _DIRECTORY.get(identifier)


def serialize(regularizer: Any) -> Any:
    """Return the config of a regularizer, as files hold it."""
    return _DIRECTORY.serialize(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the regularizer that a config from a file describes."""
    return _DIRECTORY.deserialize(config, custom_objects)


def _factor(who: str, name: str, value: Any, default: float) -> float:
    if value is None:
        return default
    number = float(value) if isinstance(value, numbers.Real) else math.nan
    if 0 <= number < math.inf:
        return number
    raise ValueError(
        explain(
            f"{who} cannot use this `{name}`.",
            got=repr(value),
            expected="a finite number that is not negative",
        )
    )


__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]
