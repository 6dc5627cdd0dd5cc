"""`pad_sequences`: rows of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from kerasish.errors import DTypeError, ShapeError, explain, unknown_name

_SIDES = ("pre", "post")


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: DTypeLike = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> NDArray[Any]:
    """Return sequences as rows of one length, padded with a value or cut.

    Args:
        sequences: List of sequences of numbers, or of equally shaped vectors.
        maxlen: Length of the rows; that of the longest sequence by default.
        dtype: Of the result; `object` for strings of any length.
        padding: "pre" or "post": pad before or behind the sequence.
        truncating: "pre" or "post": drop values of a long one from its start or end.
        value: What to pad with.

    Returns:
        Array of shape `(len(sequences), maxlen, *shape of a vector)`.

    Raises:
        ShapeError: Not a list of sequences, or vectors of different shapes.
        DTypeError: A string as `value` in an array of numbers.

    Example:
        >>> pad_sequences([[1], [2, 3]]).tolist()
        [[0, 1], [2, 3]]
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in _SIDES:
            raise ValueError(unknown_name(f"`{name}`", side, _SIDES))
    lengths = _lengths(sequences)
    if maxlen is None:
        maxlen = max(lengths, default=0)
    vector = _vector_shape(sequences)
    _check_value(value, np.dtype(dtype))
    rows = np.full((len(lengths), maxlen, *vector), value, dtype=dtype)
    for row, sequence in zip(rows, sequences, strict=True):
        kept = _truncate(sequence, maxlen, truncating)
        if len(kept):
            part = slice(len(kept)) if padding == "post" else slice(-len(kept), None)
            row[part] = kept
    return rows


def _truncate(sequence: Any, maxlen: int, truncating: str) -> Any:
    if truncating == "post":
        return sequence[:maxlen]
    return sequence[max(0, len(sequence) - maxlen) :]


def _lengths(sequences: Any) -> list[int]:
    expected = "a list of sequences, such as [[1, 2], [3]]"
    if not hasattr(sequences, "__len__"):
        kind = type(sequences).__name__
        raise ShapeError(
            explain("`sequences` must be iterable.", got=kind, expected=expected)
        )
    wrong = [item for item in sequences if not hasattr(item, "__len__")]
    if wrong:
        raise ShapeError(
            explain(
                "`sequences` must be a list of iterables.",
                got=f"{wrong[0]!r} among them",
                expected=expected,
            )
        )
    return [len(item) for item in sequences]


def _vector_shape(sequences: Sequence[Any]) -> tuple[int, ...]:
    """Return the shape of one element, the same in every sequence."""
    shapes = [np.shape(sequence)[1:] for sequence in sequences if len(sequence)]
    for position, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ShapeError(
                explain(
                    f"Sequence {position} (empty ones not counted) has elements of "
                    "another shape.",
                    got=str(shape),
                    expected=str(shapes[0]),
                )
            )
    return shapes[0] if shapes else ()


def _check_value(value: Any, dtype: np.dtype[Any]) -> None:
    if isinstance(value, str) and dtype.kind not in "UTO":
        raise DTypeError(
            explain(
                "A string cannot pad numbers.",
                got=f"value={value!r}, dtype={dtype}",
                fix="pass dtype=object to pad sequences of strings",
            )
        )
