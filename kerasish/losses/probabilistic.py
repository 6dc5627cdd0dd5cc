"""Losses of predicted probabilities: crossentropies, Poisson, Kullback-Leibler.

Each comes as a function, which gives one value per sample, and as a class, which
weights and reduces. The crossentropies go by way of `kerasish.ops`, whose compiler
recognises them behind a softmax or sigmoid.
"""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.losses.base import LossFunctionWrapper, takes_class_numbers
from kerasish.losses.inputs import (
    as_floating,
    dtype_of,
    elementwise_pair,
    require_labels,
    require_one_hot,
    require_same_shape,
    reshaped,
)


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return mean(-y log p - (1 - y) log(1 - p)) over `axis`.

    Args:
        y_true: Targets in [0, 1], shape (batch, ..., d).
        y_pred: Probabilities, or logits, of the same shape.
        from_logits: Whether `y_pred` holds logits.
        label_smoothing: How far targets are drawn towards 0.5, in [0, 1].
        axis: The axis over which the mean is taken.

    Returns:
        The shape without `axis`.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> values = binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
        >>> [round(float(v), 4) for v in values]
        [0.6931]
    """
    y_pred = as_floating(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=dtype_of(y_pred))
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    require_same_shape(*shapes, "binary_crossentropy")
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    values = ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits)
    return ops.mean(values, axis=axis)


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return -sum(y log p) over the classes, for one-hot targets.

    Args:
        y_true: One row of probabilities per sample, shape (batch, ..., classes).
        y_pred: Probabilities (scaled to sum to one first), or logits.
        from_logits: Whether `y_pred` holds logits.
        label_smoothing: How far targets are drawn towards 1 / classes, in [0, 1].
        axis: The axis of the classes.

    Returns:
        The shape without `axis`.

    Raises:
        ShapeError: The shapes differ, as with whole-number labels.
    """
    y_pred = as_floating(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=dtype_of(y_pred))
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    require_one_hot(*shapes, "categorical_crossentropy")
    if label_smoothing:
        # Keras counts the classes on the last axis, whatever `axis` says
        evenly = label_smoothing / y_pred.shape[-1]
        y_true = y_true * (1.0 - label_smoothing) + evenly
    return ops.categorical_crossentropy(
        y_true, y_pred, from_logits=from_logits, axis=axis
    )


@takes_class_numbers
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """Return -log(p of the target class), for whole-number class labels.

    Args:
        y_true: Class numbers in [0, classes), shape (batch, ...) or (batch, ..., 1).
        y_pred: Probabilities (scaled to sum to one first), or logits, of shape
            (batch, ..., classes).
        from_logits: Whether `y_pred` holds logits.
        ignore_class: A class number whose samples give 0.
        axis: The axis of the classes.

    Returns:
        Shape (batch, ...).

    Raises:
        ShapeError: The shapes do not fit, as with one-hot targets.
    """
    y_pred = as_floating(y_pred)
    y_true = class_numbers(y_true, y_pred)
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    require_labels(*shapes, "sparse_categorical_crossentropy", axis)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(
            y_true, y_pred, from_logits=from_logits, axis=axis
        )
    valid = ops.not_equal(y_true, ignore_class)
    y_true = ops.where(valid, y_true, 0)
    values = ops.sparse_categorical_crossentropy(
        y_true, y_pred, from_logits=from_logits, axis=axis
    )
    return ops.where(valid, values, 0.0)


def class_numbers(y_true: Any, y_pred: Any) -> Any:
    """Return whole-number targets without a trailing axis of size 1.

    Args:
        y_true: Class numbers, of any dtype.
        y_pred: The predictions they belong to.
    """
    y_true = ops.convert_to_tensor(y_true)
    if "int" not in dtype_of(y_true):
        y_true = ops.cast(y_true, "int32")
    shape = tuple(y_true.shape)
    if len(shape) == len(y_pred.shape) and shape[-1:] == (1,):
        shape = shape[:-1]
    return reshaped(y_true, shape)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Return mean(y_pred - y_true log(y_pred + epsilon)) over the last axis.

    Args:
        y_true: Counts, shape (batch, ..., d).
        y_pred: Expected counts, the same shape.

    Returns:
        Shape (batch, ...).
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "poisson")
    return ops.mean(y_pred - y_true * ops.log(y_pred + epsilon()), axis=-1)


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Return sum(y_true log(y_true / y_pred)) over the last axis.

    Both are clipped to [epsilon, 1] first.

    Args:
        y_true: Probabilities, shape (batch, ..., classes).
        y_pred: Probabilities, the same shape.

    Returns:
        Shape (batch, ...).
    """
    y_true, y_pred = elementwise_pair(y_true, y_pred, "kl_divergence")
    y_true = ops.clip(y_true, epsilon(), 1.0)
    y_pred = ops.clip(y_pred, epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


class BinaryCrossentropy(LossFunctionWrapper):
    """Crossentropy of yes-or-no targets, -y log p - (1 - y) log(1 - p).

    Args:
        from_logits: Whether predictions are logits rather than probabilities.
        label_smoothing: How far targets are drawn towards 0.5, in [0, 1].
        axis: The axis over which the mean is taken.
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy of one-hot targets, -sum(y log p).

    Args:
        from_logits: Whether predictions are logits rather than probabilities.
        label_smoothing: How far targets are drawn towards 1 / classes, in [0, 1].
        axis: The axis of the classes.
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy of whole-number class labels, -log(p of the target class).

    Args:
        from_logits: Whether predictions are logits rather than probabilities.
        ignore_class: A class number whose samples count for nothing, in no mean either.
        reduction: As for `Loss`.
        axis: The axis of the classes.
        name: Name of the loss.
        dtype: Dtype to compute in.

    Example:
        >>> loss = SparseCategoricalCrossentropy(from_logits=True)
        >>> round(float(loss([1, 0], [[0.0, 0.0], [0.0, 0.0]])), 4)
        0.6931
    """

    # Keras forgets `axis` when it saves; we write it where it matters
    config_if_changed: ClassVar[dict[str, Any]] = {"dtype": None, "axis": -1}

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.ignore_class = ignore_class

    def valid_mask(self, y_true: Any, y_pred: Any) -> Any:
        """Return where the target is not the ignored class; None if there is none."""
        if self.ignore_class is None:
            return None
        return ops.not_equal(class_numbers(y_true, y_pred), self.ignore_class)


class Poisson(LossFunctionWrapper):
    """Minus the log-likelihood of counts under Poisson rates, up to a constant.

    Args:
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)


class KLDivergence(LossFunctionWrapper):
    """Kullback-Leibler divergence, sum(y_true log(y_true / y_pred)).

    Args:
        reduction: As for `Loss`.
        name: Name of the loss.
        dtype: Dtype to compute in.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)
