"""Default names, as files hold them: the class in snake case, then numbered."""

from __future__ import annotations

import gc
import threading
from collections import Counter

from kerasish.saving.registry import snake_case

_lock = threading.Lock()
_counts: Counter[str] = Counter()


def auto_name(class_name: str) -> str:
    """Return `dense`, `dense_1`, ... for one class name after another."""
    base = snake_case(class_name)
    with _lock:
        count = _counts[base]
        _counts[base] += 1
    return base if count == 0 else f"{base}_{count}"


def reset_names() -> None:
    """Begin counting anew."""
    with _lock:
        _counts.clear()


def clear_session(free_memory: bool = True) -> None:
    """Forget the default names given so far, as between unrelated models.

    There is no global graph here to clear: a model's memory goes with the model.

    Args:
        free_memory: Whether to collect garbage at once.
    """
    reset_names()
    if free_memory:
        gc.collect()
