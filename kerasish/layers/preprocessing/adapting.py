"""The data that a layer learns its state from with `adapt`, batch by batch."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kerasish.errors import explain


def batches(data: Any, who: str, steps: int | None = None) -> Iterator[Any]:
    """Yield what `adapt` was given, in pieces that are arrays or lists.

    Args:
        data: An array, a list of values, a data frame's column; or batches of them: a
            list of arrays, a `PyDataset`, a generator or another iterable.
        who: The layer, for messages.
        steps: How many pieces to take; all by default.

    Raises:
        ValueError: It is none of these, or comes with targets.
    """
    for piece in itertools.islice(_pieces(data, who), steps):
        if isinstance(piece, tuple):
            raise ValueError(
                explain(
                    f"{who} adapts to inputs alone.",
                    got=f"batches that are tuples of {len(piece)}",
                    fix="pass (x for x, *_ in data)",
                )
            )
        yield piece


def _pieces(data: Any, who: str) -> Iterator[Any]:
    if isinstance(data, (str, bytes)) or hasattr(data, "shape"):
        return iter([data])
    if isinstance(data, (list, tuple)):
        first = data[0] if data else None
        return iter(data if getattr(first, "shape", ()) else [list(data)])
    if hasattr(data, "__array__"):
        return iter([data])
    if not isinstance(data, Mapping):
        if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
            return (data[i] for i in range(len(data)))
        if isinstance(data, Iterable):
            return iter(data)
    raise ValueError(
        explain(
            f"{who} cannot adapt to this.",
            got=type(data).__name__,
            expected="an array, a list of values, or an iterable of batches",
        )
    )
