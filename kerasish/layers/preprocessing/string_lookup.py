"""Text tokens to numbers, and numbers to text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import explain
from kerasish.layers.preprocessing.hashing import Salt, bin_of
from kerasish.layers.preprocessing.index_lookup import IndexLookup
from kerasish.layers.preprocessing.text import as_text, map_distinct, require_host
from kerasish.layers.preprocessing.vocabulary import Token
from kerasish.saving.registry import public


@public("keras.layers")
class StringLookup(IndexLookup):
    """The number of each string in a vocabulary, or the other way round.

    Works on the host: call it on data, before a model is fed with the result.

    Args:
        max_tokens: Largest size of the vocabulary, special tokens included; None for
            any.
        num_oov_indices: How many numbers unknown strings are spread over, by a hash;
            with 0 they are an error.
        mask_token: String whose number is 0, or which does not count in other modes.
        oov_token: String that stands for unknown ones.
        vocabulary: Strings in order, or the path of a file of them; None for `adapt`.
        idf_weights: Weight of each string, for "tf_idf".
        invert: Whether to map numbers to strings.
        output_mode: "int" (the number), "one_hot" (one row per string), "multi_hot"
            (which occur in a sample), "count" (how often), or "tf_idf" (how often,
            times the weight).
        pad_to_max_tokens: Whether other modes have `max_tokens` columns at once.
        sparse: Must be false: there are no sparse tensors here.
        encoding: Of strings that come as bytes.
        name: As for `Layer`.
        salt: An integer or two: the key of SipHash, by which unknown strings are
            spread; FarmHash's Fingerprint64 by default.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: An argument is not understood.

    Example:
        >>> layer = StringLookup()
        >>> layer.adapt(["dog", "cat", "cat"])
        >>> layer(["cat", "dog", "bat"]).tolist()
        [1, 2, 0]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Salt = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            sparse,
            pad_to_max_tokens,
            kwargs.pop("oov_method", "floormod"),
            salt,
            name,
            **kwargs,
        )

    def _parse(self, token: Any) -> Token:
        return str(token)

    def _documents(self, batch: Any) -> Iterable[Sequence[Token]]:
        text = as_text(batch, self._who(), self.encoding)
        columns = text.shape[-1] if text.ndim > 1 else 1
        rows: list[Any] = text.reshape(-1, columns).tolist()
        return rows

    def _numbers_of(self, inputs: Any) -> Any:
        text = as_text(inputs, self._who(), self.encoding)
        return self.numbers(text.ravel().tolist()).reshape(text.shape)

    def numbers(self, tokens: list[str]) -> np.ndarray:
        """Return the numbers of tokens, int32; -1 for those that do not count."""
        self._require_tokens()
        found = np.array([self._numbers.get(t, -2) for t in tokens], np.int32)
        unknown = np.flatnonzero(found == -2)
        if unknown.size:
            self._require_unknown_allowed(tokens[unknown[0]])
            strangers = np.array([tokens[i] for i in unknown], object)
            bins = bin_of(self.num_oov_indices, self.salt)
            first = 1 if self._is_masked else 0
            found[unknown] = map_distinct(bins, strangers) + first
        return found

    def _require_unknown_allowed(self, token: str) -> None:
        if not self.num_oov_indices:
            raise ValueError(
                explain(
                    f"{self._who()} does not know a string.",
                    got=repr(token),
                    expected="strings of its vocabulary, as num_oov_indices=0",
                    fix="num_oov_indices=1 gives a number to unknown strings",
                )
            )

    def _tokens_at(self, inputs: Any) -> np.ndarray:
        require_host(inputs, self._who())
        numbers = np.asarray(ops.convert_to_numpy(inputs)).astype(np.int64)
        known = [str(token) for token in self.get_vocabulary()]
        table = np.array([*known, str(self.oov_token)])
        outside = (numbers < 0) | (numbers >= len(known))
        return np.asarray(table[np.where(outside, len(known), numbers)])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as Keras's files hold them."""
        return {**super().get_config(), "encoding": self.encoding}
