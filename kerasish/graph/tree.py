"""Nested lists, tuples and dicts of leaves: flattening, and putting back together.

Nested are lists, tuples, named tuples, dicts, `OrderedDict`s, `defaultdict`s and
`deque`s; all else is a leaf, and so are None and instances of subclasses, as in
`keras.tree` (which is made from this module). The entries of a dict are visited in the
order of its keys, those of an `OrderedDict` in its own.

`entries` and `rebuild` are the only two that know the kinds of structure.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_MAPPINGS = (dict, OrderedDict, defaultdict)
_SEQUENCES = (list, tuple, deque)


def is_mapping(structure: Any) -> bool:
    """Return whether a structure is a dict, whose entries have names."""
    return type(structure) in _MAPPINGS


def is_named_tuple(structure: Any) -> bool:
    """Return whether a structure is a named tuple."""
    return isinstance(structure, tuple) and hasattr(structure, "_fields")


def is_nested(structure: Any) -> bool:
    """Return whether a structure has entries rather than being a leaf."""
    kind = type(structure)
    return kind in _SEQUENCES or kind in _MAPPINGS or is_named_tuple(structure)


def entries(structure: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return a nested structure's keys (or indices) and values, as they are visited."""
    if not is_mapping(structure):
        return range(len(structure)), structure
    keys = list(structure)
    if not isinstance(structure, OrderedDict):
        keys = _sorted(keys)
    return keys, [structure[key] for key in keys]


def _sorted(keys: list[Any]) -> list[Any]:
    try:
        return sorted(keys)
    except TypeError:  # keys of several types
        pass
    try:
        return sorted(keys, key=lambda key: (type(key).__qualname__, key))
    except TypeError:  # keys without an order
        return keys


def rebuild(structure: Any, values: Sequence[Any]) -> Any:
    """Return a structure like a nested one, with other values.

    Args:
        structure: The one to be like; the order of a dict's entries is kept.
        values: New values, in the order of `entries`.
    """
    kind = type(structure)
    if is_mapping(structure):
        named = dict(zip(entries(structure)[0], values, strict=True))
        pairs = [(key, named[key]) for key in structure]
        if kind is defaultdict:
            return defaultdict(structure.default_factory, pairs)
        return kind(pairs)
    if is_named_tuple(structure):
        return kind(*values)
    return deque(values, structure.maxlen) if kind is deque else kind(values)


def leaves(structure: Any) -> Iterator[Any]:
    """Yield the leaves of a structure, depth first."""
    if not is_nested(structure):
        yield structure
        return
    for value in entries(structure)[1]:
        yield from leaves(value)


def flatten(structure: Any) -> list[Any]:
    """Return the leaves of a structure as a list."""
    return list(leaves(structure))


def leaves_with_path(
    structure: Any, path: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield `(path, leaf)`; a path is the keys and indices that lead to the leaf."""
    if not is_nested(structure):
        yield path, structure
        return
    for key, value in zip(*entries(structure), strict=True):
        yield from leaves_with_path(value, (*path, key))


def map_structure(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """Return the structure with `function` applied to its leaves.

    Further structures of the same form supply further arguments.
    """
    if not is_nested(structure):
        return function(structure, *others)
    keys, values = entries(structure)
    mapped = [
        map_structure(function, value, *(other[key] for other in others))
        for key, value in zip(keys, values, strict=True)
    ]
    return rebuild(structure, mapped)


def pack(structure: Any, flat: Sequence[Any]) -> Any:
    """Return `structure` with its leaves replaced, in `flatten`'s order."""
    values = iter(flat)
    return map_structure(lambda _: next(values), structure)
