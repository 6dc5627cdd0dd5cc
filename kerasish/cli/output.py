"""What the commands print: safe text, tables, JSON, and errors in one line.

Names in a file may hold anything, the codes that steer a terminal too: all text that
leaves goes through `printable`. Nothing is coloured.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from kerasish.models.summary import table

_MOST_COLUMNS = 110  # characters; what is not shown on a terminal has no width
_LEAST = 12  # of a column, padding included
_CELL = 300  # characters; a longer text is no name
# For receivers whose encoding has no lines to draw tables with.
_ASCII = str.maketrans(
    {
        **dict.fromkeys("┏┳┓┡╇┩├┼┤└┴┘", "+"),
        **dict.fromkeys("┃│", "|"),
        "━": "=",
        "─": "-",
        "…": "~",
    }
)


def show(text: str, file: TextIO | None = None) -> None:
    """Print text; what the receiver cannot encode or a terminal obeys is replaced."""
    file = file or sys.stdout
    safe = printable(text)
    encoding = getattr(file, "encoding", None) or "utf-8"
    try:
        safe.encode(encoding)
    except UnicodeEncodeError:
        plain = safe.translate(_ASCII)
        safe = plain.encode(encoding, "replace").decode(encoding)
    print(safe, file=file)


def printable(text: str) -> str:
    """Return text without characters that are not to be seen, but for line ends.

    Example:
        >>> printable("a" + chr(27) + "[31mb")
        'a?[31mb'
    """
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def show_json(value: Any) -> None:
    """Print a value as JSON; numbers that are not finite become null."""
    print(json.dumps(_finite(value), indent=2, default=str, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def one_line(error: BaseException) -> str:
    r"""Return an error's message, as `explain` writes them, in one line.

    Example:
        >>> one_line(ValueError("It is so.\n  got:      1\n  expected: 2"))
        'It is so. (got 1; expected 2)'
    """
    first, *rest = _message(error).splitlines() or [type(error).__name__]
    parts: list[str] = []
    details: list[str] = []
    for line in rest:
        label, colon, text = line.strip().partition(":")
        if colon and label in ("got", "expected"):
            details.append(f"{label} {text.strip()}")
        elif colon and label == "fix":
            details.append(f"{label}: {text.strip()}")
        elif line.strip():
            (details or parts).append(line.strip())
    sentence = " ".join([first, *parts])
    return f"{sentence} ({'; '.join(details)})" if details else sentence


def _message(error: BaseException) -> str:
    """Return an error's text, without the number that Python puts before some."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    where = "" if error.filename is None else f" ('{error.filename}')"
    return f"{error.strerror}{where}"


def table_of(heads: list[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as wide as its texts need and the terminal allows.

    Args:
        heads: The columns' titles; the third column is for numbers.
        rows: The texts of each row.
    """
    cells = [[_short(text) for text in row] for row in rows]
    widths = [
        max(len(text) for text in column) + 2
        for column in zip(heads, *cells, strict=True)
    ]
    _narrow(widths)
    return "\n".join(table(heads, cells, widths, ruled=False))


def _short(text: str) -> str:
    safe = printable(text).replace("\n", " ")
    return safe if len(safe) <= _CELL else safe[: _CELL - 1] + "…"


def _narrow(widths: list[int]) -> None:
    """Take from the widest columns until the table fits."""
    room = _MOST_COLUMNS
    if sys.stdout.isatty():
        room = min(room, shutil.get_terminal_size().columns)
    room -= len(widths) + 1
    while sum(widths) > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1


def shape_text(shape: Any) -> str:
    """Return a shape, or a structure of shapes, as Keras prints them; `?` for None."""
    if shape is None:
        return "?"
    if isinstance(shape, dict):
        return ", ".join(f"{key}: {shape_text(value)}" for key, value in shape.items())
    if any(isinstance(part, (list, tuple)) for part in shape):
        return ", ".join(shape_text(part) for part in shape)
    return str(tuple(shape))
