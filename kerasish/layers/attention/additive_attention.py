"""Additive attention: scores are sums over the depth of `tanh(query + key)`."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.layers.attention.attention import BaseAttention
from kerasish.saving.registry import public


@public("keras.layers")
class AdditiveAttention(BaseAttention):
    """`softmax(sum(scale * tanh(query + key))) @ value`.

    Called on [query, value] or [query, value, key].

    Args:
        use_scale: Whether the sum is weighted, by one number per depth.
        dropout: Fraction of the weights dropped while training, in [0, 1].
        **kwargs: As for `Layer`; `seed` too, a number for repeatable dropout.

    References:
        Bahdanau et al., "Neural Machine Translation by Jointly Learning to Align and
        Translate", ICLR 2015, section 3.1.

    Example:
        >>> query, value = ops.array([[[2.0]]]), ops.array([[[1.0], [1.0]]])
        >>> AdditiveAttention()([query, value]).tolist()
        [[[1.0]]]
    """

    def __init__(
        self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(dropout, **kwargs)
        self._init_arguments.setdefault("seed", None)
        self.use_scale = use_scale

    def build(self, input_shape: Any) -> None:
        """Make the weights of the sum, (depth,)."""
        query_shape, _, _ = self._parts(input_shape)
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight(
                (query_shape[-1],), "glorot_uniform", name="scale"
            )
        self.built = True

    def scores(self, query: Any, key: Any) -> Any:
        """Return the scores, (batch, length, source length)."""
        sums = ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3))
        matches = ops.tanh(sums)
        if self.scale is None:
            return ops.sum(matches, axis=-1)
        return ops.matmul(matches, self.scale)
