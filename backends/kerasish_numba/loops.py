"""Elementwise operations and copies that stand alone, as native calls.

A group of one operation gains nothing from being one loop, but joins the program it
stands in; so plans bind it as a loop where that is no slower than NumPy's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasish.backend.array_kernels import BINARY, UNARY
from kerasish.backend.contract import Array, Kernel
from kerasish_numba.expressions import TYPES, has_expression
from kerasish_numba.fused import LoopCall, Operation, loop_of
from kerasish_numba.program import NativeSequence

_MOST_COPIED = 1 << 14  # elements; NumPy copies large arrays by blocks
_COPIES = ("copy", "cast_to", "reshape_to", "stop_gradient")


class LoopKernel:
    """An elementwise operation: NumPy's when called, a loop when bound."""

    def __init__(self, name: str, usual: Kernel) -> None:
        self._name = name
        self._usual = usual

    def __call__(self, out: Array, *inputs: Array, **attributes: Any) -> None:
        """Write the result into `out`."""
        self._usual(out, *inputs, **attributes)

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the loop, or NumPy's call where it has no form or is not faster."""
        dtypes = [*(str(x.dtype) for x in inputs), str(out.dtype)]
        if out.size and has_expression(self._name, dtypes):
            one = Operation(self._name, tuple(range(len(inputs))), dtypes[-1])
            return LoopCall(loop_of([one], out, inputs))
        return bound(self._usual, out, inputs, attributes)


class CopyKernel(LoopKernel):
    """A copy, to another shape or dtype maybe: a loop where little is copied."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return a loop where little is copied, else NumPy's call."""
        dtypes = [str(inputs[0].dtype), str(out.dtype)]
        is_small = 0 < out.size <= _MOST_COPIED and has_expression("cast_to", dtypes)
        if not is_small or not (out.shape == inputs[0].shape or out.flags.c_contiguous):
            return bound(self._usual, out, inputs, attributes)
        target = out.reshape(inputs[0].shape)
        one = Operation("cast_to", (0,), dtypes[-1])
        return LoopCall(loop_of([one], target, inputs))


class Concat(LoopKernel):
    """Arrays side by side: a loop each where little is copied."""

    def __init__(self, usual: Kernel) -> None:
        super().__init__("concat", usual)

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the loops, or NumPy's call where they are not faster."""
        dtypes = {str(x.dtype) for x in (out, *inputs)}
        if out.size > _MOST_COPIED or not (len(dtypes) == 1 and dtypes <= set(TYPES)):
            return bound(self._usual, out, inputs, attributes)
        axis, start, calls = attributes["axis"] % out.ndim, 0, []
        for x in inputs:
            part = slice(start, start + x.shape[axis])
            start = part.stop
            if x.size:
                one = Operation("cast_to", (0,), str(out.dtype))
                target = out[(*[slice(None)] * axis, part)]
                calls.append(LoopCall(loop_of([one], target, [x])))
        return NativeSequence(calls)


def bound(
    kernel: Kernel, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
) -> Callable[[], None]:
    """Return a kernel's call on arrays, by its own `bind` if it has one."""
    own = getattr(kernel, "bind", None)
    if own is not None:
        return own(out, inputs, attributes)  # type: ignore[no-any-return]
    return functools.partial(kernel, out, *inputs, **attributes)


def loop_kernels(table: Mapping[str, Kernel]) -> dict[str, Kernel]:
    """Return the kernels that replace a table's operations on single elements."""
    elementwise = [name for name in (*UNARY, *BINARY, "select") if name in table]
    kernels: dict[str, Kernel] = {n: LoopKernel(n, table[n]) for n in elementwise}
    return kernels | {name: CopyKernel(name, table[name]) for name in _COPIES}
