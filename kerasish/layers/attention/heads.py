"""What attention layers of several heads share: projections, masks, weighted sums.

A subclass says how many heads and how deep, and which axes are attended. Inside, those
axes are one, and all other axes before them belong to the batch: products are those of
`kerasish.ops.attention`, on (batch, length, heads, depth).
"""

from __future__ import annotations

import functools
import math
import numbers
from collections.abc import Sequence
from typing import Any, NamedTuple

from kerasish import constraints, initializers, ops, regularizers
from kerasish.errors import ShapeError, explain
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.layers.einsum_dense import EinsumDense
from kerasish.layers.layer import Layer
from kerasish.layers.regularization import Dropout
from kerasish.ops.attention import (
    causal_mask,
    head_products,
    masked_logits,
    masked_softmax,
    weighted_values,
    window_mask,
)

_OUTPUT_LETTERS = "opqrstuvwxyz"


class Sizes(NamedTuple):
    """How many heads and how deep they are.

    Attributes:
        query_heads: Number of heads of queries and of the output.
        key_heads: Number of heads of keys and values.
        key_depth: Depth of queries and keys.
        value_depth: Depth of values.
    """

    query_heads: int
    key_heads: int
    key_depth: int
    value_depth: int


class BaseHeads(Layer):
    """Attention of several heads: projections, weighted sums, a projection back.

    Args:
        dropout: Fraction of the weights dropped while training, in [0, 1].
        use_bias: Whether projections have a bias.
        sliding_window: If given, how near places must be to see each other: less than
            this apart.
        flash_attention: Accepted as in Keras; how products are run is the backend's
            affair. If true there are neither dropout nor scores, as in Keras.
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
    """

    supports_masking = True

    def __init__(
        self,
        *,
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        flash_attention: bool | None,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        use_gate: bool,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._init_arguments.pop("flash_attention", None)  # configs do not hold it
        if sliding_window is not None:
            self._require_positive(sliding_window=sliding_window)
        self._refuse_with_flash(flash_attention, dropout > 0, f"dropout={dropout}")
        self.dropout = dropout
        self.use_bias = use_bias
        self.sliding_window = sliding_window
        self._flash_attention = flash_attention
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self._projections_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.use_gate = use_gate
        self.seed = seed

    def _require_positive(self, **sizes: Any) -> None:
        for name, size in sizes.items():
            if not isinstance(size, numbers.Integral) or size <= 0:
                raise ValueError(
                    explain(
                        f"{self._who()} needs a positive whole number.",
                        got=f"{name}={size!r}",
                    )
                )

    def _refuse_with_flash(self, flash: bool | None, is_there: bool, what: str) -> None:
        if flash and is_there:
            raise ValueError(
                explain(
                    f"{self._who()} with flash attention makes no table of weights.",
                    got=f"flash_attention=True and {what}",
                    fix="leave flash_attention out",
                )
            )

    # what subclasses say ------------------------------------------------------------

    def sizes(self) -> Sizes:
        """Return how many heads there are, and how deep."""
        raise NotImplementedError(
            explain(f"Layer '{type(self).__name__}' does not define sizes().")
        )

    def attended(self, ndim: int) -> tuple[int, ...]:
        """Return which axes of an input of this rank are attended."""
        return (1,)

    def result_shape(self, query_shape: Any) -> tuple[int, ...]:
        """Return the last axes of the output: as deep as the query, unless told."""
        return (query_shape[-1],)

    # building -----------------------------------------------------------------------

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the projections; `key_shape` is the value's by default."""
        key_shape = value_shape if key_shape is None else key_shape
        self._check(query_shape, value_shape, key_shape)
        heads, key_heads, depth, value_depth = self.sizes()
        self._query_dense = self._heads("query", query_shape, heads, depth)
        self._key_dense = self._heads("key", key_shape, key_heads, depth)
        self._gate_dense = None
        if self.use_gate:
            self._gate_dense = self._heads(
                "gate", query_shape, heads, value_depth, activation="sigmoid"
            )
        self._value_dense = self._heads("value", value_shape, key_heads, value_depth)
        self._dropout_layer = None
        if self.dropout > 0:
            self._dropout_layer = Dropout(
                self.dropout, seed=self.seed, dtype=self.dtype_policy
            )
        result = self.result_shape(query_shape)
        letters = _OUTPUT_LETTERS[: len(result)]
        self._output_dense = self._projection(
            "attention_output",
            (*query_shape[:-1], heads, value_depth),
            f"...hk,hk{letters}->...{letters}",
            result,
        )
        self.built = True

    def _heads(
        self, name: str, shape: Any, heads: int, depth: int, activation: Any = None
    ) -> EinsumDense:
        equation = "...m,mhk->...hk"
        return self._projection(name, shape, equation, (heads, depth), activation)

    def _projection(
        self,
        name: str,
        shape: Any,
        equation: str,
        result: Sequence[int],
        activation: Any = None,
    ) -> EinsumDense:
        layer = EinsumDense(
            equation,
            tuple(result),
            activation=activation,
            bias_axes=equation.split("->...")[1] if self.use_bias else None,
            kernel_initializer=self._fresh(self.kernel_initializer),
            bias_initializer=self._fresh(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=self._projections_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            name=name,
            dtype=self.dtype_policy,
        )
        layer.supports_masking = True  # the time axis stays, and its mask with it
        layer.build(shape)
        return layer

    def _fresh(self, initializer: Any) -> Any:
        """Return a copy, so that equal shapes do not get equal values."""
        if not isinstance(initializer, initializers.Initializer):
            return initializer
        return type(initializer).from_config(initializer.get_config())

    def _check(self, query_shape: Any, value_shape: Any, key_shape: Any) -> None:
        shapes = [tuple(s) for s in (query_shape, value_shape, key_shape)]
        same_rank = len({len(shape) for shape in shapes}) == 1
        if not same_rank or len(shapes[0]) < 3 or not _agree(*shapes[1:]):
            raise ShapeError(
                explain(
                    f"{self._who()} cannot take this query, value and key.",
                    got="shapes " + ", ".join(map(str, shapes)),
                    expected="three of one rank, (batch, ..., depth); value and key "
                    "alike but for the last axis",
                )
            )

    # calling ------------------------------------------------------------------------

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return the weighted values, projected to the form of the output.

        Args:
            query: (batch, ..., length, depth).
            value: (batch, ..., source length, value depth).
            key: Of the value's shape but for the last axis; the value by default.
            query_mask: Which queries count, (batch, length).
            value_mask: Which values count, (batch, source length).
            key_mask: Which keys count, likewise.
            attention_mask: Which values each query may see, (batch, length, source
                length), or with an axis of heads before these two.
            return_attention_scores: Whether to return the weights too, (batch, heads,
                length, source length).
            training: Whether to drop weights.
            use_causal_mask: Whether a place sees no later ones.
        """
        self._refuse_with_flash(
            self._flash_attention, return_attention_scores, "scores are to be returned"
        )
        key = value if key is None else key
        self._check(query.shape, value.shape, key.shape)
        axes = Axes(query.shape, value.shape, self.attended(len(query.shape)))
        factor = 1 / math.sqrt(self.sizes().key_depth)
        scaled = ops.multiply(self._query_dense(query), factor)
        logits = head_products(axes.merged(scaled), axes.merged(self._key_dense(key)))
        padding = self._padding(axes, query_mask, value_mask, key_mask)
        mask = self._seen(axes, [*padding, attention_mask], use_causal_mask)
        weights = self._shares(axes, logits, mask, return_attention_scores)
        if self._dropout_layer is not None:
            weights = self._dropout_layer(weights, training=training)
        sums = weighted_values(weights, axes.merged(self._value_dense(value)))
        outputs = axes.parted(sums)
        if self._gate_dense is not None:
            outputs = ops.multiply(outputs, self._gate_dense(query))
        outputs = self._output_dense(outputs)
        if not return_attention_scores:
            return outputs
        return outputs, ops.reshape(weights, axes.scores_shape(weights.shape[1]))

    def _padding(
        self, axes: Axes, query_mask: Any, value_mask: Any, key_mask: Any
    ) -> list[Any]:
        """Return the masks that are given, in the form of the scores."""
        ones = (1,) * len(axes.lengths)
        found = []
        for mask, is_query in ((query_mask, True), (value_mask, False), (key_mask, 0)):
            if mask is None:
                continue
            moved = axes.ordered(ops.cast(mask, "bool"))
            lengths = tuple(moved.shape[1 + len(axes.free) :])
            inner = (*lengths, *ones) if is_query else (*ones, *lengths)
            outer = tuple(moved.shape[: 1 + len(axes.free)])
            found.append(ops.reshape(moved, (*outer, 1, *inner)))
        return found

    def _seen(self, axes: Axes, masks: Sequence[Any], use_causal_mask: bool) -> Any:
        """Return which values each query may see, None for all.

        Masks that lack axes of the scores are alike along these.
        """
        lengths = axes.length, axes.source_length
        found = []
        if self.sliding_window:
            found.append(window_mask(*lengths, self.sliding_window))
        if use_causal_mask:
            found.append(causal_mask(*lengths))
        inner = (*axes.lengths, *axes.source_lengths)
        given = [ops.reshape(mask, inner) for mask in found]
        ndim = len(axes.scores_shape(1))
        for mask in masks:
            if mask is not None:
                mask = ops.cast(mask, "bool")
                split = len(mask.shape) - len(inner)
                missing = (1,) * (ndim - len(mask.shape))
                shape = (*mask.shape[:split], *missing, *mask.shape[split:])
                given.append(ops.reshape(mask, shape))
        return functools.reduce(ops.logical_and, given) if given else None

    def _shares(self, axes: Axes, logits: Any, mask: Any, is_exact: bool) -> Any:
        """Return the weights. A query that sees nothing sees all alike, or nothing.

        As in Keras: nothing where weights may be dropped or are handed out.
        """
        if mask is None:
            return ops.softmax(logits, axis=-1)
        shape = axes.scores_shape(logits.shape[1])
        parted = ops.reshape(logits, shape)
        inner = tuple(range(len(shape) - len(axes.source_lengths), len(shape)))
        axis = inner if len(inner) > 1 else -1
        if is_exact or self.dropout > 0:
            weights = masked_softmax(parted, mask, axis)
        else:
            weights = ops.softmax(masked_logits(parted, mask), axis)
        return ops.reshape(weights, logits.shape)

    # forms --------------------------------------------------------------------------

    def compute_output_shape(  # type: ignore[override]
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> Any:
        """Return the query's shape with the output's last axes.

        Raises:
            ShapeError: The shapes do not fit.
        """
        key_shape = value_shape if key_shape is None else key_shape
        self._check(query_shape, value_shape, key_shape)
        return (*query_shape[:-1], *self.result_shape(query_shape))

    def compute_output_spec(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return the form of the output, and that of the weights if asked for."""
        shapes = [tuple(t.shape) for t in (query, value, key) if t is not None]
        found = self.compute_output_shape(*shapes)
        output = KerasTensor(found, self.compute_dtype)
        if not return_attention_scores:
            return output
        axes = Axes(shapes[0], shapes[1], self.attended(len(shapes[0])))
        scores = axes.scores_shape(self.sizes().query_heads)
        return output, KerasTensor(scores, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, as Keras's files hold them."""
        penalty = regularizers.serialize(self._projections_regularizer)
        return {**super().get_config(), "activity_regularizer": penalty}


def _agree(first: Any, second: Any) -> bool:
    """Whether two shapes may be equal but for the last axis."""
    pairs = zip(first[:-1], second[:-1], strict=True)
    return all(a == b or a is None or b is None for a, b in pairs)


class Axes:
    """Which axes of query and value are attended, and how to make them one.

    Args:
        query_shape: (batch, ..., depth).
        value_shape: Of the same rank.
        attended: The attended axes; others between batch and depth are free: as if of
            the batch.
    """

    def __init__(
        self, query_shape: Any, value_shape: Any, attended: Sequence[int]
    ) -> None:
        inner = range(1, len(query_shape) - 1)
        self.batch = query_shape[0]
        self.free = tuple(a for a in inner if a not in attended)
        self.order = (0, *self.free, *attended)
        self.free_lengths = tuple(query_shape[a] for a in self.free)
        self.lengths = tuple(query_shape[a] for a in attended)
        self.source_lengths = tuple(value_shape[a] for a in attended)

    @property
    def length(self) -> int:
        """Number of places that attend."""
        return math.prod(self.lengths)

    @property
    def source_length(self) -> int:
        """Number of places that are attended to."""
        return math.prod(self.source_lengths)

    def scores_shape(self, heads: int) -> tuple[Any, ...]:
        """Return the form of the scores: (batch, free, heads, lengths, sources)."""
        outer = (self.batch, *self.free_lengths)
        return (*outer, heads, *self.lengths, *self.source_lengths)

    def ordered(self, x: Any) -> Any:
        """Return a tensor with its free axes before the attended ones."""
        rest = range(len(self.order), len(x.shape))
        order = (*self.order, *rest)
        return x if order == tuple(range(len(x.shape))) else ops.transpose(x, order)

    def merged(self, x: Any) -> Any:
        """Return (batch, ..., heads, depth) as (batch, length, heads, depth)."""
        moved = self.ordered(x)
        lengths = moved.shape[1 + len(self.free) : -2]
        batch = math.prod(moved.shape[: 1 + len(self.free)])
        return ops.reshape(moved, (batch, math.prod(lengths), *x.shape[-2:]))

    def parted(self, x: Any) -> Any:
        """Return what `merged` made one in the query's form."""
        outer = (self.batch, *self.free_lengths)
        whole = ops.reshape(x, (*outer, *self.lengths, *x.shape[-2:]))
        order = (*self.order, *range(len(self.order), len(whole.shape)))
        back = tuple(order.index(axis) for axis in range(len(order)))
        return whole if back == tuple(sorted(back)) else ops.transpose(whole, back)
