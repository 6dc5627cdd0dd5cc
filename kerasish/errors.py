"""Errors that say what came, what was expected, and how to mend it.

Every error kerasish raises on purpose is written by `explain` (one shape for all
messages) and is a subclass of the built-in a Keras user already catches: a `ShapeError`
is a `ValueError`, a `DTypeError` a `TypeError`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ShapeError(ValueError):
    """A tensor's shape does not fit the operation or layer it was given to."""


class DTypeError(TypeError):
    """A tensor's dtype does not fit the operation or layer it was given to."""


class BackendError(RuntimeError):
    """A backend is missing, has no device, or lacks a kernel."""


class FileFormatError(ValueError):
    """A file is not what its name or its reader expects, or is damaged."""


def explain(
    what: str, *, got: object = None, expected: object = None, fix: str | None = None
) -> str:
    """Return a message of four lines: what happened, `got`, `expected`, `fix`.

    Args:
        what: One sentence in the user's words (layer and argument names).
        got: What came; left out when None.
        expected: What was needed; left out when None.
        fix: How to mend it; left out when None.

    Example:
        >>> print(explain("Dense 'd' cannot take this input.", got="(2, 3)"))
        Dense 'd' cannot take this input.
          got:      (2, 3)
    """
    rows = (("got", got), ("expected", expected), ("fix", fix))
    lines = [f"  {label + ':':<9} {text}" for label, text in rows if text is not None]
    return "\n".join([what, *lines])


def similar_names(name: object, known: Iterable[str], cutoff: float) -> list[str]:
    """Return up to three known names that look like one.

    Args:
        name: What somebody wrote.
        known: The names there are.
        cutoff: How much alike they must be, from 0 to 1.
    """
    # cut: comparing takes the square of a name's length
    return difflib.get_close_matches(str(name)[:100], list(known), n=3, cutoff=cutoff)


def unknown_name(kind: str, name: object, known: Iterable[str]) -> str:
    """Return a message for a name nobody registered, with the nearest known ones.

    Args:
        kind: What was looked up, such as `"activation"`.
        name: The name given.
        known: All names that would have been understood.

    Example:
        >>> print(unknown_name("activation", "rleu", ["relu", "tanh"]))
        Unknown activation 'rleu'.
          fix:      did you mean 'relu'?
    """
    names = sorted(known)
    near = similar_names(name, names, cutoff=0.5)
    if near:
        fix = "did you mean " + " or ".join(repr(n) for n in near) + "?"
        return explain(f"Unknown {kind} {name!r}.", fix=fix)
    return explain(f"Unknown {kind} {name!r}.", expected="one of " + ", ".join(names))
