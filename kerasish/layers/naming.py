"""Default names of layers and models: the class in snake case, then numbered."""

from __future__ import annotations

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
    """Begin counting anew, as `keras.utils.clear_session` does."""
    with _lock:
        _counts.clear()
