"""Where messages for people go, and whether a line on the screen can be redrawn.

The one door to standard output: callbacks and the progress bar write through `write`
and `print_msg`. Output is a courtesy: a closed stream, a full disk or an encoding
without our characters never ends a training run. With interactive logging switched off,
messages go to the logger "kerasish" instead, at level INFO.
"""

from __future__ import annotations

import logging
import os
import sys

_LOGGER = logging.getLogger("kerasish")
_SWITCH = {"interactive": True}


def enable_interactive_logging() -> None:
    """Write messages and progress to standard output (the default)."""
    _SWITCH["interactive"] = True


def disable_interactive_logging() -> None:
    """Send messages and progress to the logger "kerasish" (level INFO) instead."""
    _SWITCH["interactive"] = False


def is_interactive_logging_enabled() -> bool:
    """Return whether messages go to standard output.

    Example:
        >>> is_interactive_logging_enabled()
        True
    """
    return _SWITCH["interactive"]


def print_msg(message: str, line_break: bool = True) -> None:
    """Show a message: on standard output, or in the log if that is switched off.

    Args:
        message: The text.
        line_break: Whether to end the line after it (standard output only).
    """
    if is_interactive_logging_enabled():
        write(message + "\n" if line_break else message)
    else:
        _LOGGER.info(message.strip("\r\n"))


def write(text: str) -> None:
    """Write text to standard output at once; drop it where that is impossible.

    Characters that the stream's encoding lacks become `?`.
    """
    stream = sys.stdout
    if stream is None:  # a windowed Python has none
        return
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except (ValueError, OSError):
        return  # closed, or nobody reads it any more


def can_encode(text: str) -> bool:
    """Return whether standard output's encoding has all characters of `text`."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def can_redraw() -> bool:
    """Return whether a line may be drawn again and again in place.

    True on a terminal and in a notebook, False where the output is a file, a pipe or a
    log: there every redrawn line would stay.
    """
    if not is_interactive_logging_enabled():
        return False
    if type(sys.stdout).__module__.startswith("ipykernel"):
        return True
    return _is_terminal() and os.environ.get("TERM") != "dumb"


def terminal_columns() -> int | None:
    """Return the terminal's width in characters; None where there is no such limit."""
    if not _is_terminal():
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (AttributeError, ValueError, OSError):
        return None


def _is_terminal() -> bool:
    try:
        return sys.stdout.isatty()
    except (AttributeError, ValueError):  # no such method, or the stream is closed
        return False
