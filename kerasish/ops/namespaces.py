"""Keras's groups of operations under names of their own: `ops.linalg`, `ops.nn`, ...

Every operation is public in `kerasish.ops`; a group is a module that lists names and
hands them on, so that nothing is imported twice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.errors import unknown_name


def handing_on(
    names: Sequence[str],
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return a module's `__getattr__` and `__dir__` for operations of `kerasish.ops`.

    Args:
        names: Names of operations.
    """

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(unknown_name("operation", name, names))
        return getattr(sys.modules["kerasish.ops"], name)

    def listed() -> list[str]:
        return [name for name in names if hasattr(sys.modules["kerasish.ops"], name)]

    return find, listed
