"""Default names of metrics: `auc`, `auc_1`, `auc_2`, ... in order of making."""

from __future__ import annotations

from collections import Counter

_made: Counter[str] = Counter()


def unique_name(prefix: str) -> str:
    """Return `prefix` the first time, then `prefix_1`, `prefix_2`, ...

    Args:
        prefix: A name in snake case.
    """
    number = _made[prefix]
    _made[prefix] += 1
    return f"{prefix}_{number}" if number else prefix


def reset_names() -> None:
    """Start counting again, as `keras.utils.clear_session` does."""
    _made.clear()
