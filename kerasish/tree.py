"""`keras.tree`: nested lists, tuples and dicts, walked and put back together.

The functions here check that structures fit each other and say where they do not; the
walk itself is that of `kerasish.graph.tree`, which also tells what counts as nested and
in which order entries are visited. None is a leaf.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

from kerasish.errors import explain
from kerasish.graph.tree import (
    entries,
    flatten,
    is_mapping,
    is_named_tuple,
    is_nested,
    leaves_with_path,
    pack,
    rebuild,
)

Path = tuple[Any, ...]


class MAP_TO_NONE:
    """What a function returns to `traverse` to put None into the structure.

    Example:
        >>> traverse(lambda x: MAP_TO_NONE if x == 2 else None, [1, 2])
        [1, None]
    """


def flatten_with_path(structure: Any) -> list[tuple[Path, Any]]:
    """Return the leaves with the keys and indices that lead to each.

    Args:
        structure: Any nested structure, or a leaf.

    Example:
        >>> flatten_with_path({"a": [5, 6]})
        [(('a', 0), 5), (('a', 1), 6)]
    """
    return list(leaves_with_path(structure))


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Return a structure with its leaves replaced, in `flatten`'s order.

    Args:
        structure: The structure to be like.
        flat_sequence: The new leaves, as many as `structure` has.

    Raises:
        ValueError: There are more or fewer leaves.
        TypeError: `flat_sequence` is not a sequence.

    Example:
        >>> pack_sequence_as({"b": 0, "a": (0, 0)}, [1, 2, 3])
        {'b': 3, 'a': (1, 2)}
    """
    flat = list(flat_sequence)
    needed = len(flatten(structure))
    if len(flat) != needed:
        raise ValueError(
            explain(
                "The values do not fill the structure.",
                got=f"{len(flat)} values",
                expected=f"{needed}, one for each leaf of {structure!r}",
            )
        )
    return pack(structure, flat)


def map_structure(
    func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True
) -> Any:
    """Return a structure of `func`'s results at the leaves.

    Args:
        func: Takes one leaf of each structure.
        structures: One or more structures of the same form; the first gives the form
            of the result.
        none_is_leaf: Whether `func` is called with Nones too. If not, they stay None,
            and have to stand at the same places everywhere.

    Raises:
        ValueError: No structure, or structures of different forms.

    Example:
        >>> map_structure(lambda a, b: a + b, [1, (2,)], [10, (20,)])
        [11, (22,)]
    """
    _check_any(structures)
    for other in structures[1:]:
        _check_same(structures[0], other, (), none_is_leaf)

    def apply(*leaves: Any) -> Any:
        return func(*leaves) if none_is_leaf or leaves[0] is not None else None

    return map_structure_up_to(structures[0], apply, *structures)


def map_structure_up_to(
    shallow_structure: Any, func: Callable[..., Any], *structures: Any
) -> Any:
    """Return a structure of `func`'s results, down to the leaves of a shallow one.

    Args:
        shallow_structure: Says how deep to go.
        func: Takes one part of each structure: what lies where the shallow one has a
            leaf.
        structures: One or more structures whose upper part has the shallow one's form.

    Raises:
        ValueError: No structure, or one that does not have that form.

    Example:
        >>> map_structure_up_to([0, 0], len, [[1, 2, 3], {"a": 1}])
        [3, 1]
    """
    _check_any(structures)
    columns = [_flatten_up_to(shallow_structure, s, ()) for s in structures]
    return pack(shallow_structure, [func(*row) for row in zip(*columns, strict=True)])


def _check_any(structures: tuple[Any, ...]) -> None:
    if not structures:
        raise ValueError("Must provide at least one structure.")


