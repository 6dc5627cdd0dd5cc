"""Flush-to-zero for the calling thread, for the time a plan runs.

Subnormal floats cost 25 to 170 times an ordinary operation on x86-64, and the moments
of dead units decay into them within some 760 steps. The C library's floating-point
environment holds the two bits that make the hardware treat them as zero; they are set
on entering the scope and the former environment is put back on leaving it. Elsewhere
than on x86-64 Linux the scope does nothing and `AVAILABLE` is false.
"""

from __future__ import annotations

import ctypes
import functools
import platform
import sys
from typing import Any

_MXCSR_OFFSET = (
    28  # bytes; fenv_t of glibc on x86-64: 28 bytes of x87 state, then MXCSR
)
_FENV_BYTES = 32
_FLUSH_TO_ZERO = 1 << 15
_DENORMALS_ARE_ZERO = 1 << 6


def _load_libm() -> Any | None:
    on_linux = sys.platform.startswith("linux")
    if not on_linux or platform.machine() not in ("x86_64", "AMD64"):
        return None
    try:
        libm = ctypes.CDLL("libm.so.6")
    except OSError:
        return None
    return libm if hasattr(libm, "fegetenv") and hasattr(libm, "fesetenv") else None


_libm = _load_libm()
AVAILABLE = _libm is not None


_Environment: Any = ctypes.c_char * _FENV_BYTES


@functools.lru_cache(maxsize=64)
def _flushing(environment: bytes) -> bytes:
    """Return an environment with the two bits set."""
    before, after = environment[:_MXCSR_OFFSET], environment[_MXCSR_OFFSET:]
    word = int.from_bytes(after, sys.byteorder) | _FLUSH_TO_ZERO | _DENORMALS_ARE_ZERO
    return before + word.to_bytes(len(after), sys.byteorder)


class FlushToZero:
    """Treats subnormal inputs and results as zero in this thread, inside the block."""

    def __enter__(self) -> None:
        if _libm is None:
            return
        self._before = _Environment()
        _libm.fegetenv(self._before)
        _libm.fesetenv(_flushing(self._before.raw))

    def __exit__(self, *_: object) -> None:
        if _libm is not None:
            _libm.fesetenv(self._before)
