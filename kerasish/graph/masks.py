"""The mask that goes with a tensor: which time steps count.

Symbolic tensors carry it as the attribute `_keras_mask`. Arrays of a backend take no
attributes, so theirs stand in a table for as long as the array lives.
"""

from __future__ import annotations

import weakref
from typing import Any

_masks: dict[int, tuple[weakref.ref[Any], Any]] = {}


def get_mask(x: Any) -> Any | None:
    """Return the mask of a tensor or array, or None."""
    mask = getattr(x, "_keras_mask", None)
    if mask is not None or not _masks:
        return mask
    entry = _masks.get(id(x))
    return entry[1] if entry is not None and entry[0]() is x else None


def set_mask(x: Any, mask: Any) -> None:
    """Give a tensor or array its mask; None takes it off."""
    try:
        x._keras_mask = mask
    except AttributeError:
        _enter(x, mask)


def _enter(x: Any, mask: Any) -> None:
    key = id(x)
    if mask is None:
        _masks.pop(key, None)
        return
    try:
        held = weakref.ref(x, lambda _: _masks.pop(key, None))
    except TypeError:  # a number, which no mask can belong to
        return
    _masks[key] = (held, mask)
