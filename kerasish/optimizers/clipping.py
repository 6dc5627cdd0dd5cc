"""Gradients held within bounds, each by itself or all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.errors import explain


def check_bounds(
    clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> None:
    """Raise unless at most one bound is given, and that is not negative.

    Raises:
        ValueError: There are several, or one is negative.
    """
    bounds = [clipnorm, clipvalue, global_clipnorm]
    if sum(bound is not None for bound in bounds) > 1:
        raise ValueError(
            explain(
                "Gradients can be clipped in one way only.",
                got=f"clipnorm={clipnorm}, clipvalue={clipvalue}, "
                f"global_clipnorm={global_clipnorm}",
                fix="set one of the three",
            )
        )
    if any(bound is not None and bound < 0 for bound in bounds):
        raise ValueError(explain("A clipping bound is positive.", got=bounds))


def clip_each_norm(gradients: Sequence[Any], bound: float) -> list[Any]:
    """Return gradients scaled down to a Euclidean norm of at most `bound` each."""
    return [_scaled_down(g, ops.norm(g), bound) for g in gradients]


def clip_values(gradients: Sequence[Any], bound: float) -> list[Any]:
    """Return gradients with all elements brought into [-bound, bound]."""
    return [ops.clip(g, -bound, bound) for g in gradients]


def clip_global_norm(gradients: Sequence[Any], bound: float) -> list[Any]:
    """Return gradients scaled down to a norm of at most `bound` all together."""
    squares = [ops.sum(ops.square(g)) for g in gradients]
    total = squares[0]
    for square in squares[1:]:
        total = ops.add(total, square)
    return [_scaled_down(g, ops.sqrt(total), bound) for g in gradients]


def _scaled_down(gradient: Any, norm: Any, bound: float) -> Any:
    return ops.multiply(gradient, ops.divide(bound, ops.maximum(norm, bound)))
