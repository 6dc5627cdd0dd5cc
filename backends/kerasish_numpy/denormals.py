"""Flush-to-zero for the calling thread, for the time a plan runs.

Subnormal floats cost 25 to 170 times an ordinary operation on x86-64, and the moments
of dead units decay into them within some 760 steps. The C library's floating-point
environment holds the two bits that make the hardware treat them as zero; they are set
on entering the scope and the former environment is put back on leaving it. Elsewhere
than on x86-64 Linux the scope does nothing and `AVAILABLE` is false.
"""

from __future__ import annotations

import ctypes
import ctypes.util
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


_Environment = ctypes.c_ubyte * _FENV_BYTES


class FlushToZero:
    """Treats subnormal inputs and results as zero in this thread, inside the block."""

    def __enter__(self) -> None:
        if _libm is None:
            return
        self._before = _Environment()
        _libm.fegetenv(ctypes.byref(self._before))
        during = _Environment.from_buffer_copy(self._before)
        mxcsr = ctypes.c_uint32.from_buffer(during, _MXCSR_OFFSET)
        mxcsr.value |= _FLUSH_TO_ZERO | _DENORMALS_ARE_ZERO
        _libm.fesetenv(ctypes.byref(during))

    def __exit__(self, *_: object) -> None:
        if _libm is not None:
            _libm.fesetenv(ctypes.byref(self._before))
