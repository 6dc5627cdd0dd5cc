"""The base of the lookup layers: learning a vocabulary, and looking up in it.

Subclasses say how tokens are read (`_parse`), found (`_numbers_of`) and given back
(`_tokens_at`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.layers.preprocessing.adapting import batches
from kerasish.layers.preprocessing.encoding import encode, encoded_shape
from kerasish.layers.preprocessing.vocabulary import Token, TokenCounts
from kerasish.layers.preprocessing.vocabulary_layer import VocabularyLayer


class IndexLookup(VocabularyLayer):
    """A layer that gives each token of its vocabulary a number."""

    # what subclasses define ---------------------------------------------------------

    def _documents(self, batch: Any) -> Iterable[Sequence[Token]]:
        """Yield the documents of a batch of tokens: its rows, or its elements."""
        raise NotImplementedError

    def _numbers_of(self, inputs: Any) -> Any:
        """Return the numbers of tokens, int32."""
        raise NotImplementedError

    def _tokens_at(self, inputs: Any) -> Any:
        """Return the tokens of numbers."""
        raise NotImplementedError

    # learning -----------------------------------------------------------------------

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary from data, the most frequent tokens first.

        Args:
            data: Tokens in an array or a list, or batches of them (a list of arrays, a
                generator, a `PyDataset`). For "tf_idf" each row is a document; without
                rows, each token.
            steps: How many batches to take; all by default.

        Raises:
            ValueError: The vocabulary was given.
        """
        self.require_adaptable()
        self.reset_state()
        for batch in batches(data, self._who(), steps):
            self.update_state(batch)
        self.finalize_state()

    def require_adaptable(self) -> None:
        """Raise a ValueError if the vocabulary was given."""
        if self.input_vocabulary is not None:
            raise ValueError(
                explain(
                    f"{self._who()} was given its vocabulary.",
                    fix="leave `vocabulary` out of the constructor to learn it",
                )
            )

    def update_state(self, data: Any) -> None:
        """Count the tokens of one more batch."""
        self.count_documents(self._documents(data))

    def count_documents(self, documents: Iterable[Sequence[Token]]) -> None:
        """Count the tokens of more documents."""
        self._counts.add(documents)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        if not self._counts.num_documents:
            return
        special = self._special_tokens()
        tokens = self._counts.most_common({*special, self.mask_token, self.oov_token})
        if self.max_tokens is not None:
            tokens = tokens[: max(self.max_tokens - len(special), 0)]
        self._require_size(len(special) + len(tokens))
        self._hold(tokens)
        if self.output_mode == "tf_idf":
            found = [self._counts.inverse_frequency(token) for token in tokens]
            self.idf_weights = self._with_special(np.array(found, np.float32))

    def reset_state(self) -> None:
        """Forget what was counted; the vocabulary stays until it is made anew."""
        self._counts = TokenCounts()

    # calling ------------------------------------------------------------------------

    @property
    def _depth(self) -> int:
        if self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        return self.vocabulary_size()

    def call(self, inputs: Any) -> Any:
        """Return the numbers of tokens in the output mode, or the tokens of numbers."""
        self._require_tokens()
        if self.invert:
            return self._tokens_at(inputs)
        return self.encoded(self._numbers_of(inputs))

    def encoded(self, numbers: Any) -> Any:
        """Return numbers of tokens in the output mode; those below 0 do not count."""
        self._note_use()
        numbers, mode = ops.convert_to_tensor(numbers), self.output_mode
        if mode != "tf_idf":
            return encode(numbers, mode, self._depth, "int32")
        counts = encode(numbers, "count", self._depth, "float32")
        missing = self._depth - self.idf_weights.size
        return ops.multiply(counts, np.pad(self.idf_weights, (0, missing)))

    def _require_tokens(self) -> None:
        if not self._tokens:
            raise ValueError(
                explain(
                    f"{self._who()} has no vocabulary yet.",
                    fix="call adapt(data), or give a vocabulary",
                )
            )

    def _note_use(self) -> None:
        if self.output_mode != "int" and not self.pad_to_max_tokens:
            self._size_in_use = self.vocabulary_size()

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape, with the tokens as an axis in some modes."""
        self._note_use()
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return encoded_shape(input_shape, mode, self._depth)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Return a `KerasTensor` of the form of the output."""
        dtype = "float32" if self.output_mode == "tf_idf" else "int32"
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)

    # dtypes -------------------------------------------------------------------------

    @property
    def compute_dtype(self) -> str:
        """Dtype of the tokens."""
        return self._token_dtype

    @property
    def variable_dtype(self) -> str:
        """Dtype of the tokens."""
        return self._token_dtype
