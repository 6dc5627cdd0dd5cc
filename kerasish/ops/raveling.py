"""Places in a tensor from places in the tensor taken flat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish.backend import dtypes
from kerasish.ops.elementwise import (
    add,
    floor_divide,
    less,
    maximum,
    minimum,
    mod,
    where,
)
from kerasish.ops.indexing import whole
from kerasish.ops.shape import cast


def unravel_index(indices: Any, shape: int | Sequence[int]) -> tuple[Any, ...]:
    """Return the places, axis by axis, of elements of a tensor taken flat.

    Args:
        indices: Places in C order, any shape; negative ones count from the end, and
            those outside are moved to the nearest end.
        shape: Of the tensor.

    Returns:
        One tensor for each axis, of the shape and dtype of `indices`.

    Raises:
        DTypeError: The indices are not whole numbers.

    Example:
        >>> [places.tolist() for places in unravel_index([5, 11], (3, 4))]
        [[1, 2], [1, 3]]
    """
    indices = whole(indices)
    lengths = (shape,) if isinstance(shape, int) else tuple(shape)
    size = math.prod(lengths)
    dtype = dtypes.dtype_name(indices.dtype)
    # a length may be no number of a small dtype
    wide = dtype in ("int64", "uint32", "uint64")
    places = cast(indices, "int64" if wide else "int32")
    places = where(less(places, 0), add(places, size), places)
    places = minimum(maximum(places, 0), max(size - 1, 0))
    found = []
    for length in lengths[::-1]:
        found.append(cast(mod(places, max(length, 1)), dtype))
        places = floor_divide(places, max(length, 1))
    return tuple(found[::-1])
