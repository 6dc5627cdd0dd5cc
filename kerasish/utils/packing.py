"""Packing features, targets and weights into the tuples that `fit` works with."""

from __future__ import annotations

from typing import Any

from kerasish.errors import explain


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return `x`, `(x, y)` or `(x, y, sample_weight)`, whichever is enough.

    A list or tuple `x` alone comes back as `(x,)`, so that it is not taken for `(x,
    y)`.

    Args:
        x: Features: an array, or a structure of arrays.
        y: Targets, or None; without them, weights are left out too, as in Keras.
        sample_weight: Weights, or None.

    Example:
        >>> pack_x_y_sample_weight("x", "y")
        ('x', 'y')
    """
    if y is None:
        return (x,) if isinstance(x, (list, tuple)) else x
    if sample_weight is None:
        return (x, y)
    return (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return `(x, y, sample_weight)`, None for what `data` does not hold.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`, as tuple or list.

    Raises:
        ValueError: A tuple or list of another length.

    Example:
        >>> unpack_x_y_sample_weight(("x", "y"))
        ('x', 'y', None)
    """
    if not isinstance(data, (list, tuple)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            explain(
                "Data of this form cannot be taken apart.",
                got=f"a {type(data).__name__} of {len(data)} parts",
                expected="`x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`",
                fix="put several inputs into one list or dict: `([a, b], y)`",
            )
        )
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight
