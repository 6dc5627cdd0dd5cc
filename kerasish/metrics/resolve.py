"""What "accuracy" and "crossentropy" mean for a model's targets and predictions."""

from __future__ import annotations

from kerasish.errors import unknown_name
from kerasish.losses.inputs import Shape, class_labels_shape
from kerasish.metrics.accuracy import (
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
)
from kerasish.metrics.from_losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from kerasish.metrics.reduction import MeanMetricWrapper

# name -> the class for one output, for one-hot targets, for whole-number labels
_ACCURACY = (BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy)
_CROSSENTROPY = (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
_BY_NAME: dict[str, tuple[type[MeanMetricWrapper], ...]] = {
    "accuracy": _ACCURACY,
    "acc": _ACCURACY,
    "crossentropy": _CROSSENTROPY,
    "ce": _CROSSENTROPY,
}


def depends_on_shapes(kind: object) -> bool:
    """Return whether a name means one of several metrics, in any letter case."""
    return isinstance(kind, str) and kind.lower() in _BY_NAME


def resolve_accuracy(
    kind: str, y_true_shape: Shape, y_pred_shape: Shape
) -> type[MeanMetricWrapper]:
    """Return the metric class that a name means for these shapes.

    One output is binary; fewer axes than the predictions, or a trailing 1, are
    whole-number labels; anything else is one-hot.

    Args:
        kind: "accuracy", "acc", "crossentropy" or "ce", in any letter case.
        y_true_shape: Shape of the targets; None where unknown.
        y_pred_shape: Shape of the predictions.

    Raises:
        ValueError: The name is another.

    Example:
        >>> resolve_accuracy("acc", (None,), (None, 10)).__name__
        'SparseCategoricalAccuracy'
    """
    if not depends_on_shapes(kind):
        raise ValueError(unknown_name("metric", kind, _BY_NAME))
    binary, categorical, sparse = _BY_NAME[kind.lower()]
    if tuple(y_pred_shape[-1:]) == (1,):
        return binary
    if class_labels_shape(tuple(y_true_shape), tuple(y_pred_shape)):
        return sparse
    return categorical
