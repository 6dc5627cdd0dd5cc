"""Reuters: 11,228 news of 1987 as lists of word numbers, on 46 topics.

Words are numbered by how frequent they are. The texts are those of Reuters-21578.
"""

from __future__ import annotations

from kerasish.datasets import archive, word_numbers

ORIGIN = archive.ORIGIN + "reuters.npz"
FILE_HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
INDEX_ORIGIN = archive.ORIGIN + "reuters_word_index.json"
INDEX_HASH = "4d44cc38712099c9e383dc6e5f11a921"
_TOPICS = """
cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade
reserves ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum
oilseed gold tin strategic-metal livestock retail ipi iron-steel rubber heat jobs lei
bop zinc orange pet-chem dlr gas silver wpi hog lead
"""


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[archive.Part, archive.Part]:
    """Return `(x_train, y_train), (x_test, y_test)` of Reuters.

    Args:
        path: Name of the file in `$KERAS_HOME/datasets`; downloaded if it is not there.
        num_words: Only words ranked below this are kept; all but the rarest by default.
        skip_top: How many of the most frequent words are dropped.
        maxlen: Only news of fewer numbers than this are kept; all by default.
        test_split: Fraction of the news for testing, in [0, 1).
        seed: Of the random order of the news.
        start_char: Number that begins every text; None for none.
        oov_char: Number in place of dropped words; None: they leave no gap.
        index_from: Added to the numbers of words.

    Returns:
        News, object array of lists of integers; and topics, int64, 0 to 45.

    Raises:
        OSError: The file is not there, and cannot be downloaded.
        FileFormatError: The file is damaged.
        ValueError: No text is shorter than `maxlen`, or `test_split` is not in [0, 1).
    """
    words = word_numbers.WordFilter(
        num_words, skip_top, maxlen, start_char, oov_char, index_from
    )
    arrays = archive.fetch_arrays(path, ORIGIN, FILE_HASH, ("x", "y"))
    x, y = archive.shuffled(arrays["x"], arrays["y"], seed)
    texts, labels = word_numbers.keep_short(word_numbers.renumber(x, words), y, words)
    return archive.split(word_numbers.drop_words(texts, words), labels, test_split)


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Return the number of each word, from 1; `load_data` adds `index_from` to it.

    Args:
        path: Name of the file in `$KERAS_HOME/datasets`; downloaded if it is not there.

    Raises:
        OSError: The file is not there, and cannot be downloaded.
        FileFormatError: The file is damaged.
    """
    return word_numbers.word_index(path, INDEX_ORIGIN, INDEX_HASH)


def get_label_names() -> tuple[str, ...]:
    """Return the names of the topics, in the order of their numbers.

    Example:
        >>> get_label_names()[:3]
        ('cocoa', 'grain', 'veg-oil')
    """
    return tuple(_TOPICS.split())
