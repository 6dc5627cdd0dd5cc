"""Uploading through page-locked memory, so that the host need not wait for the copy.

A batch is copied into page-locked memory and sent from there; the memory is kept until
the device has read it, and goes back to CuPy's pool. The host may run ahead of the
device by a bounded number of uploads, so waiting copies cannot fill the memory.
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


class Staging:
    """Uploads that are under way."""

    def __init__(self) -> None:
        self._pending: collections.deque[tuple[Any, np.ndarray]] = collections.deque()
        self._lock = threading.Lock()

    def upload(self, target: Array, source: np.ndarray) -> None:
        """Write a host array into a contiguous device array of its shape and dtype."""
        if not source.size:
            return
        staged = cupyx.empty_pinned(source.shape, source.dtype)
        np.copyto(staged, source)
        target.set(staged)
        event = cupy.cuda.Event(disable_timing=True)
        event.record()
        with self._lock:
            self._pending.append((event, staged))
            self._release()

    def _release(self) -> None:
        """Let go of what has arrived; wait for the oldest if too much has not."""
        if len(self._pending) > MOST_PENDING:
            self._pending[0][0].synchronize()
        while self._pending and self._pending[0][0].done:
            self._pending.popleft()
