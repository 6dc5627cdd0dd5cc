"""Vocabularies of lookup layers: tokens in order, files that hold them, counting.

A vocabulary is a list of tokens, `str` or `int`, behind its special tokens: the mask
token first, then the token of unknown values, as often as there are numbers for them.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import FileFormatError, explain
from kerasish.graph import tree
from kerasish.layers.call_arguments import is_symbolic
from kerasish.saving.atomic import atomic_write

Token = str | int
Parse = Callable[[str], Token]

FILE_NAME = "vocabulary.txt"  # Keras's, in a model's assets


def read_vocabulary(path: str | os.PathLike[str], parse: Parse) -> list[Token]:
    """Return the tokens of a file: one a line, UTF-8.

    Args:
        path: The file.
        parse: From a line to a token.

    Raises:
        FileFormatError: A line is no token.
        ValueError: There is no such file.
    """
    if not os.path.isfile(path):
        raise ValueError(
            explain("There is no such vocabulary file.", got=f"'{os.fspath(path)}'")
        )
    with open(path, encoding="utf-8", newline="\n") as file:
        text = file.read()
    lines = text.removesuffix("\n").split("\n")
    try:
        return [parse(line.removesuffix("\r")) for line in lines]
    except ValueError as error:
        raise FileFormatError(
            explain(
                f"'{os.fspath(path)}' holds no vocabulary of whole numbers.",
                got=str(error),
            )
        ) from error


def write_vocabulary(path: str | os.PathLike[str], tokens: Sequence[Token]) -> None:
    """Write tokens to a file, one a line, without a line end after the last.

    Raises:
        OSError: It cannot be written; what was there before is unchanged.
    """
    text = "\n".join(map(str, tokens))
    with atomic_write(path) as file:
        file.write(text.encode())


def given_tokens(vocabulary: Any, parse: Parse, who: str) -> list[Token]:
    """Return the tokens of a vocabulary given by a user.

    Args:
        vocabulary: A list, tuple or array of tokens, or the path of a file.
        parse: From what is in it to a token.
        who: The layer, for messages.
    """
    if isinstance(vocabulary, (str, os.PathLike)):
        return read_vocabulary(vocabulary, parse)
    if any(is_symbolic(leaf) for leaf in tree.leaves(vocabulary)):
        raise ValueError(
            explain(f"The vocabulary of {who} must have values.", got=repr(vocabulary))
        )
    if ops.is_tensor(vocabulary):
        vocabulary = ops.convert_to_numpy(vocabulary)
    flat = np.asarray(vocabulary, object).ravel().tolist()
    if any(token is None for token in flat):
        raise ValueError(
            explain(f"The vocabulary of {who} has a gap.", got="None among the tokens")
        )
    return [
        parse(token.decode() if isinstance(token, bytes) else token) for token in flat
    ]


def require_distinct(tokens: Sequence[Token], who: str) -> None:
    """Raise a ValueError if a token occurs twice."""
    if len(set(tokens)) == len(tokens):
        return
    repeated = [token for token, n in Counter(tokens).items() if n > 1]
    raise ValueError(
        explain(
            f"The vocabulary of {who} holds tokens twice.",
            got=f"{repeated[:10]}",
            fix="list(dict.fromkeys(vocabulary)) keeps the first of each",
        )
    )


class TokenCounts:
    """How often tokens occur, and in how many documents."""

    def __init__(self) -> None:
        self.tokens: Counter[Token] = Counter()
        self.documents: Counter[Token] = Counter()
        self.num_documents = 0

    def add(self, documents: Iterable[Sequence[Token]]) -> None:
        """Count more documents, each a sequence of tokens."""
        for document in documents:
            self.tokens.update(document)
            self.documents.update(set(document))
            self.num_documents += 1

    def most_common(self, left_out: Iterable[Any]) -> list[Token]:
        """Return the tokens, the most frequent first; of equals, the greatest first."""
        unwanted = set(left_out)
        kept = [token for token in self.tokens if token not in unwanted]
        counts: Any = self.tokens
        return sorted(kept, key=lambda token: (counts[token], token), reverse=True)

    def inverse_frequency(self, token: Token) -> float:
        """Return log(1 + documents / (1 + documents with the token))."""
        return math.log1p(self.num_documents / (1 + self.documents[token]))
