"""The choice of a backend: by environment variable, by call, or for a `with` block.

Built-in backends are known by name, so a source tree works without being installed;
others announce themselves in the entry-point group `kerasish.backends`. A backend is
imported when it is first asked for, never before.
"""

from __future__ import annotations

import contextvars
import importlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.backend.contract import Backend
from kerasish.errors import BackendError, explain, unknown_name

ENVIRONMENT_VARIABLE = "KERASISH_BACKEND"
ENTRY_POINTS = "kerasish.backends"
AUTO = "auto"
_FASTEST_FIRST = ("cupy", "numba", "numpy")
_BUILTIN = {
    "numpy": "kerasish_numpy",
    "cupy": "kerasish_cupy",
    "numba": "kerasish_numba",
}
_NUMBERED = ("cupy",)  # of which a machine may have several

_lock = threading.RLock()
_made: dict[str, Backend] = {}
_default: Backend | None = None
_scoped: contextvars.ContextVar[Backend | None] = contextvars.ContextVar(
    "kerasish_backend", default=None
)


def register_backend(backend: Backend) -> None:
    """Make a backend known under its name, in place of one known before."""
    with _lock:
        _made[backend.name] = backend


def available_backends() -> list[str]:
    """Return the names that can be asked for; asking may still find no device."""
    found = _entry_points()
    return sorted({*_BUILTIN, *_made, *(point.name for point in found)})


def _entry_points() -> list[Any]:
    # a tenth of the import time of kerasish, and needed for third parties only
    metadata = importlib.import_module("importlib.metadata")
    return list(metadata.entry_points(group=ENTRY_POINTS))


def load_backend(name: str) -> Backend:
    """Return the backend called `name`, importing its package the first time.

    Args:
        name: Its name; "auto" for the fastest built-in one that can run here; with a
            number, "cupy:1", for one of several devices.

    Raises:
        ValueError: Nobody knows the name; the nearest names are given.
        BackendError: It is known but cannot run here; the message says how to mend it.
    """
    if name == AUTO:
        return _fastest()
    with _lock:
        if name not in _made:
            _made[name] = _make(name)
        return _made[name]


def _fastest() -> Backend:
    *others, last = _FASTEST_FIRST
    for name in others:
        try:
            return load_backend(name)
        except BackendError:
            continue  # not installed, or no device
    return load_backend(last)


def _make(name: str) -> Backend:
    kind, _, number = name.partition(":")
    if name in _BUILTIN:
        backend = importlib.import_module(_BUILTIN[name]).make()
    elif kind in _NUMBERED and number.isdecimal():
        backend = importlib.import_module(_BUILTIN[kind]).make(int(number))
    else:
        points = {point.name: point for point in _entry_points()}
        if name not in points:
            known = [*available_backends(), AUTO]
            raise ValueError(unknown_name("backend", name, known))
        backend = points[name].load()()
    if not isinstance(backend, Backend):
        raise BackendError(
            explain(
                f"The package of backend '{name}' made no backend.",
                got=type(backend).__name__,
                expected="an object of a subclass of kerasish.backend.Backend",
            )
        )
    return backend


def get_backend() -> Backend:
    """Return the backend in force: the scope's, else the process's."""
    return _scoped.get() or _default or _choose_default()


def _choose_default() -> Backend:
    global _default
    with _lock:
        if _default is None:
            _default = load_backend(os.environ.get(ENVIRONMENT_VARIABLE, "numpy"))
        return _default


def set_backend(backend: str) -> None:
    """Make `backend` the process's; models made before move when next used."""
    global _default
    _default = load_backend(backend)


@contextmanager
def backend_scope(name: str) -> Iterator[Backend]:
    """Use another backend inside a `with` block, in this thread."""
    chosen = load_backend(name)
    token = _scoped.set(chosen)
    try:
        yield chosen
    finally:
        _scoped.reset(token)
