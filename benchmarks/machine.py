"""What the numbers were measured on: processor, memory, BLAS, threads, load."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

import numpy as np
import threadpoolctl

# What users set to limit threads; nothing here sets them, what is set is reported.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "XLA_FLAGS",
    "TF_NUM_INTRAOP_THREADS",
)
_BUSY = 0.25  # load per core beyond which timings are not worth much
_GIB = 2**30
_HERE = str(Path(__file__).resolve().parent)


def num_cores() -> int:
    """Return the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> float | None:
    """Return how many processes wanted to run in the last minute, if that is known."""
    with contextlib.suppress(OSError, AttributeError):
        return os.getloadavg()[0]
    return None


def is_busy() -> bool:
    """Return whether others keep so many cores that timings mean little."""
    return (load() or 0.0) > _BUSY * num_cores()


def describe(device: str) -> dict[str, str]:
    """Return the machine as lines of name and text, for reports."""
    lines = {
        "Processor": f"{_processor()}, {num_cores()} cores",
        "Memory": _memory(),
        "System": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "NumPy": f"{np.__version__} with {_blas()}",
        "Thread limits": _thread_limits(),
        "Commit": _run_quietly("git", "-C", _HERE, "describe", "--always", "--dirty"),
    }
    return lines | ({"GPU": _gpu()} if device == "gpu" else {})


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return "unknown"
    return f"{total / _GIB:.0f} GiB"


def _blas() -> str:
    pools = [p for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"]
    if not pools:
        return "a BLAS that threadpoolctl does not know"
    pool = pools[0]
    return (
        f"{pool['internal_api']} {pool['version']}, "
        f"{pool['num_threads']} threads by default"
    )


def _thread_limits() -> str:
    given = [f"{n}={os.environ[n]}" for n in _THREAD_VARIABLES if n in os.environ]
    return ", ".join(given) or "none set"


def _gpu() -> str:
    query = "--query-gpu=name,driver_version"
    return _run_quietly("nvidia-smi", query, "--format=csv,noheader")


def _run_quietly(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "unknown"
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"
