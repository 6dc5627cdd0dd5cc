"""Categories sorted into bins by their hash: no vocabulary is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.backend import dtypes
from kerasish.errors import DTypeError, ShapeError, explain
from kerasish.layers.layer import Layer
from kerasish.layers.preprocessing.encoding import (
    MODES,
    encode,
    encoded_shape,
    require_dense,
    require_mode,
)
from kerasish.layers.preprocessing.fingerprints import (
    fingerprint64,
    join_fingerprints,
    siphash,
)
from kerasish.layers.preprocessing.text import as_tokens, map_distinct, require_host
from kerasish.saving.registry import public

_CROSSING = 0xDECAFCAFFE  # what a crossing begins with
_WORD = 2**64

Salt = int | Sequence[int] | None


def bin_of(num_bins: int, salt: Sequence[int] | None) -> Callable[[bytes], int]:
    """Return the function that finds the bin of a token.

    Args:
        num_bins: Number of bins.
        salt: Two integers: the key of SipHash; None for FarmHash's fingerprint.
    """
    if salt is None:
        return lambda token: fingerprint64(token) % num_bins
    return lambda token: siphash(token, salt) % num_bins


def checked_salt(salt: Salt, who: str) -> list[int] | None:
    """Return a salt as two integers; a lone one counts twice.

    Raises:
        ValueError: It is neither one integer nor two.
    """
    if salt is None:
        return None
    if isinstance(salt, int):
        return [salt, salt]
    given = list(salt) if isinstance(salt, (list, tuple)) else []
    if len(given) == 2 and all(isinstance(s, int) for s in given):
        return given
    raise ValueError(
        explain(
            f"{who} cannot use this salt.",
            got=f"salt={salt!r}",
            expected="an integer, or two",
        )
    )


def _dtype_for(mode: str, dtype: Any, who: str) -> Any:
    """Return the dtype of a layer of bins: int64 by default where they are numbers.

    Raises:
        ValueError: Numbers of bins are asked for in floats.
    """
    if mode != "int":
        return dtype
    if dtype is None:
        return "int64"
    if getattr(dtype, "name", dtype) not in ("int32", "int64"):  # or a policy of them
        raise ValueError(
            explain(
                f"{who} numbers its bins with integers.",
                got=f"dtype={dtype!r}",
                expected="'int32' or 'int64'",
                fix="leave `dtype` out, or choose output_mode='one_hot'",
            )
        )
    return dtype


def _require_bins(num_bins: Any, who: str) -> None:
    if num_bins is None or num_bins <= 0:
        raise ValueError(
            explain(
                f"{who} needs a number of bins.",
                got=f"num_bins={num_bins}",
                expected="1 or more",
            )
        )


def bin_dtype(layer: Layer, mode: str) -> str:
    """Return the dtype of the result of a layer of bins."""
    if mode == "int" and dtypes.is_float(layer.compute_dtype):
        return "int64"
    return layer.compute_dtype


@public("keras.layers")
class Hashing(Layer):
    """The bin of each category: its hash modulo the number of bins.

    Works on the host, on text or whole numbers (hashed as decimals).

    Args:
        num_bins: Number of bins.
        mask_value: A category that gets bin 0 for itself alone.
        salt: An integer or two: the key of SipHash-2-4. None hashes by FarmHash's
            Fingerprint64.
        output_mode: "int" (the bin's number), "one_hot", "multi_hot" or "count".
        sparse: Must be false: there are no sparse tensors here.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: An argument is not understood.

    Example:
        >>> Hashing(3)([["A"], ["B"], ["C"], ["D"], ["E"]]).ravel().tolist()
        [1, 0, 1, 1, 2]
    """

    _convert_input_args = False
    _allow_non_tensor_positional_args = True

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Salt = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs["dtype"] = _dtype_for(output_mode, kwargs.get("dtype"), "Hashing")
        super().__init__(**kwargs)
        _require_bins(num_bins, self._who())
        require_mode(output_mode, MODES, self._who())
        require_dense(sparse, self._who())
        self.num_bins = num_bins
        self.mask_value = mask_value
        self.salt = checked_salt(salt, self._who())
        self.output_mode = output_mode
        self.sparse = sparse

    def call(self, inputs: Any) -> Any:
        """Return the bins, in the output mode."""
        tokens = as_tokens(inputs, self._who())
        numbers = ops.convert_to_tensor(self._bins(tokens))
        dtype = bin_dtype(self, self.output_mode)
        return encode(numbers, self.output_mode, self.num_bins, dtype)

    def _bins(self, tokens: np.ndarray) -> np.ndarray:
        if self.mask_value is None:
            return map_distinct(bin_of(self.num_bins, self.salt), tokens)
        masked = tokens == str(as_tokens(self.mask_value, self._who()))
        others = bin_of(max(self.num_bins - 1, 1), self.salt)
        first = 1 if self.num_bins > 1 else 0
        return np.where(masked, 0, map_distinct(others, tokens) + first)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape, with the bins as an axis where the mode has one."""
        return encoded_shape(input_shape, self.output_mode, self.num_bins)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments in Keras's order."""
        config = super().get_config()
        config["mask_value"] = config.pop("mask_value")
        for name in ("output_mode", "sparse"):
            config[name] = config.pop(name)
        return config


@public("keras.layers")
class HashedCrossing(Layer):
    """The bin of each combination of categories of several features.

    Works on the host, on text or whole numbers.

    Args:
        num_bins: Number of bins.
        output_mode: "int" (the bin's number) or "one_hot".
        sparse: Must be false: there are no sparse tensors here.
        name: As for `Layer`.
        dtype: As for `Layer`.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: An argument is not understood.

    Example:
        >>> HashedCrossing(5)((["A", "B"], [101, 102])).tolist()
        [1, 1]
    """

    _convert_input_args = False
    _allow_non_tensor_positional_args = True

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        dtype = _dtype_for(output_mode, dtype, "HashedCrossing")
        super().__init__(name=name, dtype=dtype, **kwargs)
        _require_bins(num_bins, self._who())
        require_mode(output_mode, MODES[:2], self._who())
        require_dense(sparse, self._who())
        self.num_bins = num_bins
        self.output_mode = output_mode
        self.sparse = sparse

    def call(self, inputs: Any) -> Any:
        """Return the bins, in the output mode.

        Args:
            inputs: Two features or more, of one shape: (), (batch,) or (batch, 1).
        """
        features = self._features(inputs)
        rows = zip(*(feature.ravel() for feature in features), strict=True)
        crossed = [_crossed(row) for row in rows]
        numbers = np.array([c % self.num_bins for c in crossed], np.int64)
        numbers = ops.convert_to_tensor(numbers.reshape(features[0].shape))
        dtype = bin_dtype(self, self.output_mode)
        return encode(numbers, self.output_mode, self.num_bins, dtype)

    def _features(self, inputs: Any) -> list[np.ndarray]:
        require_host(inputs, self._who())
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(
                explain(
                    f"{self._who()} crosses two features or more.",
                    got=f"{type(inputs).__name__}",
                    fix="pass them as a tuple: layer((first, second))",
                )
            )
        features = [self._feature(feature) for feature in inputs]
        shape = features[0].shape
        is_column = len(shape) < 2 or (len(shape) == 2 and shape[1] == 1)
        if not is_column or any(f.shape != shape for f in features):
            raise ShapeError(
                explain(
                    f"{self._who()} cannot cross these features.",
                    got=f"shapes {[f.shape for f in features]}",
                    expected="one shape: (), (batch,) or (batch, 1)",
                )
            )
        return features

    def _feature(self, feature: Any) -> np.ndarray:
        array = ops.convert_to_numpy(feature) if ops.is_tensor(feature) else feature
        array = np.asarray(array)
        if array.dtype.kind in "iu":
            return array.astype(np.int64)
        if array.dtype.kind in "USOT":
            return as_tokens(array, self._who())
        raise DTypeError(
            explain(
                f"{self._who()} crosses whole numbers and text.",
                got=str(array.dtype),
                fix="sort floats into bins first, with Discretization",
            )
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of a feature, with an axis of bins for "one_hot"."""
        return encoded_shape(input_shape[0], self.output_mode, self.num_bins)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as Keras's files hold them."""
        return {
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }


def _crossed(row: Sequence[Any]) -> int:
    total = _CROSSING
    for value in row:
        if isinstance(value, str):
            total = join_fingerprints(total, fingerprint64(value.encode("utf-8")))
        else:
            total = join_fingerprints(total, int(value) % _WORD)
    return total
