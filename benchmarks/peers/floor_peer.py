"""The floor: what a step cannot do without, timed with NumPy (CuPy on a GPU).

That is the matrix products of the step (forward, and backward for kernels and inputs;
no gradient flows to the data) and one pass over the state it rewrites: weights and
moments, each read and written once. No bias, activation, loss, metric or batch is in
it. On the CPU every part is timed with one BLAS thread and with all of them, and the
faster way counts, part by part: a framework is free to choose.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import threadpoolctl

from benchmarks.cases import NUM_MOMENTS, Case, Data, initial_weights

Part = Callable[[], Any]
_SMALL = 1e-6  # the gradients' size: adding them for hours changes little


def _products(xp: Any, case: Case, kernels: list[Any]) -> Iterator[Part]:
    rng = np.random.default_rng(0)

    def array(*shape: int) -> Any:
        return xp.asarray(rng.uniform(-1, 1, shape).astype("float32"))

    for index, kernel in enumerate(kernels):
        inputs, outputs = kernel.shape
        x, y = array(case.batch_size, inputs), array(case.batch_size, outputs)
        gradient = xp.empty_like(kernel)
        yield _product(xp, x, kernel, xp.empty_like(y))
        yield _product(xp, x.T, y, gradient)
        if index > 0:
            yield _product(xp, y, kernel.T, xp.empty_like(x))


def _product(xp: Any, a: Any, b: Any, out: Any) -> Part:
    return lambda: xp.matmul(a, b, out=out)


def _state_pass(xp: Any, case: Case) -> Part:
    arrays = [
        xp.zeros(case.num_weights, "float32")
        for _ in range(1 + NUM_MOMENTS[case.optimizer])
    ]
    gradient = xp.full(case.num_weights, _SMALL, "float32")

    def run() -> None:
        for array in arrays:
            xp.add(array, gradient, out=array)

    return run


@contextlib.contextmanager
def _all_threads() -> Iterator[None]:
    yield


def _one_thread() -> Any:
    return threadpoolctl.threadpool_limits(limits=1, user_api="blas")


class Floor:
    """The parts of a case's step.

    Args:
        case: The case.
        num_samples: Samples an epoch.
        xp: `numpy`, or `cupy`.
    """

    def __init__(self, case: Case, num_samples: int, xp: Any = np) -> None:
        self._xp = xp
        self._num_steps = case.num_steps(num_samples)
        self._kernels = [xp.asarray(kernel) for kernel, _ in initial_weights(case)]
        self._parts = [*_products(xp, case, self._kernels), _state_pass(xp, case)]

    def time_epoch(self) -> float:
        """Return the seconds an epoch of nothing but the floor takes."""
        if self._xp is not np:
            return self._time_on_device()
        ways = []
        for threads in (_all_threads, _one_thread):
            with threads():
                ways.append(self._time_parts())
        return float(np.min(ways, axis=0).sum())

    def _time_parts(self) -> list[float]:
        totals = [0] * len(self._parts)
        clock = time.perf_counter_ns
        for _ in range(self._num_steps):
            for index, part in enumerate(self._parts):
                start = clock()
                part()
                totals[index] += clock() - start
        return [total * 1e-9 for total in totals]

    def _time_on_device(self) -> float:
        stream = self._xp.cuda.get_current_stream()
        stream.synchronize()
        start = time.perf_counter()
        for _ in range(self._num_steps):
            for part in self._parts:
                part()
        stream.synchronize()
        return time.perf_counter() - start

    def predict(self, sample: np.ndarray) -> np.ndarray:
        """Return the product of one sample with all kernels, on the host."""
        y = self._xp.asarray(sample)
        for kernel in self._kernels:
            y = y @ kernel
        return y if self._xp is np else self._xp.asnumpy(y)


def make(case: Case, data: Data, device: str) -> Floor:
    """Return the floor of a case, as the other peers are made."""
    xp = importlib.import_module("cupy") if device == "gpu" else np
    return Floor(case, len(data.x), xp)
