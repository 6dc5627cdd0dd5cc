"""IMDB: 50,000 film reviews as lists of word numbers, praise (1) or not (0).

Words are numbered by how frequent they are. (A. L. Maas et al., "Learning Word Vectors
for Sentiment Analysis", ACL 2011.)
"""

from __future__ import annotations

import numpy as np

from kerasish.datasets import archive, word_numbers

ORIGIN = archive.ORIGIN + "imdb.npz"
FILE_HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
INDEX_ORIGIN = archive.ORIGIN + "imdb_word_index.json"
INDEX_HASH = "bfafd718b763782e994055a2d397834f"
_NAMES = ("x_train", "y_train", "x_test", "y_test")


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[archive.Part, archive.Part]:
    """Return `(x_train, y_train), (x_test, y_test)` of IMDB.

    Args:
        path: Name of the file in `$KERAS_HOME/datasets`; downloaded if it is not there.
        num_words: Only words ranked below this are kept; all but the rarest by default.
        skip_top: How many of the most frequent words are dropped.
        maxlen: Only reviews of fewer numbers than this are kept; all by default.
        seed: Of the random order of the reviews.
        start_char: Number that begins every review; None for none.
        oov_char: Number in place of dropped words; None: they leave no gap.
        index_from: Added to the numbers of words.

    Returns:
        Reviews, object array of lists of integers; and labels, int64, 0 or 1.

    Raises:
        OSError: The file is not there, and cannot be downloaded.
        FileFormatError: The file is damaged.
        ValueError: No review is shorter than `maxlen`.
    """
    words = word_numbers.WordFilter(
        num_words, skip_top, maxlen, start_char, oov_char, index_from
    )
    arrays = archive.fetch_arrays(path, ORIGIN, FILE_HASH, _NAMES)
    rng = np.random.RandomState(seed)
    texts, labels, counts = [], [], []
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        order = rng.permutation(len(x))
        short = word_numbers.keep_short(
            word_numbers.renumber(x[order], words), y[order], words
        )
        texts += short[0]
        labels.append(short[1])
        counts.append(len(short[0]))
    kept = word_numbers.drop_words(texts, words)
    return (kept[: counts[0]], labels[0]), (kept[counts[0] :], labels[1])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Return the number of each word, from 1; `load_data` adds `index_from` to it.

    Args:
        path: Name of the file in `$KERAS_HOME/datasets`; downloaded if it is not there.

    Raises:
        OSError: The file is not there, and cannot be downloaded.
        FileFormatError: The file is damaged.
    """
    return word_numbers.word_index(path, INDEX_ORIGIN, INDEX_HASH)
