"""Text as it comes into layers: arrays of strings, which only the host has.

No backend computes with strings, so layers of text work on the host and end a trace
with a message. What they return are numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import DTypeError, explain
from kerasish.graph import tree
from kerasish.layers.call_arguments import is_symbolic


def require_host(inputs: Any, who: str) -> None:
    """Raise unless all inputs have values that the host can read.

    Raises:
        DTypeError: One is a symbolic tensor: a compiled step or a model is being made.
    """
    for leaf in tree.leaves(inputs):
        if is_symbolic(leaf):
            raise DTypeError(
                explain(
                    f"{who} works on the host only: it cannot be part of a model.",
                    got=f"a symbolic tensor, {leaf.dtype}{list(leaf.shape)}",
                    expected="an array or a list that has values",
                    fix="apply the layer to the data first: model.fit(layer(x), y), or "
                    "in a generator or PyDataset that feeds the model",
                )
            )


def as_text(inputs: Any, who: str, encoding: str = "utf-8") -> np.ndarray:
    """Return strings as an array of `str`, of the shape they come in.

    Args:
        inputs: A string, nested lists of strings, or an array of strings, bytes or
            objects that are either.
        who: The layer, for messages.
        encoding: Of bytes.

    Raises:
        DTypeError: There is something else among them, or a symbolic tensor.
    """
    require_host(inputs, who)
    array = np.asarray(inputs)
    if array.dtype.kind == "S":
        return np.char.decode(array, encoding)
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind not in "OT":
        raise _no_text(who, f"values of {array.dtype}")
    made = np.empty(array.shape, object)
    flat = [_decoded(token, who, encoding) for token in array.ravel().tolist()]
    made.ravel()[:] = flat
    return made


def _decoded(token: Any, who: str, encoding: str) -> str:
    if isinstance(token, bytes):
        return token.decode(encoding)
    if not isinstance(token, str):
        raise _no_text(who, f"{token!r} of type {type(token).__name__}")
    return token


def _no_text(who: str, got: str) -> DTypeError:
    return DTypeError(
        explain(
            f"{who} works on text.",
            got=got,
            expected="strings, in lists or in arrays",
            fix="array.astype(str), once missing values are filled",
        )
    )


def as_tokens(inputs: Any, who: str) -> np.ndarray:
    """Return values to be hashed as an array of `str`: text, or integers in decimals.

    Args:
        inputs: Strings as for `as_text`, whole numbers, or floats, which are cut.
        who: The layer, for messages.
    """
    require_host(inputs, who)
    array = ops.convert_to_numpy(inputs) if ops.is_tensor(inputs) else inputs
    array = np.asarray(array)
    if array.dtype.kind in "USOT":
        return as_text(array, who)
    if array.dtype.kind == "b":
        return np.where(array, "true", "false")
    return array.astype(np.int64).astype(str)


def map_distinct(function: Callable[[bytes], int], tokens: np.ndarray) -> np.ndarray:
    """Return `function` of each token in UTF-8, int64; each distinct one once."""
    flat = tokens.ravel().tolist()
    values = {token: function(token.encode("utf-8")) for token in set(flat)}
    found = np.array([values[token] for token in flat], np.int64)
    return found.reshape(tokens.shape)
