"""The processes in which peers run, seen from the one that asks them.

Frameworks fight over threads and share no process here. Each child finds the source
tree these benchmarks lie in before any installed kerasish.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from benchmarks import peers
from benchmarks.peers import Peer

ROOT = Path(__file__).resolve().parent.parent
_LOG_LINES = 15  # of a failed process, to be shown

_TIMED_IMPORT = """
import time
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""


class WorkerError(RuntimeError):
    """A peer's process ended before it answered."""


def source_environment() -> dict[str, str]:
    """Return this process's environment, with the source tree on Python's path."""
    paths = [str(ROOT), str(ROOT / "backends"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _environment(peer: Peer, device: str) -> dict[str, str]:
    return {**source_environment(), **peers.environment(peer, device)}


class Worker:
    """A process that trains one case with one peer; see `benchmarks.worker`.

    Args:
        peer: Who.
        process: Its process, the standard input and output being pipes.
        log: What it wrote to standard error.
    """

    def __init__(self, peer: Peer, process: subprocess.Popen[str], log: TextIO) -> None:
        self._peer = peer
        self._process = process
        self._log = log

    def wait_until_ready(self) -> None:
        """Wait until the model is made and a first epoch behind it.

        Raises:
            WorkerError: The process ended; the end of its log is in the message.
        """
        self._answer()

    def ask(self, question: str) -> dict[str, Any]:
        """Return the answer to "fit", "predict" or "memory".

        Raises:
            WorkerError: As above.
        """
        try:
            self._process.stdin.write(f"{question}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise self._failure()
        return json.loads(line)

    def _failure(self) -> WorkerError:
        status = self._process.wait()
        self._log.seek(0)
        tail = self._log.read().splitlines()[-_LOG_LINES:]
        heading = f"{self._peer.title} ended with status {status}; its log ends with:"
        return WorkerError("\n".join([heading, *tail]))


@contextmanager
def running(peer: Peer, case: str, num_samples: int, device: str) -> Iterator[Worker]:
    """Run a worker for a block.

    Args:
        peer: Who.
        case: Name of the case.
        num_samples: Samples to train on.
        device: "cpu" or "gpu".
    """
    options = [f"--peer={peer.name}", f"--case={case}", f"--device={device}"]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.worker"),
                *(*options, f"--samples={num_samples}"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=_environment(peer, device),
        )
        try:
            yield Worker(peer, process, log)
        except BaseException:
            process.kill()
            raise
        finally:
            process.communicate()  # closes its standard input, which ends it


def time_import(peer: Peer, device: str) -> float:
    """Return the seconds that what a script imports first takes, in a new process."""
    finished = subprocess.run(
        [sys.executable, "-c", _TIMED_IMPORT.format(statement=peer.statement)],
        capture_output=True,
        text=True,
        env=_environment(peer, device),
        check=False,
    )
    if finished.returncode:
        tail = "\n".join(finished.stderr.splitlines()[-_LOG_LINES:])
        raise WorkerError(f"`{peer.statement}` failed:\n{tail}")
    return float(finished.stdout.split()[-1])
