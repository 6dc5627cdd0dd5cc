"""Kernels of reductions: the generated ones, bound to arrays."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend.contract import Array, BoundKernel, Kernel, Shape
from kerasish_cupy.launch import Launches, kernel_of
from kerasish_cupy.reduction_source import (
    can_reduce,
    place_source,
    reduction_source,
    total_dtype,
)
from kerasish_cupy.row_source import WARP

_CHUNK = 256  # terms a thread adds up; a warp takes as many for each of its lanes
_FEW = 32  # outputs that would leave a device idle with a thread for each


class _Terms:
    """How an array is reduced.

    Args:
        x: The array, or its form.
        axes: What is reduced.
    """

    def __init__(self, x: Any, axes: Sequence[int]) -> None:
        axes = [axis % len(x.shape) for axis in axes]
        kept = [axis for axis in range(len(x.shape)) if axis not in axes]
        self.order = (*kept, *axes)
        self.outputs = math.prod(x.shape[axis] for axis in kept)
        self.along = math.prod(x.shape[axis] for axis in axes)
        # the lanes of a warp read side by side where the last axis is reduced; else
        # neighbouring threads, each of an output of its own, do
        is_last = bool(axes) and max(axes) == len(x.shape) - 1
        self.lanes = WARP if is_last and self.along > WARP // 2 else 1
        self.chunk = _CHUNK * self.lanes
        self.segments = max(-(-self.along // self.chunk), 1)


class ReductionKernel(BoundKernel):
    """A reduction of floats, or of whole numbers, over any axes.

    Args:
        operation: Its name.
        usual: CuPy's, for other dtypes and for nothing to reduce.
    """

    def __init__(self, operation: str, usual: Any) -> None:
        self._operation = operation
        self._usual = usual

    def scratch(
        self, out: Any, x: Any, *, axis: Shape, keepdims: bool
    ) -> list[tuple[Shape, str]]:
        """Return the form of the segments' results, if there are several."""
        terms = _Terms(x, axis)
        if not self._suits(x, terms) or terms.segments == 1:
            return []
        form = (terms.segments, terms.outputs)
        return [(form, total_dtype(str(x.dtype)))]

    def _suits(self, x: Any, terms: _Terms) -> bool:
        return can_reduce(str(x.dtype)) and terms.along > 0 and terms.outputs > 0

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch, or the two launches, on these arrays."""
        (x,), axes = inputs, attributes["axis"]
        scratch = attributes.get("scratch", ())
        terms = _Terms(x, axes)
        if not self._suits(x, terms) or str(x.dtype) != str(out.dtype):
            given = {name: attributes[name] for name in ("axis", "keepdims")}
            bound: Callable[[], None] = self._usual.bind(out, inputs, given)
            return bound
        turned = x.transpose(terms.order)
        if not scratch:
            return self._launch(turned, out, terms)
        segments = scratch[0]
        return Launches(
            self._launch(turned, segments, terms), self.of_segments(out, segments)
        )

    def of_segments(self, out: Array, segments: Array) -> Callable[[], None]:
        """Return the launch that reduces the results of segments, in order.

        Args:
            out: As many elements as a segment has results.
            segments: (segments, results), in the dtype that terms are added up in.
        """
        terms = _Terms(segments, (0,))
        terms.chunk, terms.segments = terms.along, 1
        terms.lanes = WARP if terms.outputs < _FEW <= terms.along else 1
        return self._launch(segments.T, out, terms)

    def _launch(self, x: Array, out: Array, terms: _Terms) -> Callable[[], None]:
        forms = str(x.dtype), str(out.dtype)
        source = reduction_source(self._operation, *forms, terms.lanes)
        sizes = terms.outputs, terms.along, terms.chunk
        count = terms.outputs * terms.segments * terms.lanes
        return functools.partial(kernel_of(source), x, *sizes, out, size=count)


class PlaceKernel(BoundKernel):
    """The place of the first largest element along an axis.

    Args:
        usual: CuPy's, for other dtypes.
    """

    def __init__(self, usual: Any) -> None:
        self._usual = usual

    def scratch(self, out: Any, x: Any, **attributes: Any) -> list[tuple[Shape, str]]:
        """Return what CuPy's needs, where it is used."""
        if self._suits(x):
            return []
        found: list[tuple[Shape, str]] = self._usual.scratch(out, x, **attributes)
        return found

    def _suits(self, x: Any) -> bool:
        return can_reduce(str(x.dtype)) and math.prod(x.shape) > 0

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the launch on these arrays."""
        (x,) = inputs
        if not self._suits(x):
            return functools.partial(self._usual, out, x, **attributes)
        terms = _Terms(x, (attributes["axis"],))
        source = place_source(str(x.dtype), str(out.dtype), terms.lanes)
        sizes = terms.outputs, terms.along, terms.along
        turned = x.transpose(terms.order)
        count = terms.outputs * terms.lanes
        return functools.partial(kernel_of(source), turned, *sizes, out, size=count)


def reductions(shared: dict[str, Kernel]) -> dict[str, Kernel]:
    """Return the kernels that replace CuPy's.

    Args:
        shared: CuPy's.
    """
    names = ("reduce_sum", "reduce_prod", "reduce_max", "reduce_min")
    made: dict[str, Kernel] = {n: ReductionKernel(n, shared[n]) for n in names}
    return {**made, "arg_max": PlaceKernel(shared["arg_max"])}
