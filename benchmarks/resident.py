"""How much memory this process holds, and has held at most, in bytes.

On Linux both come from /proc: `getrusage` there reports no less than the process that
started this one had held. Elsewhere psutil and `getrusage` are asked.
"""

from __future__ import annotations

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def resident_bytes() -> int:
    """Return the memory held now."""
    if _STATUS.exists():
        return _from_status("VmRSS")
    import psutil

    return psutil.Process().memory_info().rss


def peak_bytes() -> int:
    """Return the most memory held so far."""
    if _STATUS.exists():
        return _from_status("VmHWM")
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _from_status(key: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{_STATUS} has no {key}")
