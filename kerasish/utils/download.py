"""Downloading one file, with a progress bar; all or nothing."""

from __future__ import annotations

import http.client
import secrets
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from kerasish.errors import explain
from kerasish.utils.io import print_msg
from kerasish.utils.progbar import Progbar

_TIMEOUT = 30  # seconds without an answer
_CHUNK = 1 << 16  # bytes


def download(origin: str, path: Path, check: Callable[[Path], None]) -> None:
    """Write the file at a URL to `path`.

    Until it is complete and `check` has passed it, it stands beside `path` under
    another name; a file already at `path` stays as it is if the download fails.

    Args:
        origin: URL.
        path: Where to put the file, in a folder that exists.
        check: Raises if the downloaded file is not the right one.

    Raises:
        OSError: The server cannot be reached, or does not deliver.
    """
    print_msg(f"Downloading data from {origin}")
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        _fetch(origin, path, partial)
        check(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _fetch(origin: str, path: Path, partial: Path) -> None:
    try:
        with urllib.request.urlopen(origin, timeout=_TIMEOUT) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            with partial.open("wb") as file:
                received = _copy(answer, file, total)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _failure(origin, path, str(error)) from error
    if total and received != total:
        raise _failure(origin, path, f"{received} of {total} bytes")


def _copy(answer: Any, file: IO[bytes], total: int) -> int:
    """Copy an answer into a file, and return the number of bytes."""
    bar = Progbar(total or None, unit_name="byte")
    received = 0
    while chunk := answer.read(_CHUNK):
        file.write(chunk)
        received += len(chunk)
        if received < total or not total:
            bar.update(received)
    bar.update(received, finalize=True)
    return received


def _failure(origin: str, path: Path, reason: str) -> OSError:
    return OSError(
        explain(
            f"URL fetch failure on {origin}",
            got=reason,
            expected=f"a file to be kept as {path}",
            fix=f"without a network, put the file into the folder {path.parent} "
            f"under the name {path.name}, or point KERAS_HOME to a folder that has it",
        )
    )
