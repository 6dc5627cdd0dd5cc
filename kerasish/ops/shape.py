"""Moving elements without computing: views, joining, cutting, padding, casting.

`reshape`, `transpose`, `slice` and `broadcast_to` are views: in a planned step they
cost nothing. Everything else here is made of them, of `concat` and of `place`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from kerasish.backend import dtypes, get_backend, standardize_dtype
from kerasish.backend.contract import Shape
from kerasish.errors import ShapeError, explain
from kerasish.graph.memory_limit import claim
from kerasish.graph.registry import enter, operation
from kerasish.graph.tensor import Spec, Tensor
from kerasish.ops import rules
from kerasish.ops.declare import Array, Arrays, convert, elementwise, primitive, view
from kerasish.ops.operation import known_shape


@elementwise
def cast_to(x: Array, *, dtype: str) -> Spec:
    """Return x in another dtype; floats are cut towards zero to become whole."""
    return Spec(x.shape, dtype)


@cast_to.gradient
def _(g: Any, y: Any, x: Any, *, dtype: str) -> Any:
    return cast_to(g, dtype=x.dtype) if dtypes.is_float(dtype) else None


def cast(x: Any, dtype: Any) -> Any:
    """Return x in another dtype.

    Args:
        x: Any shape.
        dtype: Dtype name; floats are cut towards zero to become whole.
    """
    return convert(x, standardize_dtype(dtype))


@primitive
def copy(x: Array) -> Spec:
    """Return the same values in memory of their own."""
    return Spec(x.shape, x.dtype)


@copy.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return g


@primitive
def stop_gradient(variable: Array) -> Spec:
    """Return the same values; no gradient flows back through them."""
    return Spec(variable.shape, variable.dtype)


stop_gradient.no_gradient("that is what it is for")


@view
def reshape_to(x: Array, *, newshape: Shape) -> Spec:
    """Return x with its elements, in C order, arranged in another shape."""
    return Spec(newshape, x.dtype)


@reshape_to.gradient
def _(g: Any, y: Any, x: Any, *, newshape: Shape) -> Any:
    return reshape(g, x.shape)


def reshape(x: Any, newshape: int | Sequence[int]) -> Any:
    """Return x arranged in another shape; one length may be -1, to be worked out.

    Raises:
        ShapeError: The shapes hold different numbers of elements.
    """
    x = convert(x)
    wanted = (newshape,) if isinstance(newshape, int) else tuple(map(int, newshape))
    size = math.prod(x.shape)
    known = math.prod(n for n in wanted if n != -1)
    resolved = tuple((size // known if known else 0) if n == -1 else n for n in wanted)
    if math.prod(resolved) != size or wanted.count(-1) > 1:
        raise ShapeError(
            explain(
                "This tensor cannot be reshaped so.",
                got=f"shape {tuple(x.shape)}, {size} elements",
                expected=f"the number of elements of {wanted}",
            )
        )
    return x if resolved == tuple(x.shape) else reshape_to(x, newshape=resolved)


@view
def transpose_to(x: Array, *, axes: Shape) -> Spec:
    """Return x with axis i taken from axis axes[i]."""
    return Spec(tuple(x.shape[a] for a in axes), x.dtype)


@transpose_to.gradient
def _(g: Any, y: Any, x: Any, *, axes: Shape) -> Any:
    return transpose_to(g, axes=tuple(axes.index(i) for i in range(len(axes))))


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Return x with its axes in another order, reversed by default."""
    x = convert(x)
    ndim = len(x.shape)
    order = range(ndim)[::-1] if axes is None else axes
    order = tuple(rules.normalize_axis(int(a), ndim) for a in order)
    if sorted(order) != list(range(ndim)):
        raise ShapeError(
            explain(
                "`axes` must name every axis once.",
                got=f"axes {tuple(axes or ())} for shape {tuple(x.shape)}",
            )
        )
    return x if order == tuple(range(ndim)) else transpose_to(x, axes=order)


@view
def slice_to(x: Array, *, slices: tuple[slice, ...]) -> Spec:
    """Return the part of x inside the slices, one per leading axis."""
    cut = zip(x.shape, slices, strict=False)
    lengths = tuple(len(range(n)[s]) for n, s in cut)
    return Spec((*lengths, *x.shape[len(slices) :]), x.dtype)


