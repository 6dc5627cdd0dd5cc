"""Whole numbers of any size to small ones: their places in a vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import explain, unknown_name
from kerasish.layers.preprocessing.hashing import Salt, bin_of
from kerasish.layers.preprocessing.index_lookup import IndexLookup
from kerasish.layers.preprocessing.text import as_tokens, map_distinct, require_host
from kerasish.layers.preprocessing.vocabulary import Token
from kerasish.saving.registry import public

_METHODS = ("floormod", "farmhash")


@public("keras.layers")
class IntegerLookup(IndexLookup):
    """The place of each whole number in a vocabulary, or the other way round.

    Works on arrays, and inside models on tensors (unless unknown values are hashed).

    Args:
        max_tokens: Largest size of the vocabulary, special tokens included; None for
            any.
        num_oov_indices: How many places unknown values are spread over.
        mask_token: Value whose place is 0, or which does not count in other modes.
        oov_token: Value that stands for unknown ones.
        vocabulary: Values in order, or the path of a file of them; None for `adapt`.
        vocabulary_dtype: "int64".
        idf_weights: Weight of each value, for "tf_idf".
        invert: Whether to map places to values.
        output_mode: "int" (the place), "one_hot" (one row per value), "multi_hot"
            (which occur in a sample), "count" (how often), or "tf_idf" (how often,
            times the weight).
        sparse: Must be false: there are no sparse tensors here.
        pad_to_max_tokens: Whether other modes have `max_tokens` columns at once.
        oov_method: How unknown values are spread: "floormod" (their remainder) or
            "farmhash" (the hash of their decimals).
        salt: An integer or two: the key of SipHash, in place of "farmhash".
        name: As for `Layer`.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: An argument is not understood.

    Example:
        >>> IntegerLookup(vocabulary=[1042, 36])([36, 1042, 5]).tolist()
        [2, 1, 0]
    """

    _token_dtype = "int64"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Salt = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        _require_method(oov_method, salt, vocabulary_dtype)
        self.vocabulary_dtype = vocabulary_dtype
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
            oov_method,
            salt,
            name,
            **kwargs,
        )

    def _parse(self, token: Any) -> Token:
        return int(token)

    def _documents(self, batch: Any) -> Iterable[Sequence[Token]]:
        require_host(batch, self._who())
        values = np.asarray(ops.convert_to_numpy(batch)).astype(np.int64)
        columns = values.shape[-1] if values.ndim > 1 else 1
        rows: list[Any] = values.reshape(-1, columns).tolist()
        return rows

    def _numbers_of(self, inputs: Any) -> Any:
        values = ops.cast(ops.convert_to_tensor(inputs), "int64")
        tokens = np.array(list(self._numbers), np.int64)
        order = np.argsort(tokens, kind="stable")
        numbers = np.array(list(self._numbers.values()), np.int32)[order]
        places, is_known = _search(tokens[order], values)
        known = ops.take(ops.convert_to_tensor(numbers), places)
        return ops.where(is_known, known, self._unknown(inputs, values, is_known))

    def _unknown(self, inputs: Any, values: Any, is_known: Any) -> Any:
        """Return the places of unknown values, int32."""
        first = 1 if self._is_masked else 0
        if self.num_oov_indices == 0:
            self._require_all_known(values, is_known)
            return ops.zeros_like(values, dtype="int32")
        if self.oov_method == "farmhash":
            tokens = as_tokens(inputs, self._who())
            bins = map_distinct(bin_of(self.num_oov_indices, self.salt), tokens)
            return ops.convert_to_tensor((bins + first).astype(np.int32))
        rest = ops.mod(values, self.num_oov_indices)
        return ops.cast(ops.add(rest, first), "int32")

    def _require_all_known(self, values: Any, is_known: Any) -> None:
        require_host(values, self._who())
        found = ops.convert_to_numpy(is_known)
        if not found.all():
            raise ValueError(
                explain(
                    f"{self._who()} does not know a value.",
                    got=str(ops.convert_to_numpy(values)[~found].ravel()[0]),
                    expected="values of its vocabulary, as num_oov_indices=0",
                    fix="num_oov_indices=1 gives a place to unknown values",
                )
            )

    def _tokens_at(self, inputs: Any) -> Any:
        places = ops.cast(ops.convert_to_tensor(inputs), "int32")
        known = self.get_vocabulary()
        table = np.array([*known, self.oov_token], np.int64)
        outside = ops.logical_or(
            ops.less(places, 0), ops.greater_equal(places, len(known))
        )
        return ops.take(
            ops.convert_to_tensor(table), ops.where(outside, len(known), places)
        )

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return a `KerasTensor` of the form of the output."""
        found = super().compute_output_spec(inputs)
        return type(found)(found.shape, "int64") if self.invert else found

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as Keras's files hold them."""
        return {**super().get_config(), "vocabulary_dtype": self.vocabulary_dtype}


def _require_method(oov_method: str, salt: Salt, vocabulary_dtype: str) -> None:
    if oov_method not in _METHODS:
        name = "oov_method of IntegerLookup"
        raise ValueError(unknown_name(name, oov_method, _METHODS))
    if salt is not None and oov_method != "farmhash":
        raise ValueError(
            explain(
                "A salt goes with a hash.",
                got=f"salt={salt}, oov_method='{oov_method}'",
                fix="oov_method='farmhash'",
            )
        )
    if vocabulary_dtype != "int64":
        raise ValueError(
            explain(
                "The values of IntegerLookup are of dtype int64.",
                got=f"vocabulary_dtype={vocabulary_dtype!r}",
            )
        )


def _search(tokens: np.ndarray, values: Any) -> tuple[Any, Any]:
    """Return where values stand among ascending tokens, and whether they do.

    One comparison for each halving of the tokens, as tensors: so it can be traced.
    """
    table = ops.convert_to_tensor(tokens)
    places = ops.zeros_like(values, dtype="int32")
    step = 1 << max(tokens.size - 1, 0).bit_length()
    while step > 1:
        step //= 2
        ahead = ops.minimum(ops.add(places, step), tokens.size - 1)
        reached = ops.less_equal(ops.take(table, ahead), values)
        places = ops.where(reached, ahead, places)
    return places, ops.equal(ops.take(table, places), values)
