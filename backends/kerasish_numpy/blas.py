"""One BLAS thread: the number a plan runs with.

A second thread makes a product at most twice as fast, but where other processes are
busy OpenBLAS waits for it: a 40 µs product took 0.5 to 3 ms on two threads, and a step
of products of 0.5 ms 12 to 38 ms instead of 2.6. So a plan runs with one thread, and
large products are cut into streams (see `kerasish_numpy.products`). The limit is fixed,
not adapted: a sum split over threads rounds differently, and equal seeds must give
equal weights. Counted, so that plans of several threads agree.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

import threadpoolctl


class ThreadLimit:
    """The limit on BLAS threads in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes = 0
        self._pools: list[tuple[Any, int]] | None = None

    def _found(self) -> list[tuple[Any, int]]:
        if self._pools is None:
            found = threadpoolctl.ThreadpoolController().lib_controllers
            blas = [pool for pool in found if pool.user_api == "blas"]
            self._pools = [(pool, pool.num_threads) for pool in blas]
        return self._pools

    def _change(self, scopes: int) -> None:
        with self._lock:
            before = self._scopes > 0
            self._scopes += scopes
            limited = self._scopes > 0
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


LIMIT = ThreadLimit()
