"""The kernel of `fused`: a body of elementwise operations as one compiled loop."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.contract import Array
from kerasish_numba.compiled import compiled
from kerasish_numba.geometry import Loops, loops_over, window
from kerasish_numba.source import Operand, loop_source
from kerasish_numpy.workers import WORKERS

_COST = 8  # an operation on an element, in multiplications of a product
_ALIGNMENT = 16  # elements a thread's share is a multiple of: a cache line of float32


class FusedKernel:
    """A body of operations in one pass, on several threads where it is large."""

    def __call__(self, out: Array, *inputs: Array, body: tuple[Any, ...]) -> None:
        """Write the body's result into `out`."""
        self.bind(out, inputs, {"body": body})()

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the loop with its arrays filled in."""
        if out.size == 0:
            return _nothing
        body = attributes["body"]
        forward = [np.ascontiguousarray(x) if _runs_back(x) else x for x in inputs]
        loops = loops_over(out.shape, [*forward, out])
        operands = tuple(
            Operand(str(x.dtype), kind, _is_same(x, out))
            for x, kind in zip(forward, loops.kinds, strict=False)
        )
        loop = compiled(loop_source(body, operands, len(loops.sizes)))
        call = _on_threads(loop, [*forward, out], loops, len(body))
        back = [(f, x) for f, x in zip(forward, inputs, strict=True) if f is not x]
        return functools.partial(_after_copies, back, call) if back else call


def _nothing() -> None:
    return


def _after_copies(pairs: list[tuple[Array, Array]], call: Callable[[], None]) -> None:
    for target, source in pairs:
        np.copyto(target, source)
    call()


def _runs_back(x: Array) -> bool:
    """Whether an array has its elements from the end of its memory."""
    return any(stride < 0 for stride in x.strides)


def _is_same(x: Array, out: Array) -> bool:
    """Whether an operand is the result's memory, so that the loop must name it once.

    The compiler cannot know, and would not vectorize where the two may overlap.
    """
    same_place = x.ctypes.data == out.ctypes.data and x.dtype == out.dtype
    return bool(same_place and x.shape == out.shape and x.strides == out.strides)


def _on_threads(
    loop: Callable[..., None], arrays: list[Array], loops: Loops, num_steps: int
) -> Callable[[], None]:
    """Return the call of a loop, cut along its outermost axis where it is large."""
    outer = loops.sizes[0]
    work = math.prod(loops.sizes) * num_steps * _COST
    number = WORKERS.number(work, outer)
    grain = _ALIGNMENT if len(loops.sizes) == 1 else 1
    share = -(-outer // (number * grain)) * grain
    streams = []
    for start in range(0, outer, share):
        part = Loops((min(share, outer - start), *loops.sizes[1:]), loops.steps)
        windows = [
            window(array, loops, i)[start * loops.steps[i][0] :]
            for i, array in enumerate(arrays)
        ]
        numbers = np.array([*part.sizes, *(s for steps in part.steps for s in steps)])
        streams.append([functools.partial(loop, *windows, numbers)])
    return WORKERS.together(streams) if len(streams) > 1 else streams[0][0]
