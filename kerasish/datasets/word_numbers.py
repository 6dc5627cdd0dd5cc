"""Texts as lists of word numbers, filtered as `imdb` and `reuters` both do it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import FileFormatError, explain
from kerasish.utils.files import get_file


class WordFilter(NamedTuple):
    """Which words of a text are kept, and how they are numbered.

    Attributes:
        num_words: Only the words ranked below this are kept; None: all but the rarest.
        skip_top: How many of the most frequent words are dropped.
        maxlen: Only texts shorter than this are kept; None: all.
        start_char: Number that begins every text; None for none.
        oov_char: Number in place of dropped words; None: they leave no gap.
        index_from: Added to the numbers of words.
    """

    num_words: int | None
    skip_top: int
    maxlen: int | None
    start_char: int | None
    oov_char: int | None
    index_from: int | None


def renumber(texts: NDArray[Any], words: WordFilter) -> list[list[int]]:
    """Return texts with the beginning marked, and words numbered from `index_from`."""
    start = [] if words.start_char is None else [words.start_char]
    offset = words.index_from or 0
    return [start + [word + offset for word in text] for text in texts]


def keep_short(
    texts: list[list[int]], labels: NDArray[Any], words: WordFilter
) -> tuple[list[list[int]], NDArray[Any]]:
    """Return the texts shorter than `maxlen`, and their labels.

    Raises:
        ValueError: None is as short.
    """
    if not words.maxlen:
        return texts, labels
    kept = [index for index, text in enumerate(texts) if len(text) < words.maxlen]
    if not kept:
        raise ValueError(
            explain(
                f"After filtering for sequences shorter than maxlen={words.maxlen}, no "
                "sequence was kept.",
                got=f"a shortest sequence of {min(map(len, texts), default=0)} numbers",
                fix="increase `maxlen`",
            )
        )
    return [texts[index] for index in kept], labels[kept]


def drop_words(texts: list[list[int]], words: WordFilter) -> NDArray[Any]:
    """Return texts without the rarest and the most frequent words, as an object array.

    Without `num_words`, the word of the highest number is dropped, as in Keras.
    """
    limit = words.num_words or max((max(text) for text in texts if text), default=0)
    result = np.empty(len(texts), dtype=object)
    for index, text in enumerate(texts):
        result[index] = _dropped(text, words.skip_top, limit, words.oov_char)
    return result


def _dropped(text: list[int], low: int, high: int, oov: int | None) -> list[int]:
    if oov is None:
        return [word for word in text if low <= word < high]
    return [word if low <= word < high else oov for word in text]


def word_index(path: str, origin: str, file_hash: str) -> dict[str, int]:
    """Return the numbers of words in a JSON file, downloaded if it is not there.

    Raises:
        OSError: It is not there, and cannot be downloaded.
        FileFormatError: It is damaged.
    """
    file = get_file(path, origin=origin, file_hash=file_hash)
    try:
        index = json.loads(Path(file).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _damaged(file, str(error)) from error
    if not isinstance(index, dict):
        raise _damaged(file, f"a {type(index).__name__}")
    return index


def _damaged(file: str, got: str) -> FileFormatError:
    return FileFormatError(
        explain(
            f"{file} is damaged, or not what it should be.",
            got=got,
            expected="JSON with the number of each word",
            fix="delete the file, and load again to download it",
        )
    )
