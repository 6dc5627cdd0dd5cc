"""Uploading through page-locked memory, so that the host need not wait for the copy.

A batch is copied into page-locked memory and sent from there. What is large goes on a
stream of its own, to memory beside its target, so that it travels while the device
still computes with the target's old content; from there it is a copy within the device.
All that memory is kept until it has been read, and goes back to CuPy's pools. The host
may run ahead by a bounded number of uploads, so what waits cannot fill the memory.
"""

from __future__ import annotations

import collections
import threading
from typing import Any

import cupy
import cupyx
import numpy as np

from kerasish.backend.contract import Array

MOST_PENDING = 16  # uploads: a few steps' worth of inputs
MOST_BYTES = 256 << 20  # of these, but for two that may be larger
LEAST_APART = 1 << 18  # bytes that take the bus longer than events take the host


class Staging:
    """Uploads that are under way."""

    def __init__(self) -> None:
        self._pending: collections.deque[tuple[Any, int, Any]] = collections.deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._stream: Any = None

    def upload(self, target: Array, source: np.ndarray) -> None:
        """Write a host array into a contiguous device array of its shape and dtype."""
        if not source.size:
            return
        staged = cupyx.empty_pinned(source.shape, source.dtype)
        np.copyto(staged, source)
        kept: Any = staged
        if source.nbytes < LEAST_APART:
            target.set(staged)
        else:
            kept = staged, self._sent_apart(target, staged)
        event = cupy.cuda.Event(disable_timing=True)
        event.record(cupy.cuda.get_current_stream())
        with self._lock:
            self._pending.append((event, source.nbytes, kept))
            self._bytes += source.nbytes
            self._release()

    def _sent_apart(self, target: Array, staged: np.ndarray) -> Array:
        """Send on the stream of uploads; return the memory beside the target."""
        if self._stream is None:
            self._stream = cupy.cuda.Stream(non_blocking=True)
        with self._stream as stream:  # whose pool the memory comes from and returns to
            arrived = cupy.empty(staged.shape, staged.dtype)
            arrived.set(staged)
            event = stream.record(cupy.cuda.Event(disable_timing=True))
        cupy.cuda.get_current_stream().wait_event(event)
        cupy.copyto(target, arrived)
        return arrived

    def _release(self) -> None:
        """Let go of what has been read; wait for the oldest if too much has not."""
        while self._pending:
            event, size, _ = self._pending[0]
            if self._is_full():
                event.synchronize()
            elif not event.done:
                return
            self._pending.popleft()
            self._bytes -= size

    def _is_full(self) -> bool:
        count = len(self._pending)
        return count > MOST_PENDING or (count > 2 and self._bytes > MOST_BYTES)
