"""Counts of right and wrong positives at several thresholds, the matter of confusion.

One comparison of all predictions with all thresholds and two products give all four
counts; what is not positive follows by subtraction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.graph.variable import Variable
from kerasish.losses.inputs import match_ranks, require_same_shape, reshaped
from kerasish.metrics.base import Metric
from kerasish.metrics.reduction import require_weights_fit

_NEVER = -1e10  # Keras's value for "below every threshold"


class Counts(NamedTuple):
    """Weighted counts per threshold, shape (thresholds,) or (thresholds, labels)."""

    true_positives: Any
    false_positives: Any
    true_negatives: Any
    false_negatives: Any


class CountingMetric(Metric):
    """Base of metrics that keep all four counts, as attributes of those names."""

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self._cells: list[Variable] = []

    def _make_cells(self, shape: tuple[int, ...]) -> None:
        for name in Counts._fields:
            setattr(self, name, self.add_weight(shape=shape, name=name))
        self._cells = [getattr(self, name) for name in Counts._fields]

    def _add_counts(self, counts: Counts) -> None:
        for variable, count in zip(self._cells, counts, strict=True):
            variable.assign_add(count)

    def _counted(self) -> Counts:
        """Return the counts so far, of the shape given to `_make_cells`."""
        return Counts(*(variable.value for variable in self._cells))


def count_confusion(
    y_true: Any,
    y_pred: Any,
    thresholds: Sequence[float],
    sample_weight: Any = None,
    by_label: bool = False,
) -> Counts:
    """Return how often predictions above each threshold are right and wrong.

    Args:
        y_true: Targets, floating; anything but 0 is positive.
        y_pred: Predictions of the same shape and dtype.
        thresholds: A prediction above one is positive.
        sample_weight: Weights of the same rank that broadcast to the targets, or None.
        by_label: Whether to keep the last axis apart.
    """
    dtype = y_pred.dtype
    positive = ops.cast(ops.not_equal(y_true, 0), dtype)
    all_ = ops.ones_like(positive)
    if sample_weight is not None:
        positive = ops.multiply(positive, sample_weight)
        all_ = ops.multiply(all_, sample_weight)
    labels = int(y_pred.shape[-1]) if by_label else 1
    columns = (math.prod(y_pred.shape) // max(labels, 1), labels)
    positive, all_, y_pred = (ops.reshape(x, columns) for x in (positive, all_, y_pred))
    limits = ops.reshape(
        ops.convert_to_tensor(list(thresholds), dtype=dtype), (len(thresholds), 1, 1)
    )
    above = ops.cast(ops.greater(ops.expand_dims(y_pred, 0), limits), dtype)
    hits = _summed(above, positive, by_label)
    alarms = _summed(above, all_, by_label) - hits
    axis = 0 if by_label else None
    positives, total = ops.sum(positive, axis=axis), ops.sum(all_, axis=axis)
    # float sums in different orders may differ in the last place: never below zero
    misses = ops.maximum(positives - hits, 0.0)
    passed = ops.maximum(total - positives - alarms, 0.0)
    return Counts(hits, ops.maximum(alarms, 0.0), passed, misses)


def _summed(above: Any, weight: Any, by_label: bool) -> Any:
    """Return the weight above each threshold, (thresholds,) or (thresholds, labels)."""
    if by_label:
        return ops.sum(above * weight, axis=1)
    flat = ops.reshape(above, tuple(above.shape[:2]))
    return ops.matmul(flat, ops.reshape(weight, (-1,)))


def prepare(
    y_true: Any, y_pred: Any, sample_weight: Any, dtype: str, name: str
) -> tuple[Any, Any, Any]:
    """Return targets, predictions and weights of one rank and dtype, shapes checked.

    Args:
        y_true: Targets.
        y_pred: Predictions.
        sample_weight: One per sample, or one per prediction, or None.
        dtype: Dtype to bring them to.
        name: Name of the metric.

    Raises:
        ShapeError: The shapes do not fit.
    """
    y_true = ops.convert_to_tensor(y_true, dtype=dtype)
    y_pred = ops.convert_to_tensor(y_pred, dtype=dtype)
    y_true, y_pred = match_ranks(y_true, y_pred)
    shape = tuple(y_pred.shape)
    require_same_shape(tuple(y_true.shape), shape, f"Metric '{name}'")
    if sample_weight is None:
        return y_true, y_pred, None
    weight = ops.convert_to_tensor(sample_weight, dtype=dtype)
    return y_true, y_pred, fit_weight(weight, shape, name)


def fit_weight(weight: Any, shape: tuple[int, ...], name: str) -> Any:
    """Return weights with axes of size 1 added behind, or a last one dropped.

    Args:
        weight: Weights.
        shape: Shape of the predictions.
        name: Name of the metric.

    Raises:
        ShapeError: They do not broadcast to `shape`.
    """
    given = tuple(weight.shape)
    if len(given) == len(shape) + 1 and given[-1] == 1:
        given = given[:-1]
    given = given + (1,) * (len(shape) - len(given))
    require_weights_fit(given, shape, name)
    return reshaped(weight, given)


def keep_top_k(y_pred: Any, k: int, name: str) -> Any:
    """Return predictions with all but the k largest of each row put out of reach.

    Args:
        y_pred: Predictions, shape (..., classes).
        k: How many stay.
        name: Name of the metric.

    Raises:
        ShapeError: There are fewer classes than k.
    """
    classes = y_pred.shape[-1] if y_pred.shape else 0
    if k > classes:
        raise ShapeError(
            explain(
                f"Metric '{name}' cannot pick the best {k} of these predictions.",
                got=f"y_pred of shape {tuple(y_pred.shape)}",
                expected=f"a last axis of at least {k}",
                fix=f"use top_k={classes} or less",
            )
        )
    _, best = ops.top_k(y_pred, k)
    chosen = ops.sum(ops.one_hot(best, classes, dtype=y_pred.dtype), axis=-2)
    return ops.where(ops.greater(chosen, 0), y_pred, _NEVER)


def pick_class(x: Any, class_id: int, name: str) -> Any:
    """Return the column of one class.

    Args:
        x: Shape (..., classes).
        class_id: Number of the class.
        name: Name of the metric.

    Raises:
        ShapeError: There is no such class.
    """
    classes = x.shape[-1] if x.shape else 0
    if not 0 <= class_id < classes:
        raise ShapeError(
            explain(
                f"Metric '{name}' finds no class {class_id} in the predictions.",
                got=f"class_id={class_id}, data of shape {tuple(x.shape)}",
                expected=f"class_id from 0 to {classes - 1}",
                fix="give the class_id of a column",
            )
        )
    return x[..., class_id]


def one_class(
    y_true: Any, y_pred: Any, weight: Any, class_id: int | None, name: str
) -> tuple[Any, Any, Any]:
    """Return targets, predictions and weights of one class; all if it is None.

    Args:
        y_true: Targets, shape (..., classes).
        y_pred: Predictions, the same shape.
        weight: Weights of the same rank, or None.
        class_id: Number of the class, or None.
        name: Name of the metric.

    Raises:
        ShapeError: There is no such class.
    """
    if class_id is None:
        return y_true, y_pred, weight
    if weight is not None:
        weight = pick_class(weight, class_id if weight.shape[-1] > 1 else 0, name)
    y_true, y_pred = (pick_class(x, class_id, name) for x in (y_true, y_pred))
    return y_true, y_pred, weight


def parse_thresholds(
    thresholds: float | Sequence[float] | None, default: float = 0.5
) -> list[float]:
    """Return thresholds as a list.

    Args:
        thresholds: One, several, or None.
        default: What None stands for.

    Raises:
        ValueError: One is not in [0, 1].
    """
    if thresholds is None:
        return [default]
    several = isinstance(thresholds, Sequence)
    found = list(thresholds) if isinstance(thresholds, Sequence) else [thresholds]
    wrong = [t for t in found if t is None or not 0 <= t <= 1]
    if wrong or (several and not found):
        raise ValueError(
            explain(
                "These thresholds cannot be used.",
                got=f"thresholds={thresholds!r}",
                expected="numbers in [0, 1]",
                fix="give probabilities; for logits apply a sigmoid first",
            )
        )
    return [float(t) for t in found]
