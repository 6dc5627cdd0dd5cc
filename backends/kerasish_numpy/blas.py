"""One BLAS thread: the number a plan runs with.

A second thread makes a product at most twice as fast, but where other processes are
busy OpenBLAS waits for it: a 40 µs product took 0.5 to 3 ms on two threads, and a step
of products of 0.5 ms 12 to 38 ms instead of 2.6. So a plan runs with one thread, and
large products are cut into streams (see `kerasish_numpy.products`). The limit is fixed,
not adapted: a sum split over threads rounds differently, and equal seeds must give
equal weights. Counted, so that plans of several threads agree.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import threadpoolctl

# how builds of OpenBLAS spell a C function's name, and the width of their integers
_SPELLINGS = (
    ("scipy_{}64_", ctypes.c_int64),
    ("scipy_{}", ctypes.c_int32),
    ("{}64_", ctypes.c_int64),
)


@functools.cache
def blas_function(name: str) -> tuple[Any, Any] | None:
    """Return a function of NumPy's BLAS and its integer type; None if it has none.

    Args:
        name: Its plain name, such as `cblas_sgemm`.
    """
    for pool in threadpoolctl.threadpool_info():
        if "numpy" in pool["filepath"]:
            found = _exported(pool, name)
            if found is not None:
                return found
    return None


def _exported(pool: dict[str, Any], name: str) -> tuple[Any, Any] | None:
    if pool["internal_api"] != "openblas":
        return None
    library = ctypes.CDLL(pool["filepath"])
    for spelling, integer in _SPELLINGS:
        found = getattr(library, spelling.format(name), None)
        if found is not None:
            found.restype = None
            return found, integer
    return None


def _setter(pool: Any) -> Callable[[int], Any]:
    """Return what sets a pool's number of threads, directly if it can be had.

    threadpoolctl looks the function up in each call, which takes 2 µs.
    """
    found = _exported(pool.info(), "openblas_set_num_threads")
    set_number: Callable[[int], Any] = found[0] if found else pool.set_num_threads
    return set_number


class ThreadLimit:
    """The limit on BLAS threads in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes = 0
        self._pools: list[tuple[Callable[[int], Any], int]] | None = None

    def _found(self) -> list[tuple[Callable[[int], Any], int]]:
        if self._pools is None:
            found = threadpoolctl.ThreadpoolController().lib_controllers
            blas = [pool for pool in found if pool.user_api == "blas"]
            self._pools = [(_setter(pool), pool.num_threads) for pool in blas]
        return self._pools

    def _change(self, scopes: int) -> None:
        with self._lock:
            before = self._scopes > 0
            self._scopes += scopes
            limited = self._scopes > 0
            if limited != before:
                for set_number, whole in self._found():
                    set_number(1 if limited else whole)

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
