"""Compiling loops, once for all processes: sources and machine code lie in a folder.

The folder is `numba` in `$KERASISH_CACHE`, else in kerasish's folder of the user's
caches (`$XDG_CACHE_HOME`, `~/.cache`). A source lies there under its hash; Numba keeps
the machine code beside it, for each of its versions and kind of processor. Where the
folder cannot be written, every process compiles for itself.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numba

from kerasish_numba import float_math, native
from kerasish_numpy import special

CACHE_VARIABLE = "KERASISH_CACHE"


@functools.cache
def cache_folder() -> Path | None:
    """Return the folder of compiled loops, made if need be; None if it cannot be."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    chosen = os.environ.get(CACHE_VARIABLE) or Path(home) / "kerasish"
    folder = Path(chosen) / "numba" / _edition()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def _edition() -> str:
    """Return a name for what sources depend on beside their text."""
    parts = (float_math.__file__, native.__file__, special.__file__)
    functions = b"".join(Path(part).read_bytes() for part in parts)
    return hashlib.sha256(functions + numba.__version__.encode()).hexdigest()[:16]


@functools.cache
def compiled(source: str) -> int:
    """Return the address of machine code, from the folder if it is there.

    Args:
        source: A module whose function `native` is a native function.
    """
    folder = cache_folder()
    function = _loaded(source, folder or Path(tempfile.gettempdir()), folder is None)
    compiler = numba.cfunc("void(int64)", cache=folder is not None, error_model="numpy")
    made = compiler(function)
    _KEPT.append(made)
    return int(made.address or 0)


def text_digest(path: str) -> str:
    """Return a digest of a module's text, for a source that depends on it to hold."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


_KEPT: list[Any] = []  # machine code is freed with the object that holds it


def _loaded(text: str, folder: Path, is_passing: bool) -> Any:
    """Return the function `native` of a module with this text."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:24]
    path = folder / f"kerasish_{digest}.py"
    if not is_passing and not path.exists():
        _write(path, text)
    if is_passing:
        names: dict[str, Any] = {}
        exec(compile(text, str(path), "exec"), names)
        return names["native"]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # where stored machine code looks for it
    spec.loader.exec_module(module)
    return module.native


def _write(path: Path, text: str) -> None:
    """Write a file at once, so that no other process reads half of it."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    os.replace(file.name, path)
