"""`AUC`: the area under the ROC, precision-recall or precision-recall-gain curve.

The counts at fixed thresholds are kept, and the area is a sum over the steps between
them (Davis & Goadrich 2006 for the interpolation of precision; Flach & Kull 2015 for
the gain curve).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.memory_limit import claim
from kerasish.losses.inputs import Shape, divide_no_nan
from kerasish.metrics.counts import (
    CountingMetric,
    Counts,
    count_confusion,
    parse_thresholds,
    prepare,
)
from kerasish.metrics.directories import METRICS

CURVES = ("PR", "ROC", "PRGAIN")
METHODS = ("interpolation", "majoring", "minoring")


@METRICS.add()
class AUC(CountingMetric):
    """Area under a curve that a threshold on the predictions runs along.

    Args:
        num_thresholds: How many thresholds, evenly spread over [0, 1].
        curve: "ROC" (recall over the false positive rate), "PR" (precision over recall)
            or "PRGAIN" (the gains of both).
        summation_method: "interpolation" (trapezoids; for "PR" the interpolation of
            Davis & Goadrich), "minoring" or "majoring" (the lower or higher end of each
            step).
        name: Name of the metric.
        dtype: Dtype of the state.
        thresholds: Thresholds in [0, 1] in place of `num_thresholds`.
        multi_label: Whether columns are labels of their own, whose areas are averaged.
        num_labels: How many columns; learned from the first batch if None.
        label_weights: Weight of each label.
        from_logits: Whether predictions are logits rather than probabilities.

    Raises:
        ValueError: An argument is not one of those named.

    References:
        Davis & Goadrich, "The Relationship Between Precision-Recall and ROC Curves",
        2006.
        Flach & Kull, "Precision-Recall-Gain Curves: PR Analysis Done Right", 2015.

    Example:
        >>> float(AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]))
        0.75
    """

    # Keras's config has `thresholds` only where they were given
    config_if_changed: ClassVar[dict[str, Any]] = {"thresholds": None}

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        self.curve = _known("curve", str(curve).upper(), CURVES)
        self.summation_method = _known(
            "summation method", str(summation_method).lower(), METHODS
        )
        self.init_thresholds = None if thresholds is None else sorted(thresholds)
        self.thresholds = _spread(num_thresholds, self.init_thresholds)
        self.num_thresholds = len(self.thresholds)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else list(label_weights)
        self.from_logits = from_logits
        if not multi_label:
            self._make_cells((self.num_thresholds,))
        elif num_labels:
            self._make_cells((self.num_thresholds, num_labels))

    def create_variables(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Make the variables, where their shape depends on the number of labels."""
        if self._cells:
            return
        labels = y_pred_shape[-1] if len(y_pred_shape) == 2 else None
        if labels is None:
            raise ShapeError(
                explain(
                    f"Metric '{self.name}' with multi_label=True needs columns.",
                    got=f"y_pred of shape {tuple(y_pred_shape)}",
                    expected="y_pred of shape (batch, labels)",
                    fix="give predictions with two axes, or leave out multi_label",
                )
            )
        self._make_cells((self.num_thresholds, labels))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: Targets of 0 and 1.
            y_pred: Probabilities or logits, the same shape.
            sample_weight: One per sample, or one per prediction.

        Raises:
            ShapeError: The shapes do not fit.
        """
        y_true, y_pred, weight = prepare(
            y_true, y_pred, sample_weight, self.dtype, self.name
        )
        self._check_labels(tuple(y_pred.shape))
        self.create_variables(tuple(y_true.shape), tuple(y_pred.shape))
        if self.from_logits:
            y_pred = ops.sigmoid(y_pred)
        if self.label_weights is not None and not self.multi_label:
            factors = ops.convert_to_tensor(self.label_weights, dtype=self.dtype)
            factors = ops.reshape(factors, (1,) * (len(y_pred.shape) - 1) + (-1,))
            weight = factors if weight is None else weight * factors
        counts = count_confusion(
            y_true, y_pred, self.thresholds, weight, by_label=self.multi_label
        )
        self._add_counts(counts)

    def _check_labels(self, shape: tuple[int, ...]) -> None:
        """Raise unless the predictions have as many columns as there are labels."""
        expected = self.num_labels if self.multi_label else None
        if self.label_weights is not None:
            expected = expected or len(self.label_weights)
        if self.multi_label and self._cells:
            expected = self._cells[0].shape[-1]
        if expected is not None and shape[-1:] != (expected,):
            raise ShapeError(
                explain(
                    f"Metric '{self.name}' is for {expected} labels.",
                    got=f"y_pred of shape {shape}",
                    expected=f"a last axis of {expected}",
                    fix="make num_labels and label_weights fit the predictions",
                )
            )

    def result(self) -> Any:
        """Return the area, shape (); 0 before any update."""
        if not self._cells:
            return ops.zeros((), self.dtype)
        areas = self._areas(self._counted())
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        weights = ops.convert_to_tensor(self.label_weights, dtype=self.dtype)
        return divide_no_nan(ops.sum(areas * weights), ops.sum(weights))

    def _areas(self, counts: Counts) -> Any:
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _interpolated_precision(counts)
        x, y = {"ROC": _roc, "PR": _pr, "PRGAIN": _pr_gain}[self.curve](counts)
        left, right = y[:-1], y[1:]
        height = {
            "interpolation": lambda: (left + right) * 0.5,
            "majoring": lambda: ops.maximum(left, right),
            "minoring": lambda: ops.minimum(left, right),
        }[self.summation_method]()
        return ops.sum((x[:-1] - x[1:]) * height, axis=0)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        config = {**super().get_config(), "thresholds": self.init_thresholds}
        if config["thresholds"] is None:
            del config["thresholds"]
        return config


def _known(kind: str, name: str, known: tuple[str, ...]) -> str:
    if name not in known:
        raise ValueError(unknown_name(kind, name, known))
    return name


def _spread(num_thresholds: int, inner: Sequence[float] | None) -> list[float]:
    """Return the thresholds, with one just below 0 and one just above 1 at the ends."""
    if inner is not None:
        between = parse_thresholds(inner) if inner else []
    elif num_thresholds > 1:
        claim((num_thresholds, 4), "float64", keep=False)
        steps = num_thresholds - 1
        between = [i / steps for i in range(1, steps)]
    else:
        raise ValueError(
            explain(
                "AUC needs more thresholds.",
                got=f"num_thresholds={num_thresholds}",
                expected="a whole number greater than 1",
            )
        )
    return [-epsilon(), *between, 1.0 + epsilon()]


def _roc(counts: Counts) -> tuple[Any, Any]:
    tp, fp, tn, fn = counts
    return divide_no_nan(fp, fp + tn), divide_no_nan(tp, tp + fn)


def _pr(counts: Counts) -> tuple[Any, Any]:
    tp, fp, _, fn = counts
    return divide_no_nan(tp, tp + fn), divide_no_nan(tp, tp + fp)


def _pr_gain(counts: Counts) -> tuple[Any, Any]:
    """Return the gains: 1 - odds fn / tp of recall, 1 - odds fp / tp of precision.

    The odds are those of a positive, (tp + fn) / (tn + fp) (Flach & Kull, section 4.2).
    """
    tp, fp, tn, fn = counts
    odds = divide_no_nan(tp + fn, tn + fp)
    recall = ops.clip(1.0 - odds * divide_no_nan(fn, tp), 0.0, 1.0)
    recall = ops.where(ops.greater(tp, 0), recall, 0.0)
    return recall, 1.0 - odds * divide_no_nan(fp, tp)


def _interpolated_precision(counts: Counts) -> Any:
    """Return the area where, between thresholds, tp grows linearly with tp + fp.

    With p = tp + fp, slope s = dtp / dp and intercept i = tp - s p, a step's area is
    s (dtp + i log(p_a / p_b)) / (tp + fn), summed over the steps (Davis & Goadrich).
    """
    tp, fp, _, fn = counts
    found = tp + fp
    step = tp[:-1] - tp[1:]
    slope = divide_no_nan(step, ops.maximum(found[:-1] - found[1:], 0.0))
    intercept = tp[1:] - slope * found[1:]
    both = ops.logical_and(found[:-1] > 0, found[1:] > 0)
    ratio = ops.where(both, divide_no_nan(found[:-1], found[1:]), 1.0)
    area = slope * (step + intercept * ops.log(ratio))
    return ops.sum(divide_no_nan(area, tp[1:] + fn[1:]), axis=0)
