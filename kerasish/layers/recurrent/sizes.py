"""The sizes of a cell's states and output, and states of zeros.

A cell's `state_size` is a number (one state of that length), a tuple of numbers (one
state of that shape, None where a length is unknown), or a list of sizes (several
states; a stack has one entry per cell). Loops carry states as a flat list; `packed`
gives them back their structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.graph import tree


class Size:
    """The lengths of one state, without the batch axis: a leaf of a structure.

    Args:
        lengths: The lengths, None where unknown.
    """

    def __init__(self, lengths: Sequence[int | None]) -> None:
        self.lengths = tuple(lengths)


def lengths_of(size: Any) -> tuple[int, ...]:
    """Return a size of one state as a tuple."""
    return (size,) if isinstance(size, int) else tuple(size)


def sizes_of(state_size: Any) -> Any:
    """Return a cell's `state_size` with each state's size as one leaf."""
    if isinstance(state_size, int):
        return Size((state_size,))
    is_tuple = isinstance(state_size, tuple)
    if is_tuple and all(n is None or isinstance(n, int) for n in state_size):
        return Size(state_size)
    return [sizes_of(one) for one in state_size]


def shapes_of_states(sizes: Any, batch: int | None) -> list[Any]:
    """Return the shape of each state, in the structure of `sizes`; always a list."""
    shapes = tree.map_structure(lambda size: (batch, *size.lengths), sizes)
    return shapes if isinstance(sizes, list) else [shapes]


def count_of_states(cell: Any) -> int:
    """Return how many states a cell has, those of all cells of a stack."""
    return len(tree.flatten(sizes_of(cell.state_size)))


def packed(sizes: Any, states: Sequence[Any]) -> Any:
    """Return flat states in the structure of `sizes`."""
    return tree.pack(sizes, list(states))


def listed(sizes: Any, states: Sequence[Any]) -> Any:
    """Return flat states as a cell takes them: in a list, even if there is but one."""
    return packed(sizes if isinstance(sizes, list) else [sizes], states)


def lengths_of_output(cell: Any) -> tuple[int | None, ...]:
    """Return the shape of a cell's output, without the batch axis."""
    size = getattr(cell, "output_size", None)
    if size is not None:
        return lengths_of(size)
    first = next(iter(tree.leaves(sizes_of(cell.state_size))))
    return tuple(first.lengths)


def initial_states_of(cell: Any, batch_size: int, dtype: str) -> Any:
    """Return the states of before the first step: the cell's own, or zeros."""
    own = getattr(cell, "get_initial_state", None)
    if own is not None:
        return own(batch_size=batch_size)
    sizes = sizes_of(cell.state_size)
    return tree.map_structure(
        lambda size: ops.zeros((batch_size, *size.lengths), dtype), sizes
    )
