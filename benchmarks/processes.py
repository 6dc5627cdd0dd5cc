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
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from benchmarks import peers
from benchmarks.peers import Peer

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 180.0  # seconds for an answer
_LOG_LINES = 15  # of a failed process, to be shown

_TIMED_IMPORT = """
import time
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""


class WorkerError(RuntimeError):
    """A peer's process ended before it answered, or took too long."""


def source_environment() -> dict[str, str]:
    """Return this process's environment, with the source tree on Python's path."""
    paths = [str(ROOT), str(ROOT / "backends"), os.environ.get("PYTHONPATH", "")]
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    # an installed package has its bytecode; the tree's is written at its first import
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found


def _environment(peer: Peer, device: str) -> dict[str, str]:
    return {**source_environment(), **peers.environment(peer, device)}


class Worker:
    """A process that measures one peer; see `benchmarks.worker`.

    Args:
        peer: Who.
        process: Its process, the standard input and output being pipes.
        log: What it wrote to standard error.
        patience: Seconds to wait for an answer before the process is ended.
    """

    def __init__(
        self, peer: Peer, process: subprocess.Popen[str], log: TextIO, patience: float
    ) -> None:
        self._peer = peer
        self._process = process
        self._log = log
        self._patience = patience

    def ask(self, question: str) -> dict[str, Any]:
        """Return the answer to a question.

        Raises:
            WorkerError: The process ended, and the end of its log is in the message; or
                it took too long.
        """
        timer = threading.Timer(self._patience, self._process.kill)
        timer.start()
        try:
            self._process.stdin.write(f"{question}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            has_ended_it = not timer.is_alive()
            timer.cancel()
        if line:
            return json.loads(line)
        if has_ended_it:
            raise WorkerError(f"`{question}` took more than {self._patience:g} s")
        raise self._failure()

    def _failure(self) -> WorkerError:
        status = self._process.wait()
        self._log.seek(0)
        tail = self._log.read().splitlines()[-_LOG_LINES:]
        heading = f"{self._peer.title} ended with status {status}; its log ends with:"
        return WorkerError("\n".join([heading, *tail]))


@contextmanager
def running(
    peer: Peer, device: str = "cpu", patience: float = PATIENCE
) -> Iterator[Worker]:
    """Run a worker for a block.

    Args:
        peer: Who.
        device: "cpu" or "gpu".
        patience: Seconds to wait for an answer.
    """
    options = [f"--peer={peer.name}", f"--device={device}"]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=_environment(peer, device),
        )
        try:
            yield Worker(peer, process, log, patience)
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
