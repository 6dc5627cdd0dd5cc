"""Names of layers: the default ones, and the paths that a nesting of layers gives.

A default name is the class in snake case, then numbered. A layer that is built while
another is being built or called gets a path below it: `outer/inner`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.saving.registry import snake_case

_lock = threading.Lock()
_counts: Counter[str] = Counter()
_local = threading.local()


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


def current_owner() -> Any | None:
    """Return the layer now being built or called in this thread, innermost first."""
    owners = getattr(_local, "owners", None)
    return owners[-1] if owners else None


@contextmanager
def owning(layer: Any) -> Iterator[None]:
    """Make `layer` the owner of the layers that are built inside the block."""
    owners = _local.__dict__.setdefault("owners", [])
    owners.append(layer)
    try:
        yield
    finally:
        owners.pop()
