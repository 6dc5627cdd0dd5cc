"""Threads for kernels that cut their work into streams.

Each stream is NumPy calls on one thread. Where other processes keep the cores busy,
threads of BLAS wait for each other in a loop: the three products of a convolution took
170 ms on two threads of BLAS, 28 on one, and 26 as two streams; on an idle machine the
streams are as fast as BLAS, and copying and adding gain too. Whoever is free takes the
next stream, the caller too, so that no call waits for a thread that has not begun. The
number of streams is fixed by the number of cores, since sums over streams round
differently.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Sequence
from queue import SimpleQueue

import numpy as np

from kerasish.backend.streams import Call, Streams, run_all
from kerasish_numpy import blas, denormals

LARGE = 1 << 23  # multiplications worth a thread: 200 µs on one core, to wake one 40
_MOST = 8  # more would make the blocks of a kernel too small for the cache of each core


def num_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Round:
    """The streams of one call that nobody has taken yet.

    Attributes:
        errors: What went wrong in any of them.
    """

    def __init__(self, streams: Sequence[Sequence[Call]]) -> None:
        self._left = list(streams)
        self._finished: SimpleQueue[None] = SimpleQueue()
        self.errors: list[BaseException] = []

    def work(self) -> None:
        """Run streams while there are any."""
        while True:
            try:
                stream = self._left.pop(0)
            except IndexError:
                return
            try:
                run_all(stream)
            except BaseException as error:
                self.errors.append(error)
            finally:
                self._finished.put(None)

    def wait(self, count: int) -> None:
        """Wait until so many streams are done."""
        for _ in range(count):
            self._finished.get()


def _work(rounds: SimpleQueue[_Round]) -> None:
    """Work on rounds as they come."""
    # float modes belong to a thread
    with np.errstate(all="ignore"), denormals.FlushToZero():
        while True:
            rounds.get().work()


class Workers(Streams):
    """Streams on threads: the caller's, and others, started when needed.

    Args:
        num_threads: Most streams at once, the caller's among them.
    """

    def __init__(self, num_threads: int | None = None) -> None:
        self.num_threads = num_threads or min(num_cores(), _MOST)
        self._starting = threading.Lock()
        self._inboxes: list[SimpleQueue[_Round]] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def number(self, work: int, most: int) -> int:
        """Return one stream for small work, else one for each thread."""
        return 1 if work < LARGE else max(min(self.num_threads, most), 1)

    def together(self, streams: Sequence[Sequence[Call]]) -> Call:
        """Return a call that runs all streams, on several threads if they are free."""
        if len(streams) == 1:
            return functools.partial(run_all, streams[0])
        return functools.partial(self._run, streams)

    def _run(self, streams: Sequence[Sequence[Call]]) -> None:
        if not self._inboxes:
            self._start()
        with blas.LIMIT:
            round_ = _Round(streams)
            for inbox in self._inboxes[: len(streams) - 1]:
                inbox.put(round_)
            round_.work()
            round_.wait(len(streams))
        for error in round_.errors:
            raise error

    def _start(self) -> None:
        with self._starting:
            if self._inboxes:
                return
            inboxes = [SimpleQueue[_Round]() for _ in range(1, self.num_threads)]
            for i, inbox in enumerate(inboxes, 1):
                threading.Thread(
                    target=_work, name=f"kerasish-{i}", args=(inbox,), daemon=True
                ).start()
            self._inboxes = inboxes

    def _forget(self) -> None:
        """Begin anew after a fork: the child has none of the threads."""
        self._starting = threading.Lock()
        self._inboxes = []


WORKERS = Workers()
