"""Reading the subscripts of `einsum`: which label stands for which axis.

A label is a letter; the axes an ellipsis stands for are labelled "~0", "~1", ...
counted from the last, so that they broadcast as everywhere else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from kerasish.backend.contract import Shape
from kerasish.errors import ShapeError, explain

Labels = tuple[str, ...]

_TERM = re.compile(r"([A-Za-z]*)(\.\.\.)?([A-Za-z]*)")


class Subscripts(NamedTuple):
    """What `einsum` is to compute.

    Attributes:
        operands: The labels of each operand's axes.
        result: The labels of the result's axes.
        lengths: The length of each label.
    """

    operands: tuple[Labels, ...]
    result: Labels
    lengths: dict[str, int]


def read(subscripts: str, shapes: Sequence[Shape]) -> Subscripts:
    """Return the labels of every axis, the ellipses filled in.

    Args:
        subscripts: As NumPy's, for example "ij,jk->ik", "...ij->...ji" or "ii"; without
            an arrow the result has the labels that occur once, in alphabetical order,
            after the axes of an ellipsis.
        shapes: Of the operands.

    Raises:
        ValueError: The text is no such thing, or not for so many operands.
        ShapeError: An operand has too few or too many axes, or lengths differ.
    """
    given, arrow, result_term = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    if len(terms) != len(shapes):
        raise _unreadable(
            subscripts,
            f"{len(terms)} terms for {len(shapes)} operands",
            "one term per operand, between commas",
        )
    pairs = list(zip(terms, shapes, strict=True))
    operands = tuple(_labels(subscripts, term, len(shape)) for term, shape in pairs)
    lengths = _lengths(subscripts, operands, shapes)
    hidden = tuple(sorted((n for n in lengths if n[0] == "~"), key=_place))
    if arrow:
        result = _result(subscripts, result_term, hidden, lengths)
    else:
        counts = Counter(label for labels in operands for label in labels)
        once = sorted(n for n, count in counts.items() if count == 1 and n[0] != "~")
        result = (*hidden, *once)
    return Subscripts(operands, result, lengths)


def _place(hidden: str) -> int:
    return -int(hidden[1:])


def _unreadable(subscripts: str, got: str, expected: str) -> ValueError:
    what = f"einsum cannot read the subscripts {subscripts!r}."
    return ValueError(explain(what, got=got, expected=expected))


def _labels(subscripts: str, term: str, ndim: int) -> Labels:
    match = _TERM.fullmatch(term)
    if match is None:
        raise _unreadable(
            subscripts,
            f"the term {term!r}",
            "letters, and at most one ellipsis '...'",
        )
    front, dots, back = match.groups()
    hidden = ndim - len(front) - len(back)
    if hidden < 0 or (hidden and not dots):
        raise ShapeError(
            explain(
                f"einsum has an operand that its subscripts {subscripts!r} do not fit.",
                got=f"{ndim} axes for the term {term!r}",
                expected="a letter for each axis, or an ellipsis for the rest",
            )
        )
    return (*front, *(f"~{i}" for i in range(hidden)[::-1]), *back)


def _lengths(
    subscripts: str, operands: Sequence[Labels], shapes: Sequence[Shape]
) -> dict[str, int]:
    lengths: dict[str, int] = {}
    for labels, shape in zip(operands, shapes, strict=True):
        own: dict[str, int] = {}
        for label, length in zip(labels, shape, strict=True):
            if own.setdefault(label, length) != length:
                raise _two_lengths(subscripts, label, own[label], length, shapes)
            known = lengths.get(label, 1)
            if length != 1 and known not in (1, length):
                raise _two_lengths(subscripts, label, known, length, shapes)
            lengths[label] = length if known == 1 else known
    return lengths


def _two_lengths(
    subscripts: str, label: str, one: int, other: int, shapes: Sequence[Shape]
) -> ShapeError:
    name = "..." if label[0] == "~" else label
    return ShapeError(
        explain(
            f"einsum {subscripts!r} has a label with two lengths.",
            got=f"{one} and {other} for '{name}', in shapes "
            + ", ".join(map(str, shapes)),
            expected="one length; or 1 in another operand, which broadcasts",
        )
    )


def _result(
    subscripts: str, term: str, hidden: Labels, lengths: dict[str, int]
) -> Labels:
    match = _TERM.fullmatch(term)
    if match is None:
        raise _unreadable(
            subscripts,
            f"the result {term!r}",
            "letters, and at most one ellipsis '...'",
        )
    front, dots, back = match.groups()
    if hidden and not dots:
        raise _unreadable(
            subscripts,
            f"the result {term!r}",
            "an ellipsis, as the operands have axes under one",
        )
    result = (*front, *hidden, *back)
    strangers = [label for label in result if label not in lengths]
    if strangers or len(set(result)) < len(result):
        raise _unreadable(
            subscripts,
            f"the result {term!r}",
            "labels of the operands, each once",
        )
    return result
