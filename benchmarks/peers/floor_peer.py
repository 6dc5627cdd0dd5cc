"""The floor: what a step cannot do without, timed with NumPy (CuPy on a GPU).

That is the matrix products at the step's shapes (forward; in training also to kernels
and inputs, no gradient flowing to the data), gathering the batch, and one pass over the
state an optimizer rewrites: weights and moments, each read and written once. No bias,
activation, loss, metric, pooling or depthwise convolution is in it, and the rows of a
convolution are not cut out of the image. On the CPU every part is timed with one BLAS
thread, with all of them, and with products cut into as many as there are cores, each in
a thread of ours; the fastest way counts, part by part: a framework is free to choose.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import threadpoolctl

from benchmarks import machine
from benchmarks.cases import NUM_MOMENTS, Case
from benchmarks.samples import Data
from benchmarks.stacks import Embedding, Product, walk

Part = Callable[[], Any]
_SMALL = 1e-6  # the gradients' size: adding them for hours changes little
_SECONDS = 0.25  # of a way to use threads, for a mean that means something
_LEAST_STEPS = 2


class _Multiply:
    """A part: a product of two arrays, some times in a row.

    Args:
        xp: Library of the arrays.
        left: float32[..., rows, inner].
        right: float32[..., inner, columns].
        repeats: How often; each time needs the one before.
    """

    def __init__(self, xp: Any, left: Any, right: Any, repeats: int) -> None:
        shape = (*left.shape[:-1], right.shape[-1])
        self._matmul, self._repeats = xp.matmul, repeats
        self._arrays = (left, right, xp.empty(shape, "float32"))

    def __call__(self) -> None:
        left, right, out = self._arrays
        for _ in range(self._repeats):
            self._matmul(left, right, out=out)

    def in_threads(self, pool: ThreadPoolExecutor, number: int) -> Part:
        """Return the same work, each product being cut along its longest side."""
        left, right, out = self._arrays
        by_columns = out.ndim == 2 and out.shape[1] > out.shape[0]
        if by_columns:
            pieces = zip(
                [left] * number,
                np.array_split(right, number, axis=1),
                np.array_split(out, number, axis=1),
                strict=True,
            )
        else:
            rights = np.array_split(right, number) if out.ndim > 2 else [right] * number
            pieces = zip(
                np.array_split(left, number),
                rights,
                np.array_split(out, number),
                strict=True,
            )
        whole = [piece for piece in pieces if piece[2].size]

        def run() -> None:
            for _ in range(self._repeats):
                waiting = [
                    pool.submit(self._matmul, a, b, out=c) for a, b, c in whole[1:]
                ]
                a, b, c = whole[0]
                self._matmul(a, b, out=c)
                for future in waiting:
                    future.result()

        return run


class _Maker:
    """Makes parts out of arrays of one library."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp
        self._rng = np.random.default_rng(0)

    def array(self, *shape: int) -> Any:
        return self.xp.asarray(self._rng.random(shape, dtype="float32") - 0.5)

    def product(self, a: tuple[int, ...], b: tuple[int, ...], repeats: int = 1) -> Part:
        """Return a part that multiplies arrays of two shapes, some times in a row.

        A negative length means that the array is seen transposed, as gradients are.
        """
        return _Multiply(self.xp, self._operand(a), self._operand(b), repeats)

    def _operand(self, shape: tuple[int, ...]) -> Any:
        *outer, rows, columns = shape
        if rows > 0:
            return self.array(*shape)
        return self.array(*outer, -columns, -rows).swapaxes(-1, -2)

    def forward(self, item: Product, batch: int) -> Part:
        if item.pairs:
            many = batch * item.pairs
            a, b = (many, item.rows, item.inner), (many, item.inner, item.columns)
            return self.product(a, b, item.repeats)
        a, b = (batch * item.rows, item.inner), (item.inner, item.columns)
        return self.product(a, b, item.repeats)

    def backward(self, item: Product, batch: int, to_input: bool) -> Iterator[Part]:
        rows, inner, columns = item.rows, item.inner, item.columns
        if item.pairs:
            many = batch * item.pairs
            yield self.product((many, rows, columns), (many, -columns, -inner))
            yield self.product((many, -inner, -rows), (many, rows, columns))
            return
        # the gradients of all steps in time make one product
        every = batch * rows * item.repeats
        yield self.product((-inner, -every), (every, columns))
        if to_input:
            a, b = (batch * rows, columns), (-columns, -inner)
            yield self.product(a, b, item.repeats)

    def gather(self, data: Data, batch: int) -> Part:
        x = self.xp.asarray(data.x)
        rows = self.xp.asarray(self._rng.integers(0, len(data.x), batch))
        return lambda: x[rows]

    def state_pass(self, case: Case) -> Part:
        kept = 1 + NUM_MOMENTS[case.optimizer]
        arrays = [self.xp.zeros(case.num_weights, "float32") for _ in range(kept)]
        gradient = self.xp.full(case.num_weights, _SMALL, "float32")

        def run() -> None:
            for array in arrays:
                self.xp.add(array, gradient, out=array)

        return run