def _flatten_up_to(shallow: Any, structure: Any, path: Path) -> list[Any]:
    if not is_nested(shallow):
        return [structure]
    _check_fits(shallow, structure, path)
    flat: list[Any] = []
    for key, value in zip(*entries(shallow), strict=True):
        flat += _flatten_up_to(value, structure[key], (*path, key))
    return flat


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise a ValueError unless two structures differ in their leaves only.

    Lists, tuples, named tuples and deques are told apart; all kinds of dict are alike.

    Args:
        a: A structure.
        b: Another.
        check_types: No longer used, as in Keras.

    Raises:
        ValueError: They have different forms; the message says where.

    Example:
        >>> assert_same_structure([1, {"a": 2}], [3, {"a": 4}])
    """
    if check_types is not None:
        warnings.warn(
            "`check_types` no longer has any effect; `assert_same_paths` takes lists "
            "and tuples for alike.",
            DeprecationWarning,
            stacklevel=2,
        )
    _check_same(a, b, (), none_is_leaf=True)


def _check_same(a: Any, b: Any, path: Path, none_is_leaf: bool) -> None:
    wrong_none = not none_is_leaf and (a is None) != (b is None)
    if wrong_none or (is_nested(b) and not is_nested(a)):
        raise _different(path, b, "None" if a is None else "a leaf")
    if not is_nested(a):
        return
    _check_fits(a, b, path)
    for key, value in zip(*entries(a), strict=True):
        _check_same(value, b[key], (*path, key), none_is_leaf)


def _check_fits(structure: Any, other: Any, path: Path) -> None:
    """Raise unless two structures agree in kind and in their keys, at the top level."""
    if is_mapping(structure):
        if not is_mapping(other) or set(other) != set(structure):
            keys = ", ".join(repr(key) for key in entries(structure)[0])
            raise _different(path, other, f"a dict with the keys {keys}")
        return
    if type(other) is not type(structure) or len(other) != len(structure):
        kind = "named tuple " if is_named_tuple(structure) else ""
        expected = f"a {kind}{type(structure).__name__} of {len(structure)} entries"
        raise _different(path, other, expected)


def _different(path: Path, got: Any, expected: str) -> ValueError:
    place = f"at {list(path)}" if path else "at the top"
    return ValueError(
        explain(
            f"The structures don't have the same nested structure: {place}.",
            got=f"{got!r} of type {type(got).__name__}",
            expected=expected,
        )
    )


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise a ValueError unless two structures have leaves under the same paths.

    Lists and tuples are alike here.

    Args:
        a: A structure.
        b: Another.

    Raises:
        ValueError: One has a path that the other lacks.

    Example:
        >>> assert_same_paths([1, (2, 3)], (4, [5, 6]))
    """
    paths_a = {path for path, _ in leaves_with_path(a)}
    paths_b = {path for path, _ in leaves_with_path(b)}
    if paths_a != paths_b:
        raise ValueError(
            explain(
                "`a` and `b` don't have the same paths.",
                got=f"only in `a`: {sorted(paths_a - paths_b, key=repr)}, "
                f"only in `b`: {sorted(paths_b - paths_a, key=repr)}",
            )
        )


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Return a structure with parts, not only leaves, replaced.

    Args:
        func: Takes a part (the whole structure, its parts, the leaves) and returns what
            to put there instead; None to leave it, `MAP_TO_NONE` to put None there.
        structure: The structure.
        top_down: Whether a part is seen before what is in it (which is then not visited
            if the part is replaced), or after.

    Raises:
        TypeError: `func` cannot be called.

    Example:
        >>> traverse(lambda x: sum(x) if isinstance(x, tuple) else None, [1, (2, 3)])
        [1, 5]
    """
    if top_down:
        replaced = func(structure)
        if replaced is not None:
            return _unless_none(replaced)
    if is_nested(structure):
        parts = [traverse(func, part, top_down) for part in entries(structure)[1]]
        structure = rebuild(structure, parts)
    if top_down:
        return structure
    replaced = func(structure)
    return structure if replaced is None else _unless_none(replaced)


def _unless_none(value: Any) -> Any:
    return None if value is MAP_TO_NONE else value


def lists_to_tuples(structure: Any) -> Any:
    """Return a structure with all its lists made tuples.

    Args:
        structure: Any nested structure.

    Example:
        >>> lists_to_tuples([1, {"a": [2]}])
        (1, {'a': (2,)})
    """
    return traverse(
        lambda part: tuple(part) if isinstance(part, list) else None,
        structure,
        top_down=False,
    )


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Return a structure of `func`'s results at the shapes in it.

    Args:
        func: Takes a shape.
        structure: Nested shapes. A list or tuple of ints and Nones is a shape.

    Example:
        >>> map_shape_structure(len, {"a": (None, 3), "b": [(1,)]})
        {'a': 2, 'b': [1]}
    """
    if _is_shape(structure) or not is_nested(structure):
        return func(structure)
    parts = [map_shape_structure(func, part) for part in entries(structure)[1]]
    return rebuild(structure, parts)


def _is_shape(structure: Any) -> bool:
    return type(structure) in (list, tuple) and all(
        size is None or isinstance(size, int) for size in structure
    )


__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]
