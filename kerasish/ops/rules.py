"""Shape and dtype rules shared by many operations.

Each returns the result's `Spec` from the operands' specs, or raises a `ShapeError` or
`DTypeError` that shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.backend import dtypes, floatx
from kerasish.backend.contract import Shape
from kerasish.errors import DTypeError, ShapeError, explain
from kerasish.graph.tensor import Spec


def promoted(*xs: Any) -> str:
    """Return the dtype in which the operands meet (weak if all are weak)."""
    names = frozenset(dtypes.dtype_name(x.dtype) for x in xs)
    return dtypes.promote(names, floatx())


def broadcast_shapes(*shapes: Shape) -> Shape:
    """Return the shape all these broadcast to, by NumPy's rule."""
    ndim = max(map(len, shapes))
    result = [1] * ndim
    for shape in shapes:
        for i, length in enumerate(shape, start=ndim - len(shape)):
            if length != 1 and result[i] not in (1, length):
                raise ShapeError(
                    explain(
                        "These tensors do not broadcast together.",
                        got="shapes " + " and ".join(map(str, shapes)),
                        expected="equal lengths, or 1, on each axis from the last on",
                    )
                )
            result[i] = length if result[i] == 1 else result[i]
    return tuple(result)


def same(*xs: Any) -> Spec:
    """Broadcast shape; the dtype in which the operands meet."""
    dtype = promoted(*xs)
    return Spec(broadcast_shapes(*(x.shape for x in xs)), dtype, dtype)


def counting(*xs: Any) -> Spec:
    """Broadcast shape; the dtype in which the operands meet, int32 for truth values."""
    spec = same(*xs)
    dtype = "int32" if spec.dtype == "bool" else spec.dtype
    return Spec(spec.shape, dtype, dtype)


def floating(*xs: Any) -> Spec:
    """Broadcast shape; a float dtype, whole numbers becoming `floatx()`."""
    dtype = promoted(*xs)
    dtype = dtype if dtypes.is_float(dtype) else floatx()
    return Spec(broadcast_shapes(*(x.shape for x in xs)), dtype, dtype)


def comparison(*xs: Any) -> Spec:
    """Broadcast shape; bool, after the operands met in one dtype."""
    return Spec(broadcast_shapes(*(x.shape for x in xs)), "bool", promoted(*xs))


def logical(*xs: Any) -> Spec:
    """Broadcast shape; bool in, bool out."""
    return Spec(broadcast_shapes(*(x.shape for x in xs)), "bool", "bool")


def integral(*xs: Any) -> Spec:
    """Broadcast shape; the whole-number dtype in which the operands meet."""
    dtype = promoted(*xs)
    if dtypes.is_float(dtype):
        raise DTypeError(
            explain(
                "Bit operations need whole numbers.",
                got=", ".join(x.dtype for x in xs),
                fix="cast to an integer dtype first",
            )
        )
    return Spec(broadcast_shapes(*(x.shape for x in xs)), dtype, dtype)


def shifted(*xs: Any) -> Spec:
    """Broadcast shape; the whole-number dtype in which the operands meet, no bool."""
    spec = integral(*xs)
    dtype = "int32" if spec.dtype == "bool" else spec.dtype
    return Spec(spec.shape, dtype, dtype)


def normalize_axis(axis: int, ndim: int) -> int:
    """Return `axis` counted from the front."""
    if not -ndim <= axis < ndim:
        raise ShapeError(
            explain(
                "There is no such axis.",
                got=f"axis {axis}",
                expected=f"-{ndim} to {ndim - 1} for a tensor of rank {ndim}",
            )
        )
    return axis % ndim


def normalize_axes(axis: int | Sequence[int] | None, ndim: int) -> Shape:
    """Return axes counted from the front, sorted; None gives all."""
    if axis is None:
        return tuple(range(ndim))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    return tuple(sorted({normalize_axis(int(a), ndim) for a in axes}))


def reduced_shape(shape: Shape, axes: Shape, keepdims: bool) -> Shape:
    """Return a shape with `axes` taken out, or kept with length 1."""
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)
