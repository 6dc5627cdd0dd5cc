"""The team: threads that help with the parts of native calls.

They are started when there is something to share for the first time. A helper that has
found no work for some 100 µs sleeps on a lock, and is woken when the next program with
parts begins; what is done by then, it need not do (see `kerasish_numba.native`).
"""

from __future__ import annotations

import contextlib
import os
import threading

import numpy as np

from kerasish_numba.native import ASLEEP, MOST_PARTS, TEAM_STRIDE, WORD_BYTES, assist
from kerasish_numpy import denormals
from kerasish_numpy.workers import WORKERS

LEAST_WORK = 1 << 16  # multiplications worth sharing: some 7 µs on one core


class Team:
    """Helpers of the threads that run programs, one for each further core.

    Args:
        num_threads: How many compute at once, the caller among them.
    """

    def __init__(self, num_threads: int) -> None:
        self.num_threads = min(num_threads, MOST_PARTS)
        count = (ASLEEP + TEAM_STRIDE * num_threads) // WORD_BYTES
        self._memory = np.zeros(count, np.int64)
        self._address = self._memory.ctypes.data
        self._starting = threading.Lock()
        self._gates: list[threading.Lock] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def number(self, work: int, most: int) -> int:
        """Return into how many parts work is to be cut.

        Args:
            work: Multiplications of a matrix product, or what takes as long.
            most: Most parts there can be.
        """
        return 1 if work < LEAST_WORK else max(min(self.num_threads, most), 1)

    def ready(self) -> int:
        """Wake the helpers that sleep; return the address of the team's memory."""
        if not self._gates:
            self._start()
        for index, gate in enumerate(self._gates):
            place = self._asleep(index)
            if self._memory[place]:
                self._memory[place] = 0
                with contextlib.suppress(RuntimeError):  # another thread was first
                    gate.release()
        return self._address

    def _asleep(self, index: int) -> int:
        return (ASLEEP + TEAM_STRIDE * index) // WORD_BYTES

    def _start(self) -> None:
        with self._starting:
            if self._gates:
                return
            gates = [threading.Lock() for _ in range(self.num_threads - 1)]
            for index, gate in enumerate(gates):
                gate.acquire()
                name = f"kerasish-helper-{index}"
                arguments = (index, gate)
                threading.Thread(
                    target=self._help, name=name, args=arguments, daemon=True
                ).start()
            self._gates = gates

    def _help(self, index: int, gate: threading.Lock) -> None:
        place = self._address + WORD_BYTES * self._asleep(index)
        with denormals.FlushToZero():  # float modes belong to a thread
            while True:
                assist(self._address, index + 1, place)
                gate.acquire()

    def _forget(self) -> None:
        """Begin anew after a fork: the child has none of the helpers."""
        self._memory[:] = 0
        self._starting = threading.Lock()
        self._gates = []


TEAM = Team(WORKERS.num_threads)
