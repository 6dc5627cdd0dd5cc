"""Generated kernels: source made once for a body and dtypes, compiled once a process.

`Launch` objects are kernels of the contract; `bind` prepares all that depends on shapes
(the source, the broadcast views), so that a replayed call is one launch. CuPy keeps the
compiled code per device, and on disk under the kernel's name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import cupy

from kerasish.backend.contract import Array
from kerasish_cupy.fused_source import KernelSource, fused_source, single_source


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


def bind_elementwise(
    source: KernelSource, out: Array, inputs: Sequence[Array]
) -> Callable[[], None]:
    """Return the launch of a source with one parameter for each array."""
    views = [
        x if x.shape == out.shape else cupy.broadcast_to(x, out.shape) for x in inputs
    ]
    return functools.partial(kernel_of(source), *views, out)


class SingleKernel:
    """The kernel of one elementwise operation."""

    def __init__(self, operation: str) -> None:
        self.operation = operation

    def __call__(self, out: Array, *inputs: Array, **attributes: Any) -> None:
        """Write the operation's result into `out`."""
        self.bind(out, inputs, attributes)()

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        source = single_source(self.operation, dtypes_of(inputs), str(out.dtype))
        return bind_elementwise(source, out, inputs)


class FusedKernel:
    """The kernel of `fused`: a body of elementwise operations in one launch."""

    def __call__(self, out: Array, *inputs: Array, body: tuple[Any, ...]) -> None:
        """Write the body's result into `out`."""
        self.bind(out, inputs, {"body": body})()

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        source = fused_source(attributes["body"], dtypes_of(inputs))
        return bind_elementwise(source, out, inputs)
