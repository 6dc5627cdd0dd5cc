"""Losses of predicted probabilities: crossentropies, Poisson, Kullback-Leibler.

Each comes as a function, which gives one value per sample, and as a class, which
weights and reduces. The crossentropies go by way of `kerasish.ops`, whose compiler
recognises them behind a softmax or sigmoid.
"""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.errors import explain
from kerasish.losses.base import takes_class_numbers
from kerasish.losses.directory import FunctionLoss, loss_of
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
    y_true = smoothed_one_hot(y_true, label_smoothing)
    return ops.categorical_crossentropy(
        y_true, y_pred, from_logits=from_logits, axis=axis
    )


def smoothed_one_hot(y_true: Any, label_smoothing: float) -> Any:
    """Return one-hot targets drawn towards 1 / classes by a share in [0, 1].

    Keras counts the classes on the last axis, whatever the loss's `axis` says.
    """
    if not label_smoothing:
        return y_true
    evenly = label_smoothing / y_true.shape[-1]
    return y_true * (1.0 - label_smoothing) + evenly


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


@takes_class_numbers
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """Return (1 - p^q) / q, p being the probability given to the target class.

    Towards q = 0 it is the crossentropy, at q = 1 the mean absolute error, which wrong
    labels disturb less.

    Args:
        y_true: Class numbers, shape (batch, ...) or (batch, ..., 1).
        y_pred: Probabilities, shape (batch, ..., classes).
        q: Between 0 and 1, both excluded.

    Returns:
        Shape (batch, ...).

    Raises:
        ShapeError: The shapes do not fit, as with one-hot targets.

    References:
        Zhang & Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural
        Networks with Noisy Labels", NeurIPS 2018, eq. 6.

    Example:
        >>> values = categorical_generalized_cross_entropy([0], [[0.25, 0.75]], 0.5)
        >>> [float(v) for v in values]
        [1.0]
    """
    y_pred = as_floating(y_pred)
    y_true = class_numbers(y_true, y_pred)
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    require_labels(*shapes, "categorical_generalized_cross_entropy")
    dtype = dtype_of(y_pred)
    target = ops.one_hot(y_true, y_pred.shape[-1], dtype=dtype)
    p = ops.sum(target * y_pred, axis=-1)
    # 1 in place of 0 under the power, whose slope at 0 is infinite; 0^q is 0 again
    positive = ops.cast(ops.greater(p, 0), dtype)
    return (1.0 - ops.power(p + (1.0 - positive), q) * positive) / q


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


@loss_of(binary_crossentropy, "bce", "BCE")
class BinaryCrossentropy(FunctionLoss):
    """Crossentropy of yes-or-no targets, -y log p - (1 - y) log(1 - p)."""


@loss_of(categorical_crossentropy)
class CategoricalCrossentropy(FunctionLoss):
    """Crossentropy of one-hot targets, -sum(y log p)."""


@loss_of(
    sparse_categorical_crossentropy,
    order="from_logits ignore_class reduction axis name dtype",
)
class SparseCategoricalCrossentropy(FunctionLoss):
    """Crossentropy of whole-number class labels, -log(p of the target class).

    Args:
        ignore_class: A class number whose samples count for nothing, in no mean either.

    Example:
        >>> loss = SparseCategoricalCrossentropy(from_logits=True)
        >>> round(float(loss([1, 0], [[0.0, 0.0], [0.0, 0.0]])), 4)
        0.6931
    """

    # Keras forgets `axis` when it saves; we write it where it matters
    config_if_changed: ClassVar[dict[str, Any]] = {"dtype": None, "axis": -1}
    ignore_class: int | None

    def valid_mask(self, y_true: Any, y_pred: Any) -> Any:
        """Return where the target is not the ignored class; None if there is none."""
        if self.ignore_class is None:
            return None
        return ops.not_equal(class_numbers(y_true, y_pred), self.ignore_class)


@loss_of(categorical_generalized_cross_entropy, q=0.5)
class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """Loss of class labels that are partly wrong: (1 - p^q) / q of the target class.

    Raises:
        ValueError: q does not lie between 0 and 1.

    References:
        Zhang & Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural
        Networks with Noisy Labels", NeurIPS 2018.
    """

    q: float

    def _check_arguments(self) -> None:
        if not 0 < self.q < 1:
            raise ValueError(
                explain(
                    f"Loss '{self.name}' cannot use this q.",
                    got=f"q={self.q}",
                    expected="a number between 0 and 1, both excluded",
                )
            )


@loss_of(poisson)
class Poisson(FunctionLoss):
    """Minus the log-likelihood of counts under Poisson rates, up to a constant."""


@loss_of(kl_divergence, "kld", "KLD")
class KLDivergence(FunctionLoss):
    """Kullback-Leibler divergence, sum(y_true log(y_true / y_pred))."""
