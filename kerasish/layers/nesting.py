"""Which layer is being built or called, so that layers inside it get paths below it.

A layer built while another is being built or called becomes `outer/inner`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_local = threading.local()


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
