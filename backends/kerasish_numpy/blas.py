"""How many threads BLAS may use: one for small products, all for large ones.

A second thread makes a product at most twice as fast, but where other processes are
busy OpenBLAS waits for it: a 40 µs product took 0.5 to 3 ms on two threads, and a step
of products of 0.5 ms 12 to 38 ms instead of 2.6 (1.6 on an idle machine). So a plan
runs with one thread, and products of at least `LARGE` multiplications lift the limit
while they run. The limit is fixed, not adapted: a sum split over threads rounds
differently, and equal seeds must give equal weights. Counted, so that plans of several
threads agree.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import numpy as np
import threadpoolctl

from kerasish.backend.contract import Array

LARGE = 1 << 25  # multiplications: some 0.8 ms on one core


class ThreadLimit:
    """The limit on BLAS threads in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes = 0
        self._lifts = 0
        self._pools: list[tuple[Any, int]] | None = None

    def _found(self) -> list[tuple[Any, int]]:
        if self._pools is None:
            found = threadpoolctl.ThreadpoolController().lib_controllers
            blas = [pool for pool in found if pool.user_api == "blas"]
            self._pools = [(pool, pool.num_threads) for pool in blas]
        return self._pools

    def _change(self, scopes: int = 0, lifts: int = 0) -> None:
        with self._lock:
            before = self._scopes > 0 and self._lifts == 0
            self._scopes += scopes
            self._lifts += lifts
            limited = self._scopes > 0 and self._lifts == 0
            if limited != before:
                for pool, whole in self._found():
                    pool.set_num_threads(1 if limited else whole)

    def __enter__(self) -> None:
        self._change(scopes=1)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._change(scopes=-1)

    def lifted(self, call: Callable[[], Any]) -> None:
        """Run a call with all threads."""
        self._change(lifts=1)
        try:
            call()
        finally:
            self._change(lifts=-1)


LIMIT = ThreadLimit()


class Product:
    """The matrix product, on as many threads as its size is worth."""

    def __call__(self, out: Array, x1: Array, x2: Array) -> None:
        """Write `x1 @ x2` into `out`."""
        self.bind(out, (x1, x2), {})()

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the call with its arrays filled in."""
        call = functools.partial(np.matmul, *inputs, out=out)
        if math.prod(out.shape) * inputs[0].shape[-1] < LARGE:
            return call
        return functools.partial(LIMIT.lifted, call)
