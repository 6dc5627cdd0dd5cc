"""Nested lists, tuples and dicts of leaves: flattening, and putting back together.

None counts as a leaf. Dict entries are visited in sorted key order, as in `keras.tree`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(structure: Any) -> Iterator[Any]:
    """Yield the leaves of a structure, depth first."""
    if isinstance(structure, dict):
        for key in sorted(structure):
            yield from leaves(structure[key])
    elif isinstance(structure, (list, tuple)):
        for item in structure:
            yield from leaves(item)
    else:
        yield structure


def flatten(structure: Any) -> list[Any]:
    """Return the leaves of a structure as a list."""
    return list(leaves(structure))


def map_structure(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """Return the structure with `function` applied to its leaves.

    Further structures of the same form supply further arguments.
    """
    if isinstance(structure, dict):
        mapped = {
            key: map_structure(
                function, structure[key], *(other[key] for other in others)
            )
            for key in sorted(structure)
        }
        return {key: mapped[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        parts = [
            map_structure(function, value, *(other[i] for other in others))
            for i, value in enumerate(structure)
        ]
        return _like(structure, parts)
    return function(structure, *others)


def pack(structure: Any, flat: list[Any]) -> Any:
    """Return `structure` with its leaves replaced, in `flatten`'s order."""
    return _pack(structure, iter(flat))


def _pack(structure: Any, values: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        packed = {key: _pack(structure[key], values) for key in sorted(structure)}
        return {key: packed[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        return _like(structure, [_pack(item, values) for item in structure])
    return next(values)


def _like(sequence: Any, parts: list[Any]) -> Any:
    if isinstance(sequence, tuple):
        named = hasattr(sequence, "_fields")
        return type(sequence)(*parts) if named else tuple(parts)
    return parts
