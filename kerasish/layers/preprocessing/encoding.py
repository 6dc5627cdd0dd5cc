"""Whole numbers of categories as they are, as one hot, as bags: the output modes.

All layers that number categories share these. `CategoryEncoding` is the layer for
numbers that are given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.errors import explain, unknown_name
from kerasish.layers.layer import Layer
from kerasish.saving.registry import public

MODES = ("int", "one_hot", "multi_hot", "count")


def require_mode(mode: str, known: Sequence[str], who: str) -> None:
    """Raise a ValueError unless there is such an output mode."""
    if mode not in known:
        raise ValueError(unknown_name(f"output_mode of {who}", mode, known))


def require_dense(sparse: bool, who: str) -> None:
    """Raise a ValueError if sparse tensors are asked for."""
    if sparse:
        raise ValueError(
            explain(
                f"{who} cannot make sparse tensors: there are none here.",
                got="sparse=True",
                fix="leave `sparse` out; the result is the same, dense",
            )
        )


def encode(numbers: Any, mode: str, depth: int, dtype: str, weights: Any = None) -> Any:
    """Return categories in an output mode.

    Args:
        numbers: Whole numbers, any shape; those outside [0, depth) count for nothing.
        mode: "one_hot": one row per number (an axis of length 1 at the end is
            replaced). "multi_hot", "count": one row per sample, along the last axis.
        depth: Number of categories.
        dtype: Of the result.
        weights: What each number counts, in the shape of `numbers`; 1 by default.

    Returns:
        The shape that `encoded_shape` gives.
    """
    shape = tuple(numbers.shape)
    if mode == "int":
        return ops.cast(numbers, dtype)
    if mode == "one_hot":
        hot = ops.one_hot(numbers, depth, dtype=dtype)
        return ops.reshape(hot, encoded_shape(shape, mode, depth))
    counts = _counted(numbers, depth, dtype, weights)
    counts = ops.reshape(counts, encoded_shape(shape, mode, depth))
    return ops.minimum(counts, 1) if mode == "multi_hot" else counts


def _counted(numbers: Any, depth: int, dtype: str, weights: Any) -> Any:
    """Return the weight of each category in each row, flat."""
    shape = tuple(numbers.shape)
    rows, per_row = math.prod(shape[:-1]), (shape[-1] if shape else 1)
    table = ops.cast(ops.reshape(numbers, (rows, per_row)), "int32")
    starts = ops.multiply(ops.expand_dims(ops.arange(rows, dtype="int32"), 1), depth)
    known = ops.logical_and(ops.greater_equal(table, 0), ops.less(table, depth))
    places = ops.where(known, ops.add(table, starts), -1)
    if weights is None:
        weights = ops.ones((rows * per_row,), dtype)
    else:
        weights = ops.cast(ops.reshape(weights, (rows * per_row,)), dtype)
    places = ops.reshape(places, (rows * per_row,))
    return ops.segment_sum(weights, places, num_segments=rows * depth)


def encoded_shape(shape: Any, mode: str, depth: int) -> tuple[Any, ...]:
    """Return the shape of categories in an output mode; lengths may be None."""
    lengths: tuple[Any, ...] = tuple(shape)
    if mode == "int":
        return lengths
    if mode != "one_hot" or (len(lengths) > 1 and lengths[-1] == 1):
        lengths = lengths[:-1]
    return (*lengths, depth)


@public("keras.layers")
class CategoryEncoding(Layer):
    """Numbers of categories as one hot or as bags.

    As in Keras's computed shape, bags are made along the last axis of inputs of any
    rank.

    Args:
        num_tokens: Number of categories; numbers outside [0, num_tokens) are left out.
        output_mode: "one_hot" (a row for each number), "multi_hot" (which categories
            are in a sample) or "count" (how often).
        sparse: Must be false: there are no sparse tensors here.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: An argument is not understood.

    Example:
        >>> CategoryEncoding(3, "count")([[0, 1, 1]]).tolist()
        [[1.0, 2.0, 0.0]]
    """

    _convert_input_args = False

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_mode(output_mode, MODES[1:], self._who())
        require_dense(sparse, self._who())
        if num_tokens is None or num_tokens < 1:
            raise ValueError(
                explain(
                    f"{self._who()} needs the number of categories.",
                    got=f"num_tokens={num_tokens}",
                    expected="1 or more",
                    fix="where they are not known beforehand, use IntegerLookup",
                )
            )
        self.num_tokens = num_tokens
        self.output_mode = output_mode
        self.sparse = sparse

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        """Return the categories in the output mode.

        Args:
            inputs: Whole numbers, any shape.
            count_weights: What each number counts, in the shape of `inputs`; for
                "count" only.
        """
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                explain(
                    f"{self._who()} has no use for count_weights.",
                    got=f"output_mode='{self.output_mode}'",
                    expected="output_mode='count'",
                )
            )
        numbers = ops.cast(ops.convert_to_tensor(inputs), "int32")
        return encode(
            numbers,
            self.output_mode,
            self.num_tokens,
            self.compute_dtype,
            count_weights,
        )

    def compute_output_shape(self, input_shape: Any, *_: Any) -> Any:
        """Return the shape with the categories as the last axis."""
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as Keras's files hold them."""
        config = super().get_config()
        del config["sparse"]
        return config
