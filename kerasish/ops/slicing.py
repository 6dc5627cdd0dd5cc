"""Slices that begin at computed places, and setting them."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend import dtypes, get_backend
from kerasish.backend.contract import Shape
from kerasish.errors import ShapeError, explain
from kerasish.graph.tensor import Spec, Tensor
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.elementwise import add, maximum, minimum, multiply
from kerasish.ops.indexing import gather, get_item, whole
from kerasish.ops.reduction import sum as total
from kerasish.ops.scattering import scatter_into
from kerasish.ops.shape import cast, reshape, slice_to

Range = builtins.slice  # the function below takes the name


@primitive
def set_slice(x: Array, updates: Array, *, slices: tuple[Range, ...]) -> Spec:
    """Return x with a slice of it replaced."""
    return Spec(x.shape, x.dtype)


@set_slice.gradient
def _(g: Any, y: Any, x: Any, updates: Any, *, slices: tuple[Range, ...]) -> Any:
    rest = set_slice(g, multiply(updates, 0), slices=slices)
    return rest, slice_to(g, slices=slices)


def slice(inputs: Any, start_indices: Any, shape: Sequence[int]) -> Any:
    """Return the part of `inputs` of a shape that begins at the given indices.

    A part that would reach over the end is moved back until it fits.

    Args:
        inputs: Any tensor.
        start_indices: One whole number per axis: a sequence, or a tensor of rank 1.
        shape: The part's shape, one length per axis; -1 reaches to the end, from
            indices that are known now.

    Raises:
        ShapeError: There is not one index and one length per axis, the part is larger
            than `inputs`, or a length of -1 has a computed index.

    Example:
        >>> slice([[1, 2, 3], [4, 5, 6]], [0, 1], (2, 2)).tolist()
        [[2, 3], [5, 6]]
    """
    inputs = convert(inputs)
    if -1 in shape:
        shape = _to_the_end(start_indices, tuple(inputs.shape), tuple(shape))
    starts = _starts(start_indices, tuple(inputs.shape), tuple(shape))
    if not isinstance(starts, Tensor):
        return slice_to(inputs, slices=_fixed(starts, shape))
    for axis, (whole_length, length) in enumerate(
        zip(inputs.shape, shape, strict=True)
    ):
        if length != whole_length:
            line = np.arange(length, dtype=np.int32)
            inputs = gather(inputs, add(get_item(starts, axis), line), axis=axis)
    return inputs


def _to_the_end(start_indices: Any, whole_shape: Shape, shape: Shape) -> Shape:
    """Return a part's shape with what is left of the axis in place of -1."""
    starts = cast(whole(start_indices), "int32")
    if isinstance(starts, Tensor):
        raise ShapeError(
            explain(
                "The length of a part must not depend on values.",
                got=f"shape {shape} at computed start indices",
                fix="give a length in place of -1, or the start indices as numbers",
            )
        )
    first = get_backend().to_host(starts).tolist()
    if not len(first) == len(shape) == len(whole_shape):
        return shape  # the check that follows tells
    return tuple(
        n - min(max(start, 0), n) if length == -1 else length
        for start, length, n in zip(first, shape, whole_shape, strict=True)
    )


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """Return `inputs` with the part that begins at the given indices replaced.

    A part that would reach over the end is moved back until it fits.

    Args:
        inputs: Any tensor.
        start_indices: One whole number per axis: a sequence, or a tensor of rank 1.
        updates: The new part, of as many axes as `inputs`.

    Raises:
        ShapeError: There is not one index and one length per axis, or the part is
            larger than `inputs`.

    Example:
        >>> slice_update([1, 2, 3, 4], [1], [9, 8]).tolist()
        [1, 9, 8, 4]
    """
    inputs = convert(inputs)
    updates = cast(convert(updates), dtypes.dtype_name(inputs.dtype))
    shape = tuple(inputs.shape)
    starts = _starts(start_indices, shape, tuple(updates.shape))
    if not isinstance(starts, Tensor):
        return set_slice(inputs, updates, slices=_fixed(starts, updates.shape))
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    places = np.zeros(updates.shape, np.int32)
    for axis, grid in enumerate(np.indices(updates.shape, np.int32)):
        places = places + grid * np.int32(strides[axis])
    first = total(multiply(starts, np.array(strides, np.int32)))
    made = scatter_into(
        reshape(inputs, (-1,)),
        add(places.reshape(-1), first),
        reshape(updates, (-1,)),
        how="set",
    )
    return reshape(made, shape)


def _starts(start_indices: Any, shape: Shape, part: Shape) -> Any:
    """Return where the part begins, moved to where it fits: a tensor, or host numbers.

    Raises:
        ShapeError: The lengths do not fit together.
    """
    starts = cast(whole(start_indices), "int32")
    fits = len(part) == len(shape) and all(
        a <= b for a, b in zip(part, shape, strict=True)
    )
    if not fits or tuple(starts.shape) != (len(shape),):
        raise ShapeError(
            explain(
                "This part cannot be cut out of the tensor.",
                got=f"shape {part} at {tuple(starts.shape)} start indices, of a "
                f"tensor of shape {shape}",
                expected=f"{len(shape)} start indices, and a shape that is nowhere "
                "larger",
            )
        )
    room = np.array([b - a for a, b in zip(part, shape, strict=True)], np.int32)
    moved = minimum(maximum(starts, 0), room)
    return moved if isinstance(moved, Tensor) else get_backend().to_host(moved)


def _fixed(starts: Any, part: Sequence[int]) -> tuple[Any, ...]:
    pairs = zip(starts.tolist(), part, strict=True)
    return tuple(Range(start, start + length) for start, length in pairs)
