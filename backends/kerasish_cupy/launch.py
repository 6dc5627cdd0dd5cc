"""Generated kernels: source made once for a body and dtypes, compiled once a process.

A kernel of the contract binds to a launch: all that depends on shapes (the source, the
broadcast views) is prepared once, so that a replayed call is one launch. CuPy keeps the
compiled code per device, and on disk under the kernel's name.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import cupy

from kerasish.backend.contract import Array, BoundKernel, Instruction, Shape
from kerasish_cupy.fused_source import (
    KernelSource,
    Step,
    fused_source,
    raw_inputs,
)
from kerasish_cupy.row_source import WARP, row_source

_LEAST_SHARED = 16  # elements of a row that a warp shares; fewer leave lanes idle


@functools.lru_cache(maxsize=4096)
def kernel_of(source: KernelSource) -> Callable[..., None]:
    """Return the kernel made of a source; it is compiled when first launched."""
    kernel: Callable[..., None] = cupy.ElementwiseKernel(
        source.in_params,
        source.out_params,
        source.operation,
        source.name,
        preamble=source.preamble,
        no_return=True,
    )
    return kernel


def dtypes_of(arrays: Sequence[Array]) -> tuple[str, ...]:
    """Return the dtype names of arrays."""
    return tuple(str(array.dtype) for array in arrays)


class Launches:
    """Calls one after another."""

    def __init__(self, *calls: Callable[[], None]) -> None:
        self.calls = calls

    def __call__(self) -> None:
        """Make them."""
        for call in self.calls:
            call()


class ElementwiseLaunch:
    """A body of elementwise operations on certain arrays, in one launch.

    Args:
        body: The operations; their operands are positions of values, of which the
            inputs come first.
        inputs: The inputs, which are broadcast.
        outs: The results, and the position of the value of each.
    """

    def __init__(
        self,
        body: Sequence[Instruction],
        inputs: Sequence[Array],
        outs: Sequence[tuple[Array, int]],
    ) -> None:
        self.body = tuple(body)
        self.inputs = tuple(inputs)
        self.outs = tuple(outs)
        self.shape = outs[0][0].shape
        self._call: Callable[[], None] | None = None

    @property
    def arrays(self) -> tuple[Array, ...]:
        """All that it reads or writes."""
        return (*self.inputs, *(out for out, _ in self.outs))

    def __call__(self) -> None:
        """Launch it; the kernel is made the first time."""
        if self._call is None:
            self._call = self._bound()
        self._call()

    def _bound(self) -> Callable[[], None]:
        results = tuple(value for _, value in self.outs)
        source = fused_source(self.body, dtypes_of(self.inputs), results)
        whole = raw_inputs(self.body)
        views = [
            x
            if x.shape == self.shape or i in whole
            else cupy.broadcast_to(x, self.shape)
            for i, x in enumerate(self.inputs)
        ]
        outs = (out for out, _ in self.outs)
        return functools.partial(kernel_of(source), *views, *outs)


class SingleKernel(BoundKernel):
    """The kernel of one elementwise operation."""

    def __init__(self, operation: str) -> None:
        self.operation = operation

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        operands = tuple(range(len(inputs)))
        step = Step(self.operation, operands, str(out.dtype))
        return ElementwiseLaunch((step,), inputs, ((out, len(inputs)),))


class FusedKernel(BoundKernel):
    """The kernel of `fused`: a body of elementwise operations in one launch."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        body = attributes["body"]
        last = len(inputs) + len(body) - 1
        return ElementwiseLaunch(body, inputs, ((out, last),))


class RowsKernel(BoundKernel):
    """The kernel of `fused_rows`: a body along rows in one launch."""

    def bind(
        self, out: Any, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        shape = attributes["shape"]
        rows = math.prod(shape[:-1])
        outs = out if isinstance(out, tuple) else (out,)
        flat = attributes["flat"]
        pairs = [_operand(x, shape, own) for x, own in zip(inputs, flat, strict=True)]
        runs = tuple(run for run, _ in pairs)
        lanes = WARP if shape[-1] >= _LEAST_SHARED else 1
        source = row_source(
            attributes["body"], dtypes_of(inputs), runs, attributes["results"], lanes
        )
        arguments = (*(view for _, view in pairs), shape[-1], *outs)
        return functools.partial(kernel_of(source), *arguments, size=rows * lanes)


def _operand(x: Array, shape: Shape, flat: bool) -> tuple[str, Array]:
    """Return how an operand runs through rows (`row_source.PLACES`), and a view for it.

    Args:
        x: The operand.
        shape: Of the elements.
        flat: Whether it has a number for each row, and no axis for the row.
    """
    if x.size == 1:
        return "single", x.reshape(-1)
    if flat or x.shape[-1] == 1:
        whole = shape[:-1] if flat else (*shape[:-1], 1)
        return "number", x if x.shape == whole else cupy.broadcast_to(x, whole)
    if x.size == shape[-1]:
        return "along", x[(0,) * (x.ndim - 1)]
    return "all", x if x.shape == shape else cupy.broadcast_to(x, shape)
