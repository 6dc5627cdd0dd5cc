"""Multi-head attention: every head has its own queries, keys and values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.errors import explain
from kerasish.layers.attention.heads import BaseHeads, Sizes
from kerasish.saving.registry import public


@public("keras.layers")
class MultiHeadAttention(BaseHeads):
    """Several heads of `softmax(query @ key^T / sqrt(key_dim)) @ value`, projected.

    Called as `layer(query, value)` or `layer(query, value, key)`.

    Args:
        num_heads: Number of heads.
        key_dim: Depth of each head's queries and keys.
        value_dim: Depth of each head's values; `key_dim` by default.
        dropout: Fraction of the weights dropped while training, in [0, 1].
        use_bias: Whether projections have a bias.
        output_shape: Last axes of the output; as deep as the query by default.
        attention_axes: Which axes are attended; all between batch and depth by default.
        sliding_window: If given, places this far apart or more do not see each other.
        flash_attention: Accepted as in Keras; if true there are neither dropout nor
            scores.
        kernel_initializer: Initial values of the projections' kernels.
        bias_initializer: Initial values of their biases.
        kernel_regularizer: Penalty on the kernels.
        bias_regularizer: Penalty on the biases.
        activity_regularizer: Penalty on the results of the projections.
        kernel_constraint: Projection of the kernels after each update.
        bias_constraint: Projection of the biases after each update.
        use_gate: Whether the weighted values are multiplied by a sigmoid of one more
            projection of the query.
        seed: Number for repeatable dropout.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: A size is not positive, or axes are no whole numbers.

    References:
        Vaswani et al., "Attention Is All You Need", NIPS 2017, section 3.2.2.

    Example:
        >>> from kerasish import ops
        >>> x = ops.array([[[1.0, 2.0], [3.0, 4.0]]])
        >>> MultiHeadAttention(num_heads=2, key_dim=3)(x, x).shape
        (1, 2, 2)
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            dropout=dropout,
            use_bias=use_bias,
            sliding_window=sliding_window,
            flash_attention=flash_attention,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            use_gate=use_gate,
            seed=seed,
            **kwargs,
        )
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.value_dim = key_dim if value_dim is None else value_dim
        self._require_positive(
            num_heads=num_heads, key_dim=key_dim, value_dim=self.value_dim
        )
        is_one = isinstance(output_shape, int)
        self._output_shape: Any = (output_shape,) if is_one else output_shape
        self.attention_axes = self._as_axes(attention_axes)

    def _as_axes(self, axes: Any) -> tuple[int, ...] | None:
        if axes is None:
            return None
        found = (axes,) if isinstance(axes, int) else axes
        is_list = isinstance(found, (list, tuple)) and len(found) > 0
        if is_list and all(isinstance(axis, int) for axis in found):
            return tuple(found)
        raise ValueError(
            explain(
                f"{self._who()} cannot understand its attention_axes.",
                got=f"attention_axes={axes!r}",
                expected="a whole number, or a list of them",
            )
        )

    def sizes(self) -> Sizes:
        """Return how many heads there are, and how deep."""
        heads = self.num_heads
        return Sizes(heads, heads, self.key_dim, self.value_dim)

    def attended(self, ndim: int) -> tuple[int, ...]:
        """Return which axes of an input of this rank are attended, counted from 0."""
        if self.attention_axes is None:
            return tuple(range(1, ndim - 1))
        return tuple(axis % ndim for axis in self.attention_axes)

    def result_shape(self, query_shape: Any) -> tuple[int, ...]:
        """Return the last axes of the output: as deep as the query, unless told."""
        if self._output_shape is None:
            return super().result_shape(query_shape)
        return tuple(self._output_shape)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the projections; `key_shape` is the value's by default."""
        self.attention_axes = self.attended(len(query_shape))
        super().build(query_shape, value_shape, key_shape)
        # files know them under these names
        self.query_dense = self._query_dense
        self.key_dense = self._key_dense
        self.value_dense = self._value_dense
        self.output_dense = self._output_dense

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, as Keras's files hold them."""
        return {**super().get_config(), "output_shape": self._output_shape}
