"""Launches that follow each other, as one CUDA graph.

A launch costs the host some 5 µs, more than most kernels of a small model take; a graph
of a whole step costs as much once. A step's buffers are the plan's, and learning rates,
counters and random keys lie in variables, so what was captured stays true. Only calls
known to take no memory while they run are captured: a graph keeps no reference to such
memory. The first run is plain, since kernels are compiled and handles made in it; the
second is captured. Where that fails, the calls stay as they are, and `reason` says why.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import logging
import weakref
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

import cupy

from kerasish.backend.streams import run_all
from kerasish_cupy.cublas import Product
from kerasish_cupy.launch import ElementwiseLaunch
from kerasish_cupy.merging import merge_launches

Call = Callable[[], Any]
_LOGGER = logging.getLogger(__name__)


def joined(calls: Sequence[Call]) -> list[Call]:
    """Return calls that do the same: fewer launches, those of a run as graphs."""
    result: list[Call] = []
    for suits, group in itertools.groupby(launches_of(calls), can_be_captured):
        found = list(group)
        result += [Captured(found)] if suits and len(found) > 1 else found
    return result


def launches_of(calls: Sequence[Call]) -> list[Call]:
    """Return the single launches that do the same, neighbours as one where possible."""
    return merge_launches(_singles(calls))


def _singles(calls: Sequence[Call]) -> list[Call]:
    return list(itertools.chain.from_iterable(map(_single, calls)))


def _single(call: Call) -> list[Call]:
    """Return the calls that one consists of: a loop's are those of all its steps."""
    if isinstance(call, functools.partial) and call.func is run_all:
        inner: Sequence[Call] = call.args[0]
    elif hasattr(call, "calls"):
        inner = call.calls
    else:
        return [call]
    return _singles(inner)


def can_be_captured(call: Call) -> bool:
    """Return whether a call that stands alone launches a kernel, on memory that stays.

    Of CuPy's functions these are copies, filling, and universal functions that are told
    where to write; its reductions, sorts and products take memory.
    """
    if not isinstance(call, functools.partial):
        return isinstance(call, (ElementwiseLaunch, Product))
    function = call.func
    if isinstance(function, cupy.ufunc):
        return "out" in call.keywords
    is_method = isinstance(getattr(function, "__self__", None), cupy.ndarray)
    is_fill = is_method and function.__name__ == "fill"
    is_copy = function is cupy.copyto
    return is_fill or is_copy or isinstance(function, cupy.ElementwiseKernel)


class Captured:
    """Calls as a graph, from the second run on.

    Each stream has a graph of its own: it holds the work space of cuBLAS of the thread
    that captured it, which lives as long as the thread's stream and serves it alone.

    Args:
        calls: What it consists of.

    Attributes:
        reason: Why there is no graph; empty if there is one, or may be.
    """

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = tuple(calls)
        self.reason = ""
        self._has_run = False
        self._graphs: MutableMapping[Any, Any] = weakref.WeakKeyDictionary()

    def __call__(self) -> None:
        """Run them, on the current stream."""
        stream = cupy.cuda.get_current_stream()
        graph = self._graphs.get(stream)
        if graph is None and self._has_run and not self.reason:
            graph = self._captured(stream)
        if graph is not None:
            graph.launch(stream)
            return
        for call in self.calls:
            call()
        self._has_run = True

    def _captured(self, stream: Any) -> Any | None:
        """Return a graph, or None; nothing is computed meanwhile."""
        if not stream.ptr:
            self.reason = "the default stream cannot be captured"
            return None
        try:
            stream.begin_capture()
            for call in self.calls:
                call()
            self._graphs[stream] = stream.end_capture()
        except Exception as error:  # the driver's, CuPy's or cuBLAS's: the calls remain
            self.reason = f"{type(error).__name__}: {error}"
            _LOGGER.warning("a step runs without a CUDA graph: %s", self.reason)
            with contextlib.suppress(Exception):
                stream.end_capture()
        return self._graphs.get(stream)
