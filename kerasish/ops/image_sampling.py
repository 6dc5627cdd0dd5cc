"""Images read at places between their pixels.

`sample` reads a batch of tensors at coordinates that may be tensors themselves: it
gathers the neighbours of each place and weighs them, so that gradients flow into both.
What lies outside is found by a fill mode: a rule that maps any index into the tensor.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.ops.creation import arange
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import (
    absolute,
    add,
    floor,
    greater_equal,
    less,
    logical_and,
    maximum,
    minimum,
    mod,
    multiply,
    sign,
    subtract,
    where,
)
from kerasish.ops.indexing import take
from kerasish.ops.shape import cast, expand_dims, reshape, unstack

Fill = tuple[str, float]


def _nearest_inside(i: Any, n: int) -> Any:
    return minimum(maximum(i, 0), n - 1)


def _wrapped(i: Any, n: int) -> Any:
    return mod(i, n)


def _mirrored(i: Any, n: int) -> Any:
    """Mirror in the middle of the outermost pixels: d c b | a b c d | c b a."""
    if n == 1:
        return multiply(i, 0)
    around = mod(i, 2 * (n - 1))
    return minimum(around, subtract(2 * (n - 1), around))


def _reflected(i: Any, n: int) -> Any:
    """Mirror in the outermost edges: d c b a | a b c d | d c b a."""
    around = mod(i, 2 * n)
    return minimum(around, subtract(2 * n - 1, around))


# index, which may lie outside, and length -> index inside
FILL_MODES: dict[str, Callable[[Any, int], Any]] = {
    "constant": _nearest_inside,
    "nearest": _nearest_inside,
    "wrap": _wrapped,
    "mirror": _mirrored,
    "reflect": _reflected,
}
ORDERS = {"nearest": 0, "bilinear": 1}


def sample(x: Any, coordinates: Sequence[Any], order: int, fill: Fill) -> Any:
    """Return a batch of tensors read at coordinates.

    Args:
        x: (batch, lengths..., channels).
        coordinates: For each of the lengths, floats of shape (batch, places).
        order: 0 reads the nearest element, 1 interpolates between the neighbours.
        fill: The fill mode, and the value of what lies outside if it is "constant".

    Returns:
        (batch, places, channels), in the dtype of `x`; whole numbers are rounded.
    """
    dtype = dtypes.dtype_name(x.dtype)
    if order == 0:
        centres = [floor(add(c, 0.5)) for c in coordinates]
        return _read(x, [cast(c, "int32") for c in centres], fill)
    whole = [floor(c) for c in coordinates]
    parts = [subtract(c, w) for c, w in zip(coordinates, whole, strict=True)]
    below = [cast(w, "int32") for w in whole]
    total = None
    for corner in itertools.product((0, 1), repeat=len(below)):
        value = _read(x, [add(b, c) for b, c in zip(below, corner, strict=True)], fill)
        for part, side in zip(parts, corner, strict=True):
            weight = part if side else subtract(1.0, part)
            value = multiply(value, expand_dims(weight, -1))
        total = value if total is None else add(total, value)
    return _rounded_half_away(total, dtype)


def _read(x: Any, indices: Sequence[Any], fill: Fill) -> Any:
    """Return the elements at whole-number indices, each (batch, places)."""
    mode, value = fill
    batch, *lengths, channels = x.shape
    flat = multiply(expand_dims(arange(batch, dtype="int32"), 1), math.prod(lengths))
    inside = None
    for axis, (index, n) in enumerate(zip(indices, lengths, strict=True)):
        step = math.prod(lengths[axis + 1 :])
        flat = add(flat, multiply(FILL_MODES[mode](index, n), step))
        here = logical_and(greater_equal(index, 0), less(index, n))
        inside = here if inside is None else logical_and(inside, here)
    rows = take(reshape(x, (-1, channels)), flat, axis=0)
    if mode != "constant":
        return rows
    return where(expand_dims(inside, -1), rows, convert(value, x.dtype))


def _rounded_half_away(x: Any, dtype: str) -> Any:
    if dtypes.is_float(dtype):
        return cast(x, dtype)
    return cast(multiply(sign(x), floor(add(absolute(x), 0.5))), dtype)


def require_mode(mode: str) -> None:
    """Raise a ValueError unless there is such a fill mode."""
    if mode not in FILL_MODES:
        raise ValueError(unknown_name("fill mode", mode, FILL_MODES))


def order_of(interpolation: str) -> int:
    """Return the order of an interpolation.

    Raises:
        ValueError: There is no such interpolation.
    """
    if interpolation not in ORDERS:
        raise ValueError(unknown_name("interpolation", interpolation, ORDERS))
    return ORDERS[interpolation]


def map_coordinates(
    inputs: Any,
    coordinates: Any,
    order: int,
    fill_mode: str = "constant",
    fill_value: float = 0,
) -> Any:
    """Return a tensor read at coordinates.

    Args:
        inputs: Any shape of rank n.
        coordinates: Places to read, (n, ...), counted in elements from the first one.
        order: 0 reads the nearest element, 1 interpolates linearly.
        fill_mode: What lies outside: "constant" (`fill_value`), "nearest" (the
            outermost elements), "wrap" (the other side), "mirror" or "reflect" (the
            mirror image, without or with the outermost elements repeated).
        fill_value: See "constant".

    Returns:
        The shape of one coordinate, in the dtype of `inputs`; whole numbers are
        rounded.

    Raises:
        ShapeError: There is not one coordinate for each axis.
        ValueError: The order or the fill mode is unknown.

    Example:
        >>> map_coordinates([0.0, 10.0, 20.0], [[0.5, 2.0, 9.0]], 1).tolist()
        [5.0, 20.0, 0.0]
    """
    inputs = convert(inputs)
    places = unstack(convert(coordinates))
    if len(places) != len(inputs.shape):
        raise ShapeError(
            explain(
                "map_coordinates needs a coordinate for each axis.",
                got=f"{len(places)} coordinates, tensor of shape {tuple(inputs.shape)}",
            )
        )
    if order not in (0, 1):
        raise ValueError(
            explain(
                "map_coordinates knows two orders.",
                got=f"order={order!r}",
                expected="0 (nearest) or 1 (linear)",
            )
        )
    require_mode(fill_mode)
    floats = [_as_coordinates(place) for place in places]
    shape = floats[0].shape
    batch = reshape(inputs, (1, *inputs.shape, 1))
    flat = [reshape(place, (1, -1)) for place in floats]
    found = sample(batch, flat, order, (fill_mode, fill_value))
    return reshape(found, shape)


def _as_coordinates(place: Any) -> Any:
    is_float = dtypes.is_float(dtypes.dtype_name(place.dtype))
    return place if is_float else cast(place, "float32")
