"""How a loop runs over arrays: along as few axes as possible, by steps of each operand.

Neighbouring axes along which every operand runs on evenly are one axis of the loop, so
that arrays of equal layout are one long loop, whatever their shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kerasish.backend.contract import Array, Shape

HELD, NEXT, SPREAD = 0, 1, 2  # how an operand moves along the innermost axis


@dataclass(frozen=True)
class Loops:
    """The loops over an array and its operands.

    Attributes:
        sizes: Length of each loop, the innermost last.
        steps: For each operand, how many elements it moves on along each loop.
    """

    sizes: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]


def kinds_of(steps: Iterable[tuple[int, ...]]) -> list[int]:
    """Return how operands of these steps move along the innermost loop."""
    return [own[-1] if own[-1] in (HELD, NEXT) else SPREAD for own in steps]


def loops_over(shape: Shape, operands: Sequence[Array]) -> Loops:
    """Return the loops over operands that are broadcast to a shape.

    Args:
        shape: The shape; without lengths of 0.
        operands: Arrays.

    Example:
        >>> loops_over((4, 3), [np.zeros((4, 3)), np.zeros(3)])
        Loops(sizes=(4, 3), steps=((3, 1), (0, 1)))
        >>> loops_over((4, 3), [np.zeros((4, 3)), np.zeros(())])
        Loops(sizes=(12,), steps=((1,), (0,)))
    """
    all_steps = [_steps(shape, operand) for operand in operands]
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in operands]
    for axis, size in enumerate(shape):
        if size == 1:
            continue
        here = [mine[axis] for mine in all_steps]
        if sizes and all(s[-1] == h * size for s, h in zip(steps, here, strict=True)):
            sizes[-1] *= size
            for mine, step in zip(steps, here, strict=True):
                mine[-1] = step
        else:
            sizes.append(size)
            for mine, step in zip(steps, here, strict=True):
                mine.append(step)
    if not sizes:
        return Loops((1,), tuple((0,) for _ in operands))
    return Loops(tuple(sizes), tuple(map(tuple, steps)))


def _steps(shape: Shape, operand: Array) -> tuple[int, ...]:
    """Return an operand's steps along the axes of a shape; 0 where it is broadcast."""
    seen = np.broadcast_to(operand, shape)
    strides = zip(seen.strides, shape, strict=True)
    return tuple(0 if n == 1 else stride // operand.itemsize for stride, n in strides)