@slice_to.gradient
def _(g: Any, y: Any, x: Any, *, slices: tuple[slice, ...]) -> Any:
    return place(g, shape=x.shape, slices=slices, value=0)


@primitive
def place(x: Array, *, shape: Shape, slices: tuple[slice, ...], value: float) -> Spec:
    """Return a tensor of `shape` full of `value`, with x at the slices."""
    return Spec(shape, x.dtype)


@place.gradient
def _(g: Any, y: Any, x: Any, *, slices: tuple[slice, ...], **_: Any) -> Any:
    return slice_to(g, slices=slices)


@view
def broadcast(x: Array, *, shape: Shape) -> Spec:
    """Return x repeated along new axes and those of length 1."""
    return Spec(shape, x.dtype)


@broadcast.gradient
def _(g: Any, y: Any, x: Any, *, shape: Shape) -> Any:
    return g  # the walk sums a cotangent down to its input's shape


def broadcast_to(x: Any, shape: Sequence[int]) -> Any:
    """Return x repeated along new axes and those of length 1 until it has `shape`."""
    x = convert(x)
    wanted = tuple(map(int, shape))
    if rules.broadcast_shapes(tuple(x.shape), wanted) != wanted:
        raise ShapeError(
            explain(
                "This tensor does not broadcast to the shape asked for.",
                got=f"shape {tuple(x.shape)}",
                expected=f"one that broadcasts to {wanted}",
            )
        )
    return x if tuple(x.shape) == wanted else broadcast(x, shape=wanted)


@primitive
def concat(xs: Arrays, *, axis: int) -> Spec:
    """Return tensors of one dtype joined along an axis."""
    first = xs[0]
    length = sum(x.shape[axis] for x in xs)
    shape = (*first.shape[:axis], length, *first.shape[axis + 1 :])
    return Spec(shape, rules.promoted(*xs), rules.promoted(*xs))


@concat.gradient
def _(g: Any, y: Any, *xs: Any, axis: int) -> Any:
    parts, start = [], 0
    for x in xs:
        cut = slice(start, start + x.shape[axis])
        parts.append(slice_to(g, slices=(slice(None),) * axis + (cut,)))
        start = cut.stop
    return tuple(parts)


def concatenate(xs: Sequence[Any], axis: int | None = 0) -> Any:
    """Return tensors joined along an existing axis (None: each taken flat).

    Raises:
        ShapeError: Their other lengths differ.
    """
    values = [convert(x) for x in xs]
    if axis is None:
        values, axis = [reshape(v, (-1,)) for v in values], 0
    ndim = len(values[0].shape)
    axis = rules.normalize_axis(axis, ndim)
    shapes = [tuple(v.shape) for v in values]
    if len({(s[:axis], s[axis + 1 :]) for s in shapes}) > 1:
        raise ShapeError(
            explain(
                f"These tensors cannot be joined along axis {axis}.",
                got="shapes " + ", ".join(map(str, shapes)),
                expected="equal lengths on every other axis",
            )
        )
    return values[0] if len(values) == 1 else concat(values, axis=axis)


def expand_dims(x: Any, axis: int | Sequence[int]) -> Any:
    """Return x with axes of length 1 put in, so that they end up at `axis`."""
    x = convert(x)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    ndim = len(x.shape) + len(axes)
    new = {rules.normalize_axis(a, ndim) for a in axes}
    lengths = iter(x.shape)
    return reshape(x, [1 if i in new else next(lengths) for i in range(ndim)])


def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Return x without its axes of length 1, or without those named.

    Raises:
        ShapeError: An axis named is longer than 1.
    """
    x = convert(x)
    shape = tuple(x.shape)
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    gone = ones if axis is None else rules.normalize_axes(axis, len(shape))
    if any(shape[a] != 1 for a in gone):
        raise ShapeError(
            explain(
                "Only axes of length 1 can be squeezed away.",
                got=f"axis {axis} of shape {shape}",
            )
        )
    return reshape(x, rules.reduced_shape(shape, gone, False))


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Return tensors of one shape joined along a new axis."""
    return concatenate([expand_dims(v, axis) for v in x], axis)


