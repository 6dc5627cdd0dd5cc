"""A layer that holds a vocabulary: its settings, its tokens, and its files.

A vocabulary that was given is part of the config, one that was learnt an asset, a file
of its own beside the weights; both as in Keras's files. `IndexLookup` stands on this:
it learns a vocabulary, and looks up in it.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.memory_limit import claim
from kerasish.layers.layer import Layer
from kerasish.layers.preprocessing.encoding import MODES, require_dense, require_mode
from kerasish.layers.preprocessing.hashing import Salt, checked_salt
from kerasish.layers.preprocessing.vocabulary import (
    FILE_NAME,
    Token,
    TokenCounts,
    given_tokens,
    read_vocabulary,
    require_distinct,
    write_vocabulary,
)

LOOKUP_MODES = (*MODES, "tf_idf")


class VocabularyLayer(Layer):
    """A layer that gives each token of a vocabulary a number.

    Args:
        max_tokens: Largest size of the vocabulary, special tokens included; None for
            any.
        num_oov_indices: How many numbers unknown tokens are spread over, by a hash.
        mask_token: Token whose number is 0, or which does not count in other modes.
        oov_token: Token that stands for unknown ones.
        vocabulary: Tokens in order, or the path of a file of them; None for `adapt`.
        idf_weights: Weight of each token, for "tf_idf".
        invert: Whether to map numbers to tokens.
        output_mode: "int", "one_hot", "multi_hot", "count" or "tf_idf".
        sparse: Must be false: there are no sparse tensors here.
        pad_to_max_tokens: Whether other modes have `max_tokens` columns at once.
        oov_method: How unknown numbers are spread.
        salt: An integer or two: the key of the hash.
        name: As for `Layer`.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: An argument is not understood.
    """

    _convert_input_args = False
    _allow_non_tensor_positional_args = True
    _token_dtype = "string"

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any = None,
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
        # of a file: the size of a vocabulary that is yet to come from the assets
        self._announced_size = kwargs.pop("vocabulary_size", None)
        super().__init__(name=name, **kwargs)
        self.autocast = False
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = invert
        self.output_mode = output_mode
        self.sparse = sparse
        self.pad_to_max_tokens = pad_to_max_tokens
        self.oov_method = oov_method
        self.salt = checked_salt(salt, self._who())
        self._require_arguments(idf_weights, vocabulary)
        claim((num_oov_indices,), "int64", keep=False)  # each has its place in a list
        self.input_vocabulary = vocabulary
        self.input_idf_weights = idf_weights
        self.idf_weights: Any = None
        self._tokens: list[Token] = []
        self._numbers: dict[Token, int] = {}
        self._counts = TokenCounts()
        self._size_in_use: int | None = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _require_arguments(self, idf_weights: Any, vocabulary: Any) -> None:
        who, mode = self._who(), self.output_mode
        require_mode(mode, LOOKUP_MODES, who)
        require_dense(self.sparse, who)
        wrong = {
            f"max_tokens={self.max_tokens}; it must be more than 1": self.max_tokens
            is not None
            and self.max_tokens <= 1,
            f"num_oov_indices={self.num_oov_indices}; it must be 0 or more": (
                self.num_oov_indices < 0
            ),
            f"invert=True with output_mode='{mode}'; it must be 'int'": self.invert
            and mode != "int",
            "pad_to_max_tokens=True without max_tokens": self.pad_to_max_tokens
            and self.max_tokens is None,
            f"idf_weights with output_mode='{mode}'; they go with 'tf_idf'": (
                idf_weights is not None and mode != "tf_idf"
            ),
            "a vocabulary without idf_weights, which 'tf_idf' needs": mode == "tf_idf"
            and vocabulary is not None
            and idf_weights is None,
        }
        for got, is_wrong in wrong.items():
            if is_wrong:
                raise ValueError(explain(f"{who} cannot be made so.", got=got))

    # vocabulary ---------------------------------------------------------------------

    @property
    def _is_masked(self) -> bool:
        """Whether number 0 is the mask token's."""
        return self.mask_token is not None and self.output_mode == "int"

    def _special_tokens(self) -> list[Token]:
        masks = [self.mask_token] if self._is_masked else []
        return [*masks, *[self.oov_token] * self.num_oov_indices]

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Token]:
        """Return the tokens in the order of their numbers.

        Args:
            include_special_tokens: Whether to include the mask token and the tokens of
                unknown values.
        """
        if not include_special_tokens:
            return list(self._tokens)
        return [*self._special_tokens(), *self._tokens]

    def vocabulary_size(self) -> int:
        """Return the number of tokens, special ones included."""
        if not self._tokens and self._announced_size is not None:
            return int(self._announced_size)
        return len(self._special_tokens()) + len(self._tokens)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens, in place of what was given or learnt before.

        Args:
            vocabulary: Tokens in order, with all special tokens in front or none; or
                the path of a file of them, one a line.
            idf_weights: Weight of each token of `vocabulary`, for "tf_idf".

        Raises:
            RuntimeError: The layer is in use with another number of columns.
            ValueError: Tokens are repeated, or misplaced, or too many.
        """
        if (idf_weights is None) != (self.output_mode != "tf_idf"):
            raise ValueError(
                explain(
                    f"{self._who()} needs idf_weights for 'tf_idf' and no other mode.",
                    got=f"output_mode='{self.output_mode}', idf_weights={idf_weights}",
                )
            )
        tokens = given_tokens(vocabulary, self._parse, self._who())
        weights = (
            None if idf_weights is None else self._checked_idf(idf_weights, tokens)
        )
        special = self._special_tokens()
        if special and tokens[: len(special)] == special:
            tokens = tokens[len(special) :]
        self._require_vocabulary(tokens)
        self._require_size(len(special) + len(tokens))
        self._hold(tokens)
        if weights is not None:
            self.idf_weights = self._with_special(weights)

    def _hold(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        first = len(self._special_tokens())
        self._numbers = {token: first + i for i, token in enumerate(tokens)}
        if self.mask_token is not None:
            self._numbers[self.mask_token] = 0 if self._is_masked else -1

    def _checked_idf(self, idf_weights: Any, tokens: list[Token]) -> np.ndarray:
        weights = np.asarray(ops.convert_to_numpy(idf_weights), np.float32)
        if weights.shape != (len(tokens),):
            raise ValueError(
                explain(
                    f"{self._who()} needs one weight for each token.",
                    got=f"{weights.size} weights, {len(tokens)} tokens",
                )
            )
        return weights

    def _with_special(self, weights: np.ndarray) -> np.ndarray:
        """Return weights with those of unknown tokens: the mean of the others."""
        missing = self.vocabulary_size() - weights.size
        return np.concatenate([np.full(missing, weights.mean(), "float32"), weights])

    def _require_vocabulary(self, tokens: list[Token]) -> None:
        who, special = self._who(), self._special_tokens()
        if not tokens:
            raise ValueError(explain(f"The vocabulary of {who} is empty."))
        require_distinct(tokens, who)
        misplaced = [self.mask_token] if self.mask_token is not None else []
        if self.invert:
            misplaced.append(self.oov_token)
        for token in misplaced:
            if token in tokens:
                raise ValueError(
                    explain(
                        f"The vocabulary of {who} holds a special token in the middle.",
                        got=f"{token!r} at place {tokens.index(token)}",
                        expected=f"none of them, or in front exactly {special}",
                    )
                )

    def _require_size(self, size: int) -> None:
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                explain(
                    f"The vocabulary of {self._who()} is too large.",
                    got=f"{size} tokens, special ones included",
                    expected=f"max_tokens={self.max_tokens} at most",
                )
            )
        if self._size_in_use is not None and size != self._size_in_use:
            raise RuntimeError(
                explain(
                    f"{self._who()} is in use, so its number of columns must stay.",
                    got=f"{size} tokens",
                    expected=f"{self._size_in_use}",
                    fix="make a new layer, or use pad_to_max_tokens=True",
                )
            )

    def _parse(self, token: Any) -> Token:
        """Return a token as it stands in the vocabulary."""
        raise NotImplementedError

    # files ---------------------------------------------------------------------------

    def save_assets(self, dir_path: str | os.PathLike[str]) -> None:
        """Write what was learnt to a folder; a vocabulary that was given is config."""
        if self._config_vocabulary() is None and self._tokens:
            path = os.path.join(dir_path, FILE_NAME)
            write_vocabulary(path, self.get_vocabulary())

    def load_assets(self, dir_path: str | os.PathLike[str]) -> None:
        """Read what `save_assets` wrote, if there is anything."""
        path = os.path.join(dir_path, FILE_NAME)
        if self._config_vocabulary() is None and os.path.isfile(path):
            tokens = read_vocabulary(path, self._parse)
            special = len(self._special_tokens())
            self._hold(tokens[special:])

    def save_own_variables(self, store: Any) -> None:
        """Put the weights of "tf_idf" into a store."""
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store: Any) -> None:
        """Take the weights of "tf_idf" from a store."""
        if self.output_mode == "tf_idf" and "idf_weights" in store:
            self.idf_weights = np.asarray(store["idf_weights"], np.float32)

    def _config_vocabulary(self) -> list[Token] | None:
        """Return the vocabulary given to the constructor, unless as a file."""
        given = self.input_vocabulary
        if given is None or isinstance(given, (str, os.PathLike)):
            return None
        return given_tokens(given, self._parse, self._who())

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as Keras's files hold them."""
        weights = self.input_idf_weights
        size = self.vocabulary_size() if self._tokens else self._announced_size
        return {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": self._serialized_policy(),
            "invert": self.invert,
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "oov_token": self.oov_token,
            "mask_token": self.mask_token,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "idf_weights": None if weights is None else np.asarray(weights).tolist(),
            "vocabulary": self._config_vocabulary(),
            "vocabulary_size": size,
            "oov_method": self.oov_method,
            "salt": self.salt,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a layer made from what `get_config` returned.

        Raises:
            ValueError: The config names a file.
        """
        cls.refuse_path(config)
        return cls(**config)

    @classmethod
    def refuse_path(cls, config: dict[str, Any]) -> None:
        """Raise a ValueError if a config names a file, which none of ours does.

        A model's file is not to make us read another file.
        """
        if isinstance(config.get("vocabulary"), (str, os.PathLike)):
            raise ValueError(
                explain(
                    f"The config of a {cls.__name__} must not name another file.",
                    got=f"vocabulary={config['vocabulary']!r}",
                    expected="a list of tokens, or None",
                    fix="read the file and pass its tokens, or make the layer anew",
                )
            )

    def get_build_config(self) -> dict[str, Any] | None:
        """Return what Keras's files hold: nothing is to be built."""
        return {}