def _products(case: Case) -> Iterator[tuple[Product, bool]]:
    """Yield the products, and whether a gradient flows on to what they are made of."""
    has_weights_below = False
    for _, part, shape in walk(case.stack, case.input_shape):
        found = part.products(shape)
        for item in found:
            yield item, has_weights_below or item.repeats > 1
        has_weights_below |= bool(found) or isinstance(part, Embedding)


class Floor:
    """The parts of a case's step, and of its predictions.

    Args:
        case: The case.
        data: The training set.
        xp: `numpy`, or `cupy`.
    """

    def __init__(self, case: Case, data: Data, xp: Any = np) -> None:
        self._case, self._data, self._xp = case, data, xp
        self._num_steps = case.num_steps(len(data.x))
        self._made: dict[str, list[Part]] = {}

    def parts(self, measure: str) -> list[Part]:
        """Return the parts of a step for "fit" and "evaluate", else of a call."""
        if measure not in self._made:
            self._made[measure] = list(self._make(measure))
        return self._made[measure]

    def _make(self, measure: str) -> Iterator[Part]:
        maker, case = _Maker(self._xp), self._case
        if measure.startswith("predict-"):
            batch = int(measure.removeprefix("predict-"))
        else:
            batch = case.batch_size
            yield maker.gather(self._data, batch)
        for item, to_input in _products(case):
            yield maker.forward(item, batch)
            if measure == "fit":
                yield from maker.backward(item, batch, to_input)
        if measure == "fit":
            yield maker.state_pass(case)

    def seconds(self, measure: str) -> float:
        """Return the seconds of an epoch ("fit", "evaluate") or a call."""
        repeats = 1 if measure.startswith("predict-") else self._num_steps
        return repeats * self._time(self.parts(measure))

    def _time(self, parts: list[Part]) -> float:
        if self._xp is not np:
            return self._time_on_device(parts)
        ways = [_mean_times(parts)]
        number = machine.num_cores()
        with _one_thread(), ThreadPoolExecutor(number) as pool:
            ways.append(_mean_times(parts))
            ways.append(_mean_times(_in_threads(parts, pool, number)))
        return float(np.min(ways, axis=0).sum())

    def _time_on_device(self, parts: list[Part]) -> float:
        stream = self._xp.cuda.get_current_stream()
        stream.synchronize()
        start = time.perf_counter()
        for _ in range(self._num_steps):
            for part in parts:
                part()
        stream.synchronize()
        return (time.perf_counter() - start) / self._num_steps


def _in_threads(
    parts: Sequence[Part], pool: ThreadPoolExecutor, number: int
) -> list[Part]:
    """Return parts with the products cut; the others stay as they are."""
    return [
        part.in_threads(pool, number) if isinstance(part, _Multiply) else part
        for part in parts
    ]


def _one_thread() -> Any:
    return threadpoolctl.threadpool_limits(limits=1, user_api="blas")


def _mean_times(parts: list[Part]) -> list[float]:
    totals = [0] * len(parts)
    clock = time.perf_counter_ns
    steps, end = 0, clock() + int(_SECONDS * 1e9)
    while steps < _LEAST_STEPS or clock() < end:
        for index, part in enumerate(parts):
            start = clock()
            part()
            totals[index] += clock() - start
        steps += 1
    return [total * 1e-9 / steps for total in totals]


def make(case: Case, data: Data, device: str) -> Floor:
    """Return the floor of a case, as the other peers are made."""
    xp = importlib.import_module("cupy") if device == "gpu" else np
    return Floor(case, data, xp)