enter("stack", stack)


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """Return the list of slices of x along an axis.

    Args:
        x: Any tensor.
        num: The axis' length; needed only where that is unknown.
        axis: The axis.

    Raises:
        ShapeError: The axis has another length than `num`.
    """
    x = convert(x)
    axis = rules.normalize_axis(axis, len(x.shape))
    length, whole = known_shape(x.shape)[axis], (slice(None),) * axis
    if None not in (num, length) and num != length:
        raise ShapeError(
            explain(
                "unstack: `num` is the length of the axis.",
                got=f"num={num} for axis {axis} of shape {tuple(x.shape)}",
                expected=f"num={length}, or None",
            )
        )
    count = x.shape[axis] if num is None else num
    claim((count, 100), "float64", keep=False)
    cuts = [(*whole, slice(i, i + 1)) for i in range(count)]
    return [squeeze(slice_to(x, slices=cut), axis) for cut in cuts]


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """Return x cut along an axis: into equal parts, or before each index given."""
    x = convert(x)
    axis = rules.normalize_axis(axis, len(x.shape))
    length = x.shape[axis]
    if isinstance(indices_or_sections, int):
        if length % indices_or_sections:
            raise ShapeError(
                explain(
                    "A split must be even.",
                    got=f"{length} elements in {indices_or_sections} parts",
                )
            )
        step = length // indices_or_sections
        claim((indices_or_sections, 100), "float64", keep=False)
        edges = [i * step for i in range(indices_or_sections + 1)]
    else:
        edges = [0, *map(int, indices_or_sections), length]
    whole = (slice(None),) * axis
    cuts = itertools.pairwise(edges)
    return [slice_to(x, slices=(*whole, slice(a, b))) for a, b in cuts]


def pad(
    x: Any,
    pad_width: Any,
    mode: str = "constant",
    constant_values: float | None = None,
) -> Any:
    """Return x with a margin of constant, reflected or mirrored elements.

    Args:
        x: Any shape.
        pad_width: Elements before and after each axis: a number, (before, after), or
            (before, after) per axis.
        mode: "constant", "reflect" (the edge is not repeated) or "symmetric" (it is).
        constant_values: Filling of a constant margin, 0 by default.

    A margin wider than the axis repeats the mirrored elements.

    Raises:
        ValueError: Nobody knows the mode.
        ShapeError: An axis without elements is to be mirrored.
    """
    x = convert(x)
    ndim = len(x.shape)
    widths = _pad_widths(pad_width, ndim)
    if mode == "constant":
        shape = tuple(a + n + b for n, (a, b) in zip(x.shape, widths, strict=True))
        inner = tuple(
            slice(a, a + n) for n, (a, _) in zip(x.shape, widths, strict=True)
        )
        return place(x, shape=shape, slices=inner, value=constant_values or 0)
    if mode not in ("reflect", "symmetric"):
        raise ValueError(
            explain(
                "Unknown padding mode.",
                got=repr(mode),
                expected="'constant', 'reflect' or 'symmetric'",
            )
        )
    for axis, width in enumerate(widths):
        x = _pad_mirrored(x, axis, width, edge=1 if mode == "reflect" else 0)
    return x


def _pad_widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    if isinstance(pad_width, int):
        return [(pad_width, pad_width)] * ndim
    single = [not hasattr(w, "__len__") for w in pad_width]
    if all(single) and len(single) == 2:
        pad_width = [pad_width]
    widths = [tuple(w) if hasattr(w, "__len__") else (w, w) for w in pad_width]
    if len(widths) == 1:
        widths = widths * ndim
    return [(int(w[0]), int(w[-1])) for w in widths]


def _pad_mirrored(x: Any, axis: int, width: tuple[int, int], edge: int) -> Any:
    before, after = width
    length = x.shape[axis]
    if max(before, after) > max(length - edge, 0):
        places = _mirrored_places(length, before, after, edge)
        return operation("gather")(x, convert(places, "int32"), axis=axis)
    whole = (slice(None),) * axis
    parts = [x]
    if before:
        near = slice_to(x, slices=(*whole, slice(edge, before + edge)))
        parts.insert(0, flip(near, axis))
    if after:
        far = slice_to(x, slices=(*whole, slice(length - after - edge, length - edge)))
        parts.append(flip(far, axis))
    return concatenate(parts, axis)


