"""Default names, as files hold them: the class in snake case, then numbered."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kerasish.saving.registry import snake_case

_lock = threading.Lock()
_counts: Counter[str] = Counter()
_uids: Counter[str] = Counter()
_local = threading.local()


def auto_name(class_name: str) -> str:
    """Return `dense`, `dense_1`, ... for one class name after another."""
    base = snake_case(class_name)
    name = _next_name(base)
    while name in getattr(_local, "taken", ()):
        name = _next_name(base)
    return name


def _next_name(base: str) -> str:
    with _lock:
        count = _counts[base]
        _counts[base] += 1
    return base if count == 0 else f"{base}_{count}"


@contextmanager
def avoiding(names: Iterable[str]) -> Iterator[None]:
    """Give no default name that is among `names`, or among those avoided already.

    For a model read from a file: its layers have names, and what is made besides, such
    as the functions that work out a mask, must have others.
    """
    before: frozenset[str] = getattr(_local, "taken", frozenset())
    _local.taken = before | frozenset(names)
    try:
        yield
    finally:
        _local.taken = before


def get_uid(prefix: str = "") -> int:
    """Return 1, 2, ... for one call after another with the same prefix."""
    with _lock:
        _uids[prefix] += 1
        return _uids[prefix]


def reset_names() -> None:
    """Begin counting anew."""
    with _lock:
        _counts.clear()
        _uids.clear()


def clear_session(free_memory: bool = True) -> None:
    """Forget the default names given so far, as between unrelated models.

    There is no global graph here to clear: a model's memory goes with the model.

    Args:
        free_memory: Whether to collect garbage at once.
    """
    reset_names()
    if free_memory:
        gc.collect()
