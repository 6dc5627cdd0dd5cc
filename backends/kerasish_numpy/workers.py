"""Threads for kernels that cut their work into streams.

Each stream is NumPy calls on one thread. Where other processes keep the cores busy,
threads of BLAS wait for each other in a loop: the three products of a convolution took
170 ms on two threads of BLAS, 28 on one, and 26 as two streams; on an idle machine the
streams are as fast as BLAS, and copying and adding gain too. The number of streams is
fixed by the number of cores, since sums over streams round differently.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kerasish.backend.streams import Call, Streams, run_all
from kerasish_numpy import blas, denormals

LARGE = 1 << 25  # multiplications worth a thread: some 0.8 ms on one core
_MOST = 8  # more would make the blocks of a kernel too small for the cache of each core


def num_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers(Streams):
    """Streams on threads: the caller's, and those of a pool, started when needed.

    Args:
        num_threads: Most streams at once, the caller's among them.
    """

    def __init__(self, num_threads: int | None = None) -> None:
        self.num_threads = num_threads or min(num_cores(), _MOST)
        self._make_pool()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._make_pool)

    def number(self, work: int, most: int) -> int:
        """Return one stream for small work, else one for each thread."""
        return 1 if work < LARGE else max(min(self.num_threads, most), 1)

    def together(self, streams: Sequence[Sequence[Call]]) -> Call:
        """Return a call that runs each stream on a thread of its own."""
        if len(streams) == 1:
            return functools.partial(run_all, streams[0])
        return functools.partial(self._run, streams)

    def _run(self, streams: Sequence[Sequence[Call]]) -> None:
        with blas.LIMIT:
            others = [self._pool.submit(_run_quietly, s) for s in streams[1:]]
            try:
                run_all(streams[0])
            finally:
                errors = [other.exception() for other in others]
        for error in errors:
            if error is not None:
                raise error

    def _make_pool(self) -> None:
        """Make a pool, also after a fork: the child has none of its threads."""
        self._pool = ThreadPoolExecutor(self.num_threads, "kerasish")


def _run_quietly(stream: Sequence[Call]) -> None:
    # float modes belong to a thread
    with np.errstate(all="ignore"), denormals.FlushToZero():
        run_all(stream)


WORKERS = Workers()
