"""Axes moved, split and joined as a pattern says: `rearrange`."""

from __future__ import annotations

import math
import re
from typing import Any, NoReturn

from kerasish.backend.contract import Shape
from kerasish.errors import ShapeError, explain
from kerasish.ops.declare import convert
from kerasish.ops.shape import reshape, transpose

Groups = list[list[str]]
_TOKEN = re.compile(r"\(([^()]*)\)|([^\s()]+)")


def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Return a tensor with its axes moved, split and joined as a pattern says.

    Args:
        tensor: Any shape.
        pattern: The names of the axes before and after, such as "b h w c -> b (h w) c".
            Names in parentheses are one axis together, the first changing slowest.
        axes_lengths: Lengths of axes that are split; all but one of a group.

    Raises:
        ShapeError: The pattern does not fit the tensor.
        ValueError: The pattern is not understood.

    References:
        A. Rogozhnikov, "Einops: Clear and Reliable Tensor Manipulations with
        Einstein-like Notation", ICLR 2022.

    Example:
        >>> rearrange([[1, 2, 3, 4]], "a (b c) -> b (c a)", b=2).tolist()
        [[1, 2], [3, 4]]
    """
    tensor = convert(tensor)
    before, after = _sides(pattern)
    if len(before) != len(tensor.shape):
        _refuse(pattern, f"shape {tuple(tensor.shape)}", f"{len(before)} axes")
    lengths = dict(axes_lengths)
    for group, length in zip(before, tensor.shape, strict=True):
        _find_lengths(pattern, group, length, lengths)
    names = _flat(before)
    split = reshape(tensor, [lengths[name] for name in names])
    moved = transpose(split, [names.index(name) for name in _flat(after)])
    return reshape(moved, _joined_shape(after, lengths))


def _sides(pattern: str) -> tuple[Groups, Groups]:
    """Return the axes before and after, each a list of the names it joins."""
    sides = pattern.split("->")
    if len(sides) != 2:
        _misread(pattern, "one arrow, '->'")
    before, after = (_groups(side) for side in sides)
    names = _flat(before)
    if len(set(names)) < len(names) or sorted(names) != sorted(_flat(after)):
        _misread(pattern, "the same names on both sides of the arrow, each once")
    return before, after


def _groups(side: str) -> Groups:
    found = _TOKEN.findall(side)
    return [joined.split() if not name else [name] for joined, name in found]


def _flat(groups: Groups) -> list[str]:
    return [name for group in groups for name in group]


def _find_lengths(
    pattern: str, group: list[str], length: int, lengths: dict[str, int]
) -> None:
    """Work out the lengths of the names that are one axis of a tensor."""
    unknown = [name for name in group if name not in lengths]
    known = math.prod(lengths[name] for name in group if name in lengths)
    if len(unknown) > 1:
        _misread(pattern, "all lengths but one of " + " ".join(group))
    if unknown and known and length % known == 0:
        lengths[unknown[0]] = length // known
    elif unknown or known != length:
        given = ", ".join(
            f"{name}={lengths[name]}" for name in group if name in lengths
        )
        _refuse(
            pattern, f"an axis of length {length}, {given}", "lengths that divide it"
        )


def _joined_shape(groups: Groups, lengths: dict[str, int]) -> Shape:
    return tuple(math.prod(lengths[name] for name in group) for group in groups)


def _refuse(pattern: str, got: str, expected: str) -> NoReturn:
    message = f"rearrange cannot apply '{pattern}' to this tensor."
    raise ShapeError(explain(message, got=got, expected=expected))


def _misread(pattern: str, expected: str) -> NoReturn:
    raise ValueError(
        explain(
            "rearrange does not understand this pattern.",
            got=repr(pattern),
            expected=expected,
            fix="write it like 'b h w c -> b (h w) c'",
        )
    )
