"""Text to numbers: standardised, split into tokens, joined to n-grams, looked up."""

from __future__ import annotations

import os
import string
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.graph.memory_limit import claim
from kerasish.layers.layer import Layer
from kerasish.layers.preprocessing.adapting import batches
from kerasish.layers.preprocessing.string_lookup import StringLookup
from kerasish.layers.preprocessing.text import as_text
from kerasish.layers.preprocessing.vocabulary import Token
from kerasish.saving.registry import public
from kerasish.saving.serialization import deserialize_keras_object, serialize_config

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
    "whitespace": lambda s: [
        word.decode("utf-8") for word in s.encode("utf-8").split()
    ],
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
        self._require_arguments()
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            mask_token="" if output_mode == "int" else None,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            encoding=encoding,
            name=f"{self.name}_lookup",
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
        self._lookup_layer.require_adaptable()
        texts = as_text(data, self._who(), self.encoding)
        self._lookup_layer.count_documents(self._tokens(texts))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget what was counted; the vocabulary stays until it is made anew."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Token]:
        """Return the tokens in the order of their numbers.

        Args:
            include_special_tokens: Whether to include those of padding and of unknown
                tokens.
        """
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return the number of tokens, special ones included."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens, in place of what was given or learnt before.

        Args:
            vocabulary: Tokens in order, or the path of a file of them, one a line.
            idf_weights: Weight of each token, for "tf_idf".
        """
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    # calling ------------------------------------------------------------------------

    def call(self, inputs: Any) -> Any:
        """Return the numbers of the tokens of texts, or bags of them.

        Args:
            inputs: Texts: one, or an array (batch,) or (batch, 1).

        Returns:
            (batch, tokens), without the batch for a lone text; with `split=None` and
            "int" the shape of the inputs.
        """
        texts = as_text(inputs, self._who(), self.encoding)
        tokens = self._tokens(texts)
        flat = self._lookup_layer.numbers([word for words in tokens for word in words])
        if self.split is None and self.output_mode == "int" and not self._length:
            return self._lookup_layer.encoded(flat.reshape(texts.shape))
        table = self._table(flat, [len(words) for words in tokens])
        return self._lookup_layer.encoded(table[0] if texts.ndim == 0 else table)

    @property
    def _length(self) -> int:
        return self.output_sequence_length or 0

    def _table(self, flat: np.ndarray, lengths: list[int]) -> np.ndarray:
        """Return numbers of tokens as one row for each text, filled up or cut."""
        nothing = 0 if self.output_mode == "int" else -1
        width = self._length or max(lengths, default=0)
        table = np.full((len(lengths), width), nothing, np.int32)
        start = 0
        for row, length in enumerate(lengths):
            words = flat[start : start + length]
            table[row, : min(length, width)] = words[:width]
            start += length
        return table

    def _tokens(self, texts: np.ndarray) -> list[Words]:
        """Return the tokens of each text."""
        if texts.ndim > 2 or (texts.ndim == 2 and texts.shape[1] != 1):
            raise ShapeError(
                explain(
                    f"{self._who()} takes one text for each sample.",
                    got=f"shape {texts.shape}",
                    expected="(), (batch,) or (batch, 1)",
                    fix="join the columns, or call the layer on each of them",
                )
            )
        texts = np.atleast_1d(texts.reshape(texts.shape[:1]))
        words = self._split(self._standardized(texts))
        if self.ngrams is None:
            return words
        return [_joined(text, self.ngrams) for text in words]

    def _standardized(self, texts: np.ndarray) -> Any:
        if callable(self.standardize):
            return self.standardize(texts)
        if self.standardize is None:
            return texts
        change = _STANDARDS[self.standardize]
        return np.array([change(text) for text in texts.tolist()], object)

    def _split(self, texts: Any) -> list[Words]:
        if callable(self.split):
            return [[str(word) for word in words] for words in self.split(texts)]
        flat = np.asarray(texts, object).tolist()
        if self.split is None:
            return [[text] for text in flat]
        return [_SPLITS[self.split](text) for text in flat]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (batch, tokens), or (batch, columns)."""
        batch = tuple(input_shape)[:1]
        if self.output_mode != "int":
            return self._lookup_layer.compute_output_shape((*batch, None))
        if self.split is None and not self._length:
            return tuple(input_shape)
        return (*batch, self.output_sequence_length)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Return a `KerasTensor` of the form of the output."""
        dtype = "float32" if self.output_mode == "tf_idf" else "int32"
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)

    # dtypes and files ---------------------------------------------------------------

    @property
    def compute_dtype(self) -> str:
        """Dtype of the inputs: text."""
        return "string"

    @property
    def variable_dtype(self) -> str:
        """Dtype of the inputs: text."""
        return "string"

    def save_assets(self, dir_path: str | os.PathLike[str]) -> None:
        """Write what was learnt to a folder."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str | os.PathLike[str]) -> None:
        """Read what `save_assets` wrote, if there is anything."""
        self._lookup_layer.load_assets(dir_path)

    def save_own_variables(self, store: Any) -> None:
        """Put the weights of "tf_idf" into a store."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Take the weights of "tf_idf" from a store."""
        self._lookup_layer.load_own_variables(store)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as Keras's files hold them.

        A function is kept only if it was registered with
        `kerasish.saving.register_keras_serializable`.
        """
        inner = self._lookup_layer.get_config()
        shared = ("pad_to_max_tokens", "sparse", "vocabulary", "idf_weights")
        return serialize_config(
            {
                "name": self.name,
                "trainable": self._trainable,
                "dtype": self._serialized_policy(),
                "max_tokens": self.max_tokens,
                "standardize": self.standardize,
                "split": self.split,
                "ngrams": self.ngrams,
                "output_mode": self.output_mode,
                "output_sequence_length": self.output_sequence_length,
                "ragged": self.ragged,
                "encoding": self.encoding,
                "vocabulary_size": inner["vocabulary_size"],
                **{name: inner[name] for name in shared},
            }
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> TextVectorization:
        """Return a layer made from what `get_config` returned."""
        StringLookup.refuse_path(config)
        for name in ("standardize", "split"):
            if isinstance(config.get(name), dict):
                config = {**config, name: deserialize_keras_object(config[name])}
        return cls(**config)


def _lengths(ngrams: Any, who: str) -> tuple[int, ...]:
    """Return how many words one token may be made of."""
    claim((ngrams, 4), "float64", keep=False)
    given = range(1, ngrams + 1) if isinstance(ngrams, int) else ngrams
    lengths = tuple(given) if isinstance(given, Iterable) else ()
    if not lengths or any(not isinstance(n, int) or n < 1 for n in lengths):
        raise ValueError(
            explain(
                f"{who} cannot make these n-grams.",
                got=f"ngrams={ngrams!r}",
                expected="a positive number, or a tuple of them",
            )
        )
    return lengths


def _joined(words: Words, lengths: Sequence[int]) -> Words:
    """Return words that follow each other as tokens, the shortest first."""
    return [
        " ".join(words[start : start + n])
        for n in lengths
        for start in range(len(words) - n + 1)
    ]
