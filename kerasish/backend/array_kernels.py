"""Kernels that are the same text for every array module with NumPy's interface.

`array_kernels(xp)` returns the table of primitives for `numpy`, `cupy` or a look-alike;
a backend package adds or replaces what differs. Each kernel is
`kernel(out, *inputs, **attributes)` and allocates nothing but what is noted.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend.contract import Array, Kernel, Shape, scratch
from kerasish.backend.kernels_convolution import convolution_kernels
from kerasish.backend.kernels_fourier import fourier_kernels
from kerasish.backend.kernels_linalg import linalg_kernels
from kerasish.backend.kernels_numeric import numeric_kernels
from kerasish.backend.kernels_pooling import pooling_kernels
from kerasish.backend.kernels_scattering import scattering_kernels

UNARY = (
    "negative absolute sign exp expm1 log log1p sqrt sin cos tan arcsin arccos arctan "
    "sinh cosh tanh arcsinh arccosh arctanh floor ceil rint logical_not isnan isfinite "
    "isinf square reciprocal exp2 log2 log10 cbrt trunc"
).split()
BINARY = (
    "add subtract multiply divide floor_divide mod power maximum minimum arctan2 equal "
    "not_equal less less_equal greater greater_equal "
    "logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor left_shift "
    "right_shift fmod hypot logaddexp logaddexp2 gcd lcm"
).split()


class UfuncKernel:
    """A kernel that is one universal function, bound without a Python frame between."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, out: Array, *inputs: Array) -> None:
        """Write `function(*inputs)` into `out`."""
        self.function(*inputs, out=out)

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the call with its arrays filled in."""
        return functools.partial(self.function, *inputs, out=out)


class ReductionKernel:
    """A kernel that is the reduction of one function over axes."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(
        self, out: Array, x: Array, *, axis: Shape | None, keepdims: bool
    ) -> None:
        """Write the reduction of `x` over `axis` into `out`."""
        self.function(x, axis=axis, out=out, keepdims=keepdims)

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the call with its arrays and axes filled in."""
        return functools.partial(self.function, *inputs, out=out, **attributes)


def array_kernels(xp: Any) -> dict[str, Kernel]:
    """Return the table of primitives, written for the array module `xp`."""
    table: dict[str, Kernel] = {}
    for name in (*UNARY, *BINARY):
        table[name] = UfuncKernel(getattr(xp, name))
    table |= _movement_kernels(xp)
    table |= _reduction_kernels(xp)
    table |= _indexing_kernels(xp)
    table |= linalg_kernels(xp)
    table |= fourier_kernels(xp)
    table["matmul_of"] = UfuncKernel(xp.matmul)
    table |= convolution_kernels(xp, table["matmul_of"])
    table |= pooling_kernels(xp)
    table |= scattering_kernels(xp)
    table |= numeric_kernels(xp)
    return table


def array_view(
    xp: Any, operation: str, array: Array, attributes: dict[str, Any]
) -> Array:
    """Return a view operation's result without moving data (see `Backend.view`)."""
    if operation == "reshape_to":
        return array.reshape(attributes["newshape"])
    if operation == "transpose_to":
        return array.transpose(attributes["axes"])
    if operation == "slice_to":
        # the ellipsis keeps NumPy from making a number of an array without axes
        return array[(*attributes["slices"], ...)]
    return xp.broadcast_to(array, attributes["shape"])


def _movement_kernels(xp: Any) -> dict[str, Kernel]:
    def copy(out: Array, x: Array) -> None:
        xp.copyto(out, x, casting="unsafe")

    def reshape(out: Array, x: Array, *, newshape: Shape) -> None:
        xp.copyto(out, x.reshape(newshape))

    def transpose(out: Array, x: Array, *, axes: Shape) -> None:
        xp.copyto(out, x.transpose(axes))

    def slice_(out: Array, x: Array, *, slices: tuple[slice, ...]) -> None:
        xp.copyto(out, x[slices])

    def broadcast_to(out: Array, x: Array, *, shape: Shape) -> None:
        xp.copyto(out, x)

    def place(
        out: Array, x: Array, *, shape: Shape, slices: tuple[slice, ...], value: float
    ) -> None:
        out.fill(value)
        out[slices] = x

    def select(out: Array, condition: Array, x1: Array, x2: Array) -> None:
        # two masked copies: 2-3 times the speed of xp.where, and nothing allocated
        if out is not x2:
            xp.copyto(out, x2)
        xp.copyto(out, x1, where=condition)

    def hand_on(outs: tuple[Array, ...], *xs: Array, **_: Any) -> None:
        for out, x in zip(outs, xs, strict=False):
            xp.copyto(out, x)

    def concat(out: Array, *xs: Array, axis: int) -> None:
        xp.concatenate(xs, axis=axis, out=out)

    def cast(out: Array, x: Array, *, dtype: str) -> None:
        xp.copyto(out, x, casting="unsafe")

    return {
        "copy": copy,
        "cast_to": cast,
        "reshape_to": reshape,
        "transpose_to": transpose,
        "slice_to": slice_,
        "broadcast": broadcast_to,
        "stop_gradient": copy,
        "place": place,
        "select": select,
        "concat": concat,
        "custom_gradient_of": hand_on,
    }


def _reduction_kernels(xp: Any) -> dict[str, Kernel]:
    @scratch(lambda out, x, **_: [(out.shape, "int64")])
    def argmax(out: Array, x: Array, *, axis: int, scratch: tuple[Array, ...]) -> None:
        xp.argmax(x, axis=axis, out=scratch[0])
        xp.copyto(out, scratch[0], casting="unsafe")

    @scratch(lambda out, x, **_: [(out.shape, "int64")])
    def argmin(out: Array, x: Array, *, axis: int, scratch: tuple[Array, ...]) -> None:
        xp.argmin(x, axis=axis, out=scratch[0])
        xp.copyto(out, scratch[0], casting="unsafe")

    def cumsum(out: Array, x: Array, *, axis: int) -> None:
        xp.cumsum(x, axis=axis, out=out)

    def cumprod(out: Array, x: Array, *, axis: int) -> None:
        xp.cumprod(x, axis=axis, out=out)

    return {
        "reduce_sum": ReductionKernel(xp.sum),
        "reduce_prod": ReductionKernel(xp.prod),
        "reduce_max": ReductionKernel(xp.amax),
        "reduce_min": ReductionKernel(xp.amin),
        "arg_max": argmax,
        "arg_min": argmin,
        "cumulative_sum": cumsum,
        "cumulative_prod": cumprod,
    }


def _indexing_kernels(xp: Any) -> dict[str, Kernel]:
    def gather(out: Array, x: Array, indices: Array, *, axis: int) -> None:
        # not mode="clip": an index outside the array must raise, not be read elsewhere
        xp.take(x, indices, axis=axis, out=out)

    def scatter_add(out: Array, indices: Array, x: Array, *, shape: Shape) -> None:
        out.fill(0)
        rows = x.reshape((math.prod(indices.shape), *shape[1:]))
        xp.add.at(out, indices.reshape(-1), rows)

    def arg_sort(out: Array, x: Array, *, axis: int) -> None:
        # allocates: sorting is never in a hot step
        order = xp.argsort(x, axis=axis, kind="stable")
        xp.copyto(out, order, casting="unsafe")

    return {
        "gather": gather,
        "scatter_add": scatter_add,
        "arg_sort": arg_sort,
    }
