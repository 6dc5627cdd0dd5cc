"""Rules that weights are put back under after each update: `keras.constraints`.

A constraint is called with a weight and returns the nearest allowed one (projection by
scaling). Any callable will do where one is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.saving.registry import Configurable, Directory

_DIRECTORY = Directory("constraint", "keras.constraints", make_instances=True)

Axis = int | Sequence[int]


class Constraint(Configurable):
    """Base class of constraints: subclasses define `__call__`.

    Example:
        >>> class AtMostOne(Constraint):
        ...     def __call__(self, w):
        ...         return ops.minimum(w, 1)
        >>> AtMostOne()([0.5, 2.0]).tolist()
        [0.5, 1.0]
    """

    def __init__(self) -> None:
        # object's own constructor would swallow arguments that nobody takes
        super().__init__()

    def __call__(self, w: Any) -> Any:
        """Return the allowed weight for `w`, of the same shape; `w` itself here."""
        return ops.convert_to_tensor(w)


@_DIRECTORY.add()
class MaxNorm(Constraint):
    """Norms along an axis are at most `max_value`.

    Args:
        max_value: Largest norm.
        axis: Axis or axes of one norm: 0 for a dense kernel (inputs of each unit),
            (0, 1, 2) for a 2D convolution kernel.

    References:
        Srivastava et al., "Dropout", JMLR 2014, section 5.1.

    Example:
        >>> [round(w, 3) for w in MaxNorm(1.0)([3.0, 4.0]).tolist()]
        [0.6, 0.8]
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return `w` with its norms bounded."""
        norms = _norms(w, self.axis)
        wanted = ops.clip(norms, 0, self.max_value)
        return _rescaled(w, wanted, norms)


@_DIRECTORY.add()
class NonNeg(Constraint):
    """Negative weights become zero.

    Example:
        >>> NonNeg()([-1.0, 2.0]).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w: Any) -> Any:
        """Return `w` without its negative values."""
        return ops.maximum(w, 0)


@_DIRECTORY.add()
class UnitNorm(Constraint):
    """Norms along an axis are one.

    Args:
        axis: Axis or axes of one norm; see `MaxNorm`.

    Example:
        >>> [round(w, 3) for w in UnitNorm()([3.0, 4.0]).tolist()]
        [0.6, 0.8]
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return `w` with unit norms; zero where the norm is zero."""
        return ops.divide(w, ops.add(_norms(w, self.axis), epsilon()))


@_DIRECTORY.add()
class MinMaxNorm(Constraint):
    """Norms along an axis move into [min_value, max_value].

    Args:
        min_value: Smallest norm.
        max_value: Largest norm.
        rate: How far to go at once: 1 all the way, less a part of it, in (0, 1].
        axis: Axis or axes of one norm; see `MaxNorm`.

    Example:
        >>> [round(w, 3) for w in MinMaxNorm(2.0, 3.0)([0.6, 0.8]).tolist()]
        [1.2, 1.6]
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Axis = 0,
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return `w` with its norms moved."""
        norms = _norms(w, self.axis)
        bounded = ops.clip(norms, self.min_value, self.max_value)
        wanted = ops.add(
            ops.multiply(bounded, self.rate), ops.multiply(norms, 1 - self.rate)
        )
        return _rescaled(w, wanted, norms)


# Keras's other names for the same classes.
max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm


def get(identifier: Any) -> Any:
    """Return the constraint that `identifier` stands for.

    Args:
        identifier: None, a name ("max_norm", "MaxNorm"), a config, a class, or a
            callable.

    Raises:
        ValueError: No constraint is called so, or it is none of these.

    Example:
        >>> get("max_norm").max_value
        2
    """
    return _DIRECTORY.get(identifier)


def serialize(constraint: Any) -> Any:
    """Return the config of a constraint, as files hold it."""
    return _DIRECTORY.serialize(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the constraint that a config from a file describes."""
    return _DIRECTORY.deserialize(config, custom_objects)


def _norms(w: Any, axis: Axis) -> Any:
    axes = axis if isinstance(axis, int) else tuple(axis)
    return ops.sqrt(ops.sum(ops.square(w), axis=axes, keepdims=True))


def _rescaled(w: Any, wanted: Any, norms: Any) -> Any:
    """Return `w` with norms `wanted`; epsilon keeps a zero norm from dividing."""
    return ops.multiply(w, ops.divide(wanted, ops.add(norms, epsilon())))


__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]
