"""How often predictions are right: plain, binary, categorical, sparse, in the best k.

The functions give 1 or 0 per sample (per value for `accuracy` and `binary_accuracy`),
the classes their running mean.
"""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops
from kerasish.backend import floatx
from kerasish.losses.base import takes_class_numbers
from kerasish.losses.inputs import (
    as_floating,
    dtype_of,
    elementwise_pair,
    require_labels,
    require_one_hot,
)
from kerasish.losses.probabilistic import class_numbers
from kerasish.metrics.declare import FunctionMean, mean_of

_SPARSE_TOP_K = "SparseTopKCategoricalAccuracy"


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where predictions equal targets, else 0.

    Args:
        y_true: Targets, any shape.
        y_pred: Predictions, the same shape.
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "accuracy")
    return ops.cast(ops.equal(y_true, y_pred), floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Return 1 where predictions lie on the target's side of a threshold, else 0.

    Args:
        y_true: Targets of 0 and 1, any shape.
        y_pred: Predictions, the same shape.
        threshold: A prediction above it stands for 1.

    Example:
        >>> [float(v) for v in binary_accuracy([1, 0], [0.9, 0.6])]
        [1.0, 0.0]
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "binary_accuracy")
    dtype = dtype_of(y_pred)
    above = ops.cast(ops.greater(y_pred, threshold), dtype)
    return ops.cast(ops.equal(y_true, above), dtype)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where the largest prediction stands at the largest target, else 0.

    Args:
        y_true: One-hot targets, shape (batch, ..., classes).
        y_pred: Predictions, the same shape.

    Returns:
        Shape (batch, ...).

    Raises:
        ShapeError: The shapes differ, as with whole-number labels.
    """
    y_pred = as_floating(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    require_one_hot(*shapes, "categorical_accuracy", "SparseCategoricalAccuracy")
    right = ops.equal(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1))
    return ops.cast(right, dtype_of(y_pred))


def _labelled(y_true: Any, y_pred: Any, what: str, other: str) -> tuple[Any, Any]:
    y_pred = as_floating(y_pred)
    y_true = class_numbers(y_true, y_pred)
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    require_labels(*shapes, what, other=other)
    return y_true, y_pred


@takes_class_numbers
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where the largest prediction is the target class's, else 0.

    Args:
        y_true: Class numbers, shape (batch, ...) or (batch, ..., 1).
        y_pred: Predictions, shape (batch, ..., classes).

    Returns:
        Shape (batch, ...).

    Raises:
        ShapeError: The shapes do not fit, as with one-hot targets.

    Example:
        >>> [float(v) for v in sparse_categorical_accuracy([1, 0], [[0, 1], [0, 1]])]
        [1.0, 0.0]
    """
    what = "sparse_categorical_accuracy"
    y_true, y_pred = _labelled(y_true, y_pred, what, "CategoricalAccuracy")
    right = ops.equal(y_true, ops.argmax(y_pred, axis=-1))
    return ops.cast(right, dtype_of(y_pred))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return 1 where the target class is among the k largest predictions, else 0.

    Args:
        y_true: One-hot targets, shape (batch, ..., classes).
        y_pred: Predictions, the same shape.
        k: How many places count; equals share a place.

    Returns:
        Shape (batch, ...).
    """
    y_pred = as_floating(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    require_one_hot(*shapes, "top_k_categorical_accuracy", _SPARSE_TOP_K)
    return _among_best(ops.argmax(y_true, axis=-1), y_pred, k)


@takes_class_numbers
def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    """Return 1 where the target class is among the k largest predictions, else 0.

    Args:
        y_true: Class numbers, shape (batch, ...) or (batch, ..., 1).
        y_pred: Predictions, shape (batch, ..., classes); with `from_sorted_ids`, class
            numbers from best to worst.
        k: How many places count; equals share a place.
        from_sorted_ids: Whether `y_pred` holds class numbers.

    Returns:
        Shape (batch, ...).
    """
    what = "sparse_top_k_categorical_accuracy"
    y_true, y_pred = _labelled(y_true, y_pred, what, "TopKCategoricalAccuracy")
    if not from_sorted_ids:
        return _among_best(y_true, y_pred, k)
    best = ops.cast(y_pred[..., :k], dtype_of(y_true))
    found = ops.any(ops.equal(ops.expand_dims(y_true, -1), best), axis=-1)
    return ops.cast(found, dtype_of(y_pred))


def _among_best(labels: Any, y_pred: Any, k: int) -> Any:
    """Return 1 where fewer than k predictions exceed that of the label, else 0."""
    last = y_pred.shape[-1] - 1
    labels = ops.expand_dims(labels, -1)
    # a label outside the classes is no hit, nor is a prediction that is not a number
    own = ops.take_along_axis(y_pred, ops.clip(labels, 0, last), axis=-1)
    inside = ops.logical_and(labels >= 0, labels <= last)
    counts = ops.logical_and(inside, ops.equal(own, own))
    dtype = dtype_of(y_pred)
    better = ops.sum(ops.cast(y_pred > own, dtype), axis=-1, keepdims=True)
    hit = ops.logical_and(counts, better < k)
    return ops.squeeze(ops.cast(hit, dtype), axis=-1)


@mean_of(accuracy)
class Accuracy(FunctionMean):
    """How often predictions equal targets."""


@mean_of(binary_accuracy)
class BinaryAccuracy(FunctionMean):
    """How often predictions lie on the target's side of a threshold."""


@mean_of(categorical_accuracy)
class CategoricalAccuracy(FunctionMean):
    """How often the largest prediction stands at the one-hot target's 1."""


@mean_of(sparse_categorical_accuracy)
class SparseCategoricalAccuracy(FunctionMean):
    """How often the largest prediction is that of the whole-number label.

    Example:
        >>> float(SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]]))
        0.5
    """


@mean_of(top_k_categorical_accuracy, order="k name dtype")
class TopKCategoricalAccuracy(FunctionMean):
    """How often the one-hot target's class is among the k largest predictions."""


@mean_of(sparse_top_k_categorical_accuracy, order="k name dtype from_sorted_ids")
class SparseTopKCategoricalAccuracy(FunctionMean):
    """How often the whole-number label is among the k largest predictions."""

    # Keras forgets `from_sorted_ids` when it saves; we write it where it matters
    config_if_changed: ClassVar[dict[str, Any]] = {"from_sorted_ids": False}
