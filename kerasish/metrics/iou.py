"""Intersection over union of predicted and true regions, from a confusion matrix.

The matrix counts, in row t and column p, how often class t was predicted as p. The
intersection of a class is its diagonal entry, the union its row and column together.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.backend.dtypes import is_float
from kerasish.errors import ShapeError, explain
from kerasish.graph.memory_limit import claim
from kerasish.losses.inputs import dtype_of, reshaped
from kerasish.metrics.base import Metric
from kerasish.metrics.counts import fit_weight
from kerasish.metrics.directories import METRICS


def confusion_matrix(
    y_true: Any, y_pred: Any, num_classes: int, weight: Any, dtype: str
) -> Any:
    """Return the weighted counts of (true, predicted) pairs.

    Args:
        y_true: Class numbers, shape (n,), int; those that do not exist count nowhere.
        y_pred: Class numbers, shape (n,), int.
        num_classes: Number of rows and of columns.
        weight: Weight of each pair, shape (n,), or None.
        dtype: Dtype of the result; weights of an integer one are whole.

    Returns:
        Shape (num_classes, num_classes).
    """
    floating = _floating(dtype)
    rows = ops.one_hot(y_true, num_classes, dtype=floating)
    columns = ops.one_hot(y_pred, num_classes, dtype=floating)
    if weight is not None:
        rows = rows * ops.expand_dims(ops.cast(weight, floating), -1)
    return ops.cast(ops.matmul(ops.transpose(rows), columns), dtype)


@METRICS.add()
class IoU(Metric):
    """Mean intersection over union of some classes.

    Args:
        num_classes: How many classes there are.
        target_class_ids: Numbers of the classes to average over.
        name: Name of the metric.
        dtype: Dtype of the counts; "int32" by default, as in Keras, which cuts sample
            weights down to whole numbers.
        ignore_class: A label whose samples count for nothing, such as -1 or 255.
        sparse_y_true: Whether targets are class numbers; else the largest value along
            `axis` names the class.
        sparse_y_pred: Whether predictions are class numbers.
        axis: The axis of the classes.

    Raises:
        ValueError: A target class does not exist.

    Example:
        >>> metric = IoU(num_classes=2, target_class_ids=[0])
        >>> round(float(metric([0, 0, 1, 1], [0, 1, 0, 1])), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(dtype=dtype or "int32", name=name)
        claim((num_classes, num_classes), "int32", keep=False)
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self._check_classes()
        self.total_confusion_matrix = self.add_weight(
            shape=(num_classes, num_classes), name="total_confusion_matrix"
        )

    def _check_classes(self) -> None:
        known = range(self.num_classes)
        wrong = [c for c in self.target_class_ids if c not in known]
        if wrong or not self.target_class_ids:
            raise ValueError(
                explain(
                    f"Metric '{self.name}' cannot use these target classes.",
                    got=f"target_class_ids={self.target_class_ids}",
                    expected=f"class numbers from 0 to {self.num_classes - 1}",
                )
            )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: Class numbers, or one-hot values.
            y_pred: Class numbers, or values whose largest names the class.
            sample_weight: One per label, or per entry of leading axes.

        Raises:
            ShapeError: The shapes do not fit.
        """
        y_true = _classes(y_true, self.sparse_y_true, self.axis)
        y_pred = _classes(y_pred, self.sparse_y_pred, self.axis)
        weight = self._weight(tuple(y_true.shape), sample_weight)
        size = math.prod(y_true.shape)
        self._require_pairs(size, tuple(y_true.shape), tuple(y_pred.shape))
        y_true, y_pred = reshaped(y_true, (size,)), reshaped(y_pred, (size,))
        if self.ignore_class is not None:
            # a class that does not exist counts nowhere
            ignored = ops.equal(y_true, self.ignore_class)
            y_true = ops.where(ignored, -1, y_true)
        self.total_confusion_matrix.assign_add(
            confusion_matrix(y_true, y_pred, self.num_classes, weight, self.dtype)
        )

    def _weight(self, shape: tuple[int, ...], sample_weight: Any) -> Any:
        if sample_weight is None:
            return None
        weight = ops.convert_to_tensor(sample_weight)
        if is_float(dtype_of(weight)) and not is_float(self.dtype):
            warnings.warn(self._cuts_weights(), stacklevel=3)
        weight = ops.cast(weight, self.dtype)
        weight = fit_weight(weight, shape, self.name)
        return reshaped(ops.broadcast_to(weight, shape), (math.prod(shape),))

    def _cuts_weights(self) -> str:
        return explain(
            f"Metric '{self.name}' cuts sample weights down to whole numbers.",
            got=f"floating weights for counts of dtype {self.dtype}",
            fix="make the metric with dtype='float32'",
        )

    def _require_pairs(
        self, size: int, y_true: tuple[int, ...], y_pred: tuple[int, ...]
    ) -> None:
        if math.prod(y_pred) != size:
            raise ShapeError(
                explain(
                    f"Metric '{self.name}' needs one prediction per label.",
                    got=f"labels of shape {y_true}, predictions of shape {y_pred}",
                    fix="say whether both are class numbers with sparse_y_true and "
                    "sparse_y_pred, and where the classes lie with axis",
                )
            )

    def result(self) -> Any:
        """Return the mean over the target classes that were seen, shape ()."""
        counts = ops.cast(self.total_confusion_matrix, _floating(self.dtype))
        hits = ops.sum(counts * ops.eye(self.num_classes, dtype=counts.dtype), axis=0)
        union = ops.sum(counts, axis=0) + ops.sum(counts, axis=1) - hits
        hits, union = (ops.take(x, self.target_class_ids) for x in (hits, union))
        seen = ops.sum(ops.cast(ops.greater(union, 0), counts.dtype))
        # Keras's epsilons, which leave a perfect result just below 1
        return ops.sum(hits / (union + epsilon())) / (seen + epsilon())


def _floating(dtype: str) -> str:
    return dtype if is_float(dtype) else "float32"


def _classes(x: Any, sparse: bool, axis: int) -> Any:
    """Return class numbers, int32."""
    x = ops.convert_to_tensor(x)
    return ops.cast(x if sparse else ops.argmax(x, axis=axis), "int32")


@METRICS.add()
class BinaryIoU(IoU):
    """Mean intersection over union of class 0, class 1 or both, by a threshold.

    Args:
        target_class_ids: [0], [1] or [0, 1].
        threshold: A prediction from it on stands for class 1.
        name: Name of the metric.
        dtype: Dtype of the counts; "int32" by default.

    Raises:
        ValueError: A target class is neither 0 nor 1.

    Example:
        >>> metric = BinaryIoU(threshold=0.3)
        >>> round(float(metric([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
        0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: Targets of 0 and 1.
            y_pred: Probabilities or logits.
            sample_weight: One per target, or per entry of leading axes.
        """
        y_pred = ops.convert_to_tensor(y_pred)
        above = ops.greater_equal(y_pred, self.threshold)
        super().update_state(y_true, above, sample_weight)


@METRICS.add()
class MeanIoU(IoU):
    """Mean intersection over union of all classes.

    Args:
        num_classes: How many classes there are.
        name: Name of the metric.
        dtype: Dtype of the counts; "int32" by default.
        ignore_class: A label whose samples count for nothing.
        sparse_y_true: Whether targets are class numbers.
        sparse_y_pred: Whether predictions are class numbers.
        axis: The axis of the classes.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes,
            range(num_classes),
            name,
            dtype,
            ignore_class,
            sparse_y_true,
            sparse_y_pred,
            axis,
        )


@METRICS.add()
class OneHotIoU(IoU):
    """Mean intersection over union of some classes, for one-hot targets.

    Args:
        num_classes: How many classes there are.
        target_class_ids: Numbers of the classes to average over.
        name: Name of the metric.
        dtype: Dtype of the counts; "int32" by default.
        ignore_class: A label whose samples count for nothing.
        sparse_y_pred: Whether predictions are class numbers.
        axis: The axis of the classes.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes,
            target_class_ids,
            name,
            dtype,
            ignore_class,
            False,
            sparse_y_pred,
            axis,
        )


@METRICS.add()
class OneHotMeanIoU(MeanIoU):
    """Mean intersection over union of all classes, for one-hot targets.

    Args:
        num_classes: How many classes there are.
        name: Name of the metric.
        dtype: Dtype of the counts; "int32" by default.
        ignore_class: A label whose samples count for nothing.
        sparse_y_pred: Whether predictions are class numbers.
        axis: The axis of the classes.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis
        )
