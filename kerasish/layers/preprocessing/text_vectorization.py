"""Text to numbers: standardised, split into tokens, joined to n-grams, looked up."""

from __future__ import annotations

import os
import string
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.layers.layer import Layer
from kerasish.layers.preprocessing.adapting import batches
from kerasish.layers.preprocessing.string_lookup import StringLookup
from kerasish.layers.preprocessing.text import as_text
from kerasish.layers.preprocessing.vocabulary import Token
from kerasish.saving.registry import public

Words = list[str]

# As in Keras, capitals and punctuation are those of ASCII.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_STANDARDS: dict[str, Callable[[str], str]] = {
    "lower_and_strip_punctuation": lambda s: s.translate(_LOWER).translate(
        _PUNCTUATION
    ),
    "lower": lambda s: s.translate(_LOWER),
    "strip_punctuation": lambda s: s.translate(_PUNCTUATION),
}
# bytes split at the white space of ASCII only, as Keras does
_SPLITS: dict[str, Callable[[str], Words]] = {
    "whitespace": lambda s: [word.decode("utf-8") for word in s.encode("utf-8").split()],
    "character": list,
}
_MODES = ("int", "multi_hot", "count", "tf_idf")


@public("keras.layers")
class TextVectorization(Layer):
    """Numbers of the words of texts, or bags of words.

    Works on the host: call it on data, before a model is fed with the result.

    Args:
        max_tokens: Largest size of the vocabulary, special tokens included; None for
            any.
        standardize: What is done to a text first: "lower_and_strip_punctuation",
            "lower", "strip_punctuation" (all of ASCII letters and signs), None, or a
            function from an array of strings to another.
        split: Where it is cut: at "whitespace", after each "character", None (not at
            all), or a function from an array of strings to a list of lists of them.
        ngrams: Also take up to so many words that follow each other as one token; or a
            tuple of the lengths wanted.
        output_mode: "int" (the numbers of the tokens, in their order, then zeros),
            "multi_hot" (which tokens occur), "count" (how often), or "tf_idf" (how
            often, times a weight that is small for frequent ones).
        output_sequence_length: For "int", the length of the result; that of the longest
            text by default.
        pad_to_max_tokens: Whether bags have `max_tokens` columns at once.
        vocabulary: Tokens in order, or the path of a file of them; None for `adapt`.
        idf_weights: Weight of each token, for "tf_idf".
        sparse: Must be false: there are no sparse tensors here.
        ragged: Must be false: there are no ragged tensors here.
        encoding: Of texts that come as bytes.
        name: As for `Layer`.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: An argument is not understood.

    Example:
        >>> layer = TextVectorization()
        >>> layer.adapt(["The cat.", "The dog!"])
        >>> layer(["the dog", "a cat sat"]).tolist()
        [[2, 3, 0], [1, 4, 1]]
    """

    _convert_input_args = False
    _allow_non_tensor_positional_args = True

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: int | Sequence[int] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        size = kwargs.pop("vocabulary_size", None)
        super().__init__(name=name, **kwargs)
        self.autocast = False
        self.max_tokens = max_tokens
        self.standardize = standardize
        self.split = split
        self.ngrams = ngrams if ngrams is None else _lengths(ngrams, self._who())
        self.output_mode = output_mode
        self.output_sequence_length = output_sequence_length
        self.encoding = encoding
        self.ragged = ragged
        self._given_ngrams = ngrams
        self._require_arguments()
        self._lookup = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            mask_token="" if output_mode == "int" else None,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            encoding=encoding,
            vocabulary_size=size,
        )

    def _require_arguments(self) -> None:
        choices = (
            ("standardize", self.standardize, (None, *_STANDARDS)),
            ("split", self.split, (None, *_SPLITS)),
            ("output_mode", self.output_mode, _MODES),
        )
        for name, value, known in choices:
            if value not in known and not callable(value):
                names = [k for k in known if k is not None]
                raise ValueError(unknown_name(f"{name} of {self._who()}", value, names))
        length = self.output_sequence_length
        is_length = isinstance(length, int) and length > 0
        if length is not None and (self.output_mode != "int" or not is_length):
            raise ValueError(
                explain(
                    f"{self._who()} cannot give this output_sequence_length.",
                    got=f"output_sequence_length={length!r}, "
                    f"output_mode='{self.output_mode}'",
                    expected="a positive number, with 'int'",
                )
            )
        if self.ragged:
            raise ValueError(
                explain(
                    f"{self._who()} cannot make ragged tensors: there are none here.",
                    fix="leave `ragged` out: shorter texts end in zeros",
                )
            )

    # vocabulary ---------------------------------------------------------------------

    def adapt(
        self, data: Any, batch_size: int | None = None, steps: int | None = None
    ) -> None:
        """Learn the vocabulary from texts, the most frequent tokens first.

        Args:
            data: Texts in an array or a list, or batches of them (a list of arrays, a
                generator, a `PyDataset`).
            batch_size: Accepted as in Keras; of no effect.
            steps: How many batches to take; all by default.

        Raises:
            ValueError: The vocabulary was given.
        """
        self.reset_state()
        for batch in batches(data, self._who(), steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of one more batch of texts."""
        if self._lookup.input_vocabulary is not None:
            self._lookup.adapt([])  # raises
        self._lookup.count(self._tokens(data).values())

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup.finalize_state()

    def reset_state(self) -> None:
        """Forget what was counted; the vocabulary stays until it is made anew."""
        self._lookup.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Token]:
        """Return the tokens in the order of their numbers.

        Args:
            include_special_tokens: Whether to include those of padding and of unknown
                tokens.
        """
        return self._lookup.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return the number of tokens, special ones included."""
        return self._lookup.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens, in place of what was given or learnt before.

        Args:
            vocabulary: Tokens in order, or the path of a file of them, one a line.
            idf_weights: Weight of each token, for "tf_idf".
        """
        self._lookup.set_vocabulary(vocabulary, idf_weights)

    # calling ------------------------------------------------------------------------

    def call(self, inputs: Any) -> Any:
        """Return the numbers of the tokens of texts, or bags of them.

        Args:
            inputs: Texts: one, or an array (batch,) or (batch, 1).

        Returns:
            (batch, tokens), without the batch for a lone text.
        """
        texts = as_text(inputs, self._who(), self.encoding)
        tokens = self._tokens(texts)
        if self.split is None and self.output_mode == "int":
            flat = [words[0] if words else "" for words in tokens]
            return self._lookup(np.array(flat, object).reshape(texts.shape[:1]))
        return self._lookup(self._table(tokens, texts.ndim == 0))

    def _table(self, tokens: list[Words], is_single: bool) -> np.ndarray:
        """Return tokens as a table, one row for each text, short ones filled up."""
        length = max(map(len, tokens), default=0)
        if self.output_sequence_length is not None:
            length = self.output_sequence_length
        table = np.full((len(tokens), length), _NOTHING, object)
        for row, words in enumerate(tokens):
            table[row, : len(words)] = words[:length]
        return table[0] if is_single else table
