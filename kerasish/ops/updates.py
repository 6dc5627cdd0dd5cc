"""Elementwise combinations that state is updated by, each one pass where it can be.

Optimizers and moving averages are made of these two; a backend that has them as kernels
saves two passes over the arena each.
"""

from __future__ import annotations

from typing import Any

from kerasish.ops.declare import Array, composed_elementwise
from kerasish.ops.elementwise import add, multiply, subtract


@composed_elementwise
def moving_average(old: Array, new: Array, *, weight: float) -> Any:
    """Return `(1 - weight) * old + weight * new`, of one shape and dtype."""
    return add(old, multiply(subtract(new, old), weight))


@composed_elementwise
def add_scaled(x: Array, y: Array, factor: Array) -> Any:
    """Return `x + factor * y`, for x and y of one shape and a scalar factor."""
    return add(x, multiply(y, factor))
