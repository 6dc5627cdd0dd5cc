"""Attention in which several query heads share one head of keys and values."""

from __future__ import annotations

from typing import Any

from kerasish.errors import explain
from kerasish.layers.attention.heads import BaseHeads, Sizes
from kerasish.saving.naming import auto_name
from kerasish.saving.registry import public


@public("keras.layers")
class GroupQueryAttention(BaseHeads):
    """Multi-head attention with fewer heads of keys and values than of queries.

    Called as `layer(query, value)` or `layer(query, value, key)`.

    Args:
        head_dim: Depth of each head.
        num_query_heads: Number of heads of queries.
        num_key_value_heads: Number of heads of keys and values; divides the former.
        dropout: Fraction of the weights dropped while training, in [0, 1].
        use_bias: Whether projections have a bias.
        sliding_window: If given, places this far apart or more do not see each other.
        flash_attention: Accepted as in Keras; if true there are neither dropout nor
            scores.
        kernel_initializer: Initial values of the projections' kernels.
        bias_initializer: Initial values of their biases.
        kernel_regularizer: Penalty on the kernels.
        bias_regularizer: Penalty on the biases.
        activity_regularizer: Penalty on the output and the results of the projections.
        kernel_constraint: Projection of the kernels after each update.
        bias_constraint: Projection of the biases after each update.
        use_gate: Whether the weighted values are multiplied by a sigmoid of one more
            projection of the query.
        seed: Number for repeatable dropout.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: A size is not positive, or the numbers of heads do not divide.

    References:
        Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models from
        Multi-Head Checkpoints", EMNLP 2023.
    """

    # Keras's class has this name; its default names and files follow it
    _class_word = "GroupedQueryAttention"

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
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
            **{**kwargs, "name": kwargs.get("name") or auto_name(self._class_word)},
        )
        self.activity_regularizer = self._projections_regularizer
        self._require_positive(
            head_dim=head_dim,
            num_query_heads=num_query_heads,
            num_key_value_heads=num_key_value_heads,
        )
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                explain(
                    f"{self._who()} needs heads of queries for each head of keys.",
                    got=f"num_query_heads={num_query_heads} and "
                    f"num_key_value_heads={num_key_value_heads}",
                    expected="a multiple of num_key_value_heads",
                )
            )
        self.head_dim = head_dim
        self.num_query_heads = num_query_heads
        self.num_key_value_heads = num_key_value_heads

    def sizes(self) -> Sizes:
        """Return how many heads there are, and how deep."""
        depth = self.head_dim
        return Sizes(self.num_query_heads, self.num_key_value_heads, depth, depth)
