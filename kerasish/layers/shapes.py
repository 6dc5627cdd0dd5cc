"""Shapes as users give them, and nested structures of shapes."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from kerasish.errors import explain


def is_shape(structure: Any) -> bool:
    """Return whether a structure is one shape: lengths, None where unknown."""
    return isinstance(structure, (list, tuple)) and all(
        n is None or isinstance(n, (int, numbers.Integral)) for n in structure
    )


def map_shapes(function: Callable[[Any], Any], structure: Any) -> Any:
    """Return a structure of shapes with `function` applied to each shape."""
    if structure is None or is_shape(structure):
        return None if structure is None else function(structure)
    if isinstance(structure, dict):
        return {key: map_shapes(function, s) for key, s in structure.items()}
    mapped = [map_shapes(function, s) for s in structure]
    return tuple(mapped) if isinstance(structure, tuple) else mapped


def as_dimensions(shape: Any) -> tuple[int | None, ...]:
    """Return a shape given by a user as a tuple.

    Raises:
        ValueError: It is no tuple or list of positive numbers and None.
    """
    if isinstance(shape, int):
        raise ValueError(
            explain(
                "A shape is a tuple.", got=f"shape={shape}", fix=f"shape=({shape},)"
            )
        )
    lengths = tuple(shape)
    whole = all(n is None or isinstance(n, (int, numbers.Integral)) for n in lengths)
    if not whole or any(n is not None and n < 0 for n in lengths):
        raise ValueError(
            explain(
                "This is no shape.",
                got=f"shape={shape!r}",
                expected="whole numbers, or None where a length is unknown",
            )
        )
    return tuple(None if n is None else int(n) for n in lengths)
