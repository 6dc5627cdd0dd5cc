"""Layers that look vectors up by index, and the way back."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from kerasish import constraints, initializers, ops, regularizers
from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.graph.variable import Variable
from kerasish.layers.adapters import AdaptedWeight, LowRankAdapters
from kerasish.saving.registry import public


@public("keras.layers")
class Embedding(LowRankAdapters):
    """A vector for each whole number: row i of a matrix.

    Args:
        input_dim: Number of rows; inputs are below it.
        output_dim: Length of the vectors.
        embeddings_initializer: Initial values of the matrix.
        embeddings_regularizer: Penalty on it.
        embeddings_constraint: Projection of it after each update.
        mask_zero: Whether the number 0 stands for nothing and is masked.
        weights: Initial values of the matrix, or a list of these alone.
        lora_rank: If given, the matrix is frozen, and adapters of that rank are
            trained; see `enable_lora`.
        lora_alpha: The adapters count `lora_alpha / lora_rank` times; once by default.
        quantization_config: Must be None: there is no quantization here.
        **kwargs: As for `Layer`. Keras 2's `input_length` is ignored, with a warning.

    Raises:
        ValueError: A size is not positive.

    Example:
        >>> Embedding(10, 4)([[1, 2, 3]]).shape
        (1, 3, 4)
    """

    embeddings = AdaptedWeight()
    _embeddings: Variable

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("input_length", None) is not None:
            warnings.warn(
                "Embedding: `input_length` has no meaning any more; leave it out.",
                stacklevel=2,
            )
        super().__init__(**kwargs)
        for name in ("weights", "input_length"):
            self._init_arguments.pop(name, None)  # configs do not hold them
        self._plan_adapters(lora_rank, lora_alpha, quantization_config)
        # rows are cast once they are found: indices must stay exact, and the matrix
        # may be large
        self.autocast = False
        self._require_sizes(input_dim=input_dim, output_dim=output_dim)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self._first_values = _as_matrix(weights)
        if self._first_values is not None:
            self.build()

    def _require_sizes(self, **sizes: Any) -> None:
        for name, size in sizes.items():
            if not isinstance(size, (int, np.integer)) or size <= 0:
                raise ValueError(
                    explain(
                        f"{self._who()} needs a positive whole number.",
                        got=f"{name}={size!r}",
                    )
                )

    def build(self, input_shape: Any = None) -> None:
        """Make the matrix, (input_dim, output_dim)."""
        shape = (self.input_dim, self.output_dim)
        self.embeddings = self.add_weight(
            shape,
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )
        given, self._first_values = self._first_values, None
        if given is not None:
            self._begin_with(given)
        self._add_planned_adapters()

    def _begin_with(self, given: np.ndarray) -> None:
        """Set the matrix to the values that the constructor was given."""
        shape = self.embeddings.shape
        if given.shape != shape:
            raise ShapeError(
                explain(
                    f"{self._who()} cannot begin with these weights.",
                    got=f"shape {given.shape}",
                    expected=f"shape {shape}: (input_dim, output_dim)",
                )
            )
        self.embeddings.assign(given)

    def call(self, inputs: Any) -> Any:
        """Return the rows of these indices, in a new last axis."""
        indices = _as_indices(inputs)
        rows = ops.take(self._embeddings, indices, axis=0)
        if self.lora_enabled:  # of the rows alone: the matrix may be large
            thin = ops.matmul(ops.take(self._lora_a, indices, axis=0), self._lora_b)
            rows = ops.add(rows, ops.multiply(thin, self._lora_scale))
        return ops.cast(rows, self.compute_dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return where the input is not 0, if 0 is to be masked."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape with the length of the vectors behind."""
        return (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the form of the output."""
        shape = self.compute_output_shape(tuple(inputs.shape))
        return KerasTensor(shape, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments but for initial values, as Keras does."""
        config = {"activity_regularizer": None, **super().get_config()}
        return {**config, "input_dim": self.input_dim}


def _as_matrix(weights: Any) -> np.ndarray | None:
    """Return initial values given as a matrix, or as a list of one."""
    if weights is None:
        return None
    if isinstance(weights, (list, tuple)) and len(weights) == 1:
        weights = weights[0]
    return np.asarray(weights)


def _as_indices(inputs: Any) -> Any:
    inputs = ops.convert_to_tensor(inputs)
    is_float = dtypes.is_float(dtypes.dtype_name(inputs.dtype))
    return ops.cast(inputs, "int32") if is_float else inputs


@public("keras.layers")
class ReversibleEmbedding(Embedding):
    """An embedding that also goes back: from vectors to a score for each index.

    Args:
        input_dim: Number of rows; inputs are below it.
        output_dim: Length of the vectors.
        tie_weights: Whether the way back uses the same matrix, transposed.
        embeddings_initializer: Initial values of the matrix, or both.
        embeddings_regularizer: Penalty on them.
        embeddings_constraint: Projection of them after each update.
        mask_zero: Whether the number 0 stands for nothing and is masked.
        reverse_dtype: Dtype to compute scores in; the compute dtype by default.
        logit_soft_cap: If given, c in `c * tanh(scores / c)`.
        **kwargs: As for `Layer`.

    References:
        Press & Wolf, "Using the Output Embedding to Improve Language Models", EACL
        2017.

    Example:
        >>> layer = ReversibleEmbedding(10, 4)
        >>> layer(layer([[1, 2, 3]]), reverse=True).shape
        (1, 3, 10)
    """

    reverse_embeddings: Variable

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.tie_weights = tie_weights
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
            **kwargs,
        )
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Any = None) -> None:
        """Make the matrix, and the one for the way back if it has its own."""
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim),
                self.embeddings_initializer,
                regularizer=self.embeddings_regularizer,
                constraint=self.embeddings_constraint,
                name="reverse_embeddings",
            )
        self.built = True

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        """Return the vectors of indices; or, reversed, the scores of vectors."""
        return self._scores(inputs) if reverse else super().call(inputs)

    def _scores(self, vectors: Any) -> Any:
        dtype = self.reverse_dtype or self.compute_dtype
        if self.tie_weights:
            kernel = ops.transpose(self.embeddings)
        else:
            kernel = ops.convert_to_tensor(self.reverse_embeddings)
        logits = ops.matmul(ops.cast(vectors, dtype), ops.cast(kernel, dtype))
        if self.logit_soft_cap is None:
            return logits
        capped = ops.tanh(ops.divide(logits, self.logit_soft_cap))
        return ops.multiply(capped, self.logit_soft_cap)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return where indices are not 0, if 0 is masked; of vectors, the mask."""
        if dtypes.is_float(dtypes.dtype_name(inputs.dtype)):
            return mask
        return super().compute_mask(inputs, mask)

    def compute_output_shape(self, input_shape: Any, reverse: bool = False) -> Any:
        """Return the shape of the vectors; or, reversed, that of the scores."""
        if reverse:
            return (*input_shape[:-1], self.input_dim)
        return super().compute_output_shape(input_shape)

    def compute_output_spec(self, inputs: Any, reverse: bool = False) -> Any:
        """Return the form of the output."""
        shape = self.compute_output_shape(tuple(inputs.shape), reverse)
        dtype = self.reverse_dtype if reverse else None
        return KerasTensor(shape, dtype or self.compute_dtype)
