"""Attention without projections: on a list of query, value and perhaps key.

`BaseAttention` does all but the scores: masks, softmax, dropout, weighted sums and the
forms of the results. `AdditiveAttention` scores in another way.
"""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops, random
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.graph.variable import Variable
from kerasish.layers.layer import Layer
from kerasish.layers.shapes import is_shape
from kerasish.ops.attention import causal_mask, masked_logits
from kerasish.saving.registry import public


class BaseAttention(Layer):
    """Values averaged by the softmax of scores that a subclass gives.

    Called on [query, value] or [query, value, key], of shapes (batch, length, depth),
    (batch, source length, value depth) and (batch, source length, depth); the value is
    the key if there is none.

    Args:
        dropout: Fraction of the weights dropped while training, in [0, 1].
        seed: Number for repeatable dropout.
        **kwargs: As for `Layer`.
    """

    supports_masking = True
    scale: Variable | None

    def __init__(
        self, dropout: float = 0.0, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.dropout = dropout
        self.seed = seed
        if dropout > 0:
            self.seed_generator = random.SeedGenerator(seed)

    def scores(self, query: Any, key: Any) -> Any:
        """Return how well keys match queries, (batch, length, source length)."""
        raise NotImplementedError(
            explain(
                f"Layer '{type(self).__name__}' does not define scores(query, key)."
            )
        )

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return the weighted values, (batch, length, value depth).

        Args:
            inputs: [query, value] or [query, value, key].
            mask: [query mask, value mask], or None for either: truth values, (batch,
                length) and (batch, source length). Where the query's does not hold,
                the result is 0.
            training: Whether to drop weights.
            return_attention_scores: Whether to return the weights too, (batch, length,
                source length).
            use_causal_mask: Whether a place sees no later ones.
        """
        query, value, key = self._parts(inputs)
        query_mask, value_mask = self._masks(mask)
        logits = self.scores(query, key)
        seen = self._seen(logits, value_mask, use_causal_mask)
        if seen is not None:
            logits = masked_logits(logits, seen)
        weights = ops.softmax(logits, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        outputs = ops.matmul(weights, value)
        if query_mask is not None:
            kept = ops.cast(ops.expand_dims(query_mask, -1), outputs.dtype)
            outputs = ops.multiply(outputs, kept)
        return (outputs, weights) if return_attention_scores else outputs

    def _seen(self, logits: Any, value_mask: Any, use_causal_mask: bool) -> Any:
        """Return which values each query may see, None for all."""
        causal = causal_mask(*logits.shape[-2:]) if use_causal_mask else None
        if value_mask is None:
            return causal
        seen = ops.expand_dims(ops.cast(value_mask, "bool"), -2)
        return seen if causal is None else ops.logical_and(seen, causal)

    def _parts(self, inputs: Any) -> tuple[Any, Any, Any]:
        """Return query, value and key of a list of two or three."""
        is_list = isinstance(inputs, (list, tuple)) and not is_shape(inputs)
        if not is_list or len(inputs) not in (2, 3):
            got = f"{len(inputs)} of them" if is_list else type(inputs).__name__
            raise ShapeError(
                explain(
                    f"{self._who()} takes a list of two or three tensors.",
                    got=got,
                    expected="[query, value] or [query, value, key]",
                )
            )
        query, value = inputs[:2]
        return query, value, inputs[2] if len(inputs) == 3 else value

    def _masks(self, mask: Any) -> tuple[Any, Any]:
        """Return the masks of query and value."""
        if mask is None:
            return None, None
        is_list = isinstance(mask, (list, tuple))
        if not is_list or len(mask) not in (2, 3):
            got = f"{len(mask)} of them" if is_list else type(mask).__name__
            raise ValueError(
                explain(
                    f"{self._who()} takes a list of two or three masks.",
                    got=got,
                    expected="[query mask, value mask], None for either",
                )
            )
        return mask[0], mask[1]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the query's mask."""
        self._parts(inputs)
        return self._masks(mask)[0]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the query's shape, as deep as the values."""
        query, value, _ = self._parts(input_shape)
        return (*query[:-1], value[-1])

    def compute_output_spec(
        self,
        inputs: Any,
        mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return the form of the output, and that of the weights if asked for."""
        query, value, key = (tuple(t.shape) for t in self._parts(inputs))
        found = self.compute_output_shape([query, value, key])
        output = KerasTensor(found, self.compute_dtype)
        if not return_attention_scores:
            return output
        return output, KerasTensor((*query[:-1], key[-2]), self.compute_dtype)


@public("keras.layers")
class Attention(BaseAttention):
    """`softmax(scores) @ value`, scores being dot products or `tanh` of sums.

    Called on [query, value] or [query, value, key].

    Args:
        use_scale: Whether scores are multiplied by a weight.
        score_mode: "dot" for `query @ key^T`, or "concat" for the weighted sum over
            the depth of `tanh(scale * (query + key))`.
        dropout: Fraction of the weights dropped while training, in [0, 1].
        seed: Number for repeatable dropout.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: The score mode is unknown.

    References:
        Luong et al., "Effective Approaches to Attention-based Neural Machine
        Translation", EMNLP 2015, section 3.1.

    Example:
        >>> query, value = ops.array([[[2.0]]]), ops.array([[[1.0], [1.0]]])
        >>> Attention()([query, value]).tolist()
        [[[1.0]]]
    """

    score_modes: ClassVar[tuple[str, ...]] = ("dot", "concat")

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dropout, seed, **kwargs)
        if score_mode not in self.score_modes:
            raise ValueError(unknown_name("score_mode", score_mode, self.score_modes))
        self.use_scale = use_scale
        self.score_mode = score_mode

    def build(self, input_shape: Any) -> None:
        """Make the weights of the scores, scalars."""
        self._parts(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                (), "ones", name="concat_score_weight"
            )
        self.built = True

    def scores(self, query: Any, key: Any) -> Any:
        """Return the scores, (batch, length, source length)."""
        if self.score_mode == "dot":
            products = ops.matmul(query, ops.swapaxes(key, -1, -2))
            if self.scale is None:
                return products
            return ops.multiply(products, self.scale)
        sums = ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3))
        scaled = sums if self.scale is None else ops.multiply(sums, self.scale)
        totals = ops.sum(ops.tanh(scaled), axis=-1)
        return ops.multiply(totals, self.concat_score_weight)