def _mirrored_places(length: int, before: int, after: int, edge: int) -> list[int]:
    """Return the indices of an axis that is mirrored at its ends again and again."""
    if not length:
        raise ShapeError(
            explain(
                "An axis without elements cannot be mirrored.",
                got=f"length 0, padded by ({before}, {after})",
                fix="pad it with a constant",
            )
        )
    period = max(2 * (length - edge), 1)
    steps = [i % period for i in range(-before, length + after)]
    return [i if i < length else period - i - 1 + edge for i in steps]


def flip(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Return x with its elements in reverse order along the axes, all by default."""
    x = convert(x)
    axes = rules.normalize_axes(axis, len(x.shape))
    slices = tuple(
        slice(None, None, -1) if i in axes else slice(None) for i in range(len(x.shape))
    )
    return slice_to(x, slices=slices)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Return x with axes moved to other places, the rest keeping their order."""
    x = convert(x)
    ndim = len(x.shape)
    sources = (source,) if isinstance(source, int) else tuple(source)
    targets = (destination,) if isinstance(destination, int) else tuple(destination)
    moved = {
        rules.normalize_axis(t, ndim): rules.normalize_axis(s, ndim)
        for s, t in zip(sources, targets, strict=True)
    }
    rest = iter(a for a in range(ndim) if a not in moved.values())
    return transpose(x, [moved[i] if i in moved else next(rest) for i in range(ndim)])


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Return x with two axes exchanged."""
    x = convert(x)
    order = list(range(len(x.shape)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, order)


def ravel(x: Any) -> Any:
    """Return x as one axis."""
    return reshape(x, (-1,))


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Return x with each element repeated along an axis (flattened by default).

    Args:
        x: Any tensor.
        repeats: How often: a number, or a host array of one number per element.
        axis: The axis; by default x is taken flat.

    Raises:
        ShapeError: There is not one number per element.
        ValueError: `repeats` is symbolic: the result's shape would depend on values.
    """
    x = ravel(x) if axis is None else convert(x)
    axis = rules.normalize_axis(axis or 0, len(x.shape))
    if not isinstance(repeats, int):
        counts = _counts(repeats)
        if len(counts) != 1:
            places = _repeated_places(counts, x.shape[axis])
            return operation("gather")(x, convert(places, "int32"), axis=axis)
        repeats = counts[0]
    shape = list(x.shape)
    wide = broadcast_to(
        expand_dims(x, axis + 1), [*shape[: axis + 1], repeats, *shape[axis + 1 :]]
    )
    shape[axis] *= repeats
    return reshape(wide, shape)


def _counts(repeats: Any) -> list[int]:
    counts = convert(repeats, "int32")
    if isinstance(counts, Tensor):
        raise ValueError(
            explain(
                "repeat: the shape of the result must not depend on values.",
                got=repr(counts),
                fix="give the numbers of repeats as Python numbers or a host array",
            )
        )
    return [int(n) for n in get_backend().to_host(counts).reshape(-1)]


def _repeated_places(counts: list[int], length: int) -> list[int]:
    if len(counts) != length or min(counts, default=0) < 0:
        raise ShapeError(
            explain(
                "repeat: each element needs its number of repeats.",
                got=f"{counts} for {length} elements",
                expected=f"{length} numbers, none negative",
            )
        )
    return [i for i, n in enumerate(counts) for _ in range(n)]


def tile(x: Any, repeats: int | Sequence[int]) -> Any:
    """Return x laid side by side `repeats` times along each axis."""
    x = convert(x)
    times = (repeats,) if isinstance(repeats, int) else tuple(repeats)
    ndim = max(len(times), len(x.shape))
    times = (1,) * (ndim - len(times)) + times
    shape = (1,) * (ndim - len(x.shape)) + tuple(x.shape)
    paired = [n for length in shape for n in (1, length)]
    wide = [n for k, length in zip(times, shape, strict=True) for n in (k, length)]
    spread = broadcast_to(reshape(x, paired), wide)
    return reshape(spread, [k * n for k, n in zip(times, shape, strict=True)])
