"""Targets and predictions brought into one form: floating, of one rank, fitting shapes.

Losses and metrics share these helpers. The rank rule is Keras's: where the ranks differ
by one and the longer shape ends in 1, a vector becomes a column, anything else loses
the trailing 1. The checks say what came, what was expected and how to mend it, and tell
apart the two common mix-ups of integer and one-hot labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.backend import dtypes, floatx, standardize_dtype
from kerasish.errors import ShapeError, explain
from kerasish.saving.registry import snake_case

Shape = tuple[int | None, ...]


def dtype_of(tensor: Any) -> str:
    """Return the dtype name of an array, variable or symbolic tensor."""
    return standardize_dtype(tensor.dtype)


def compute_dtype(dtype: Any) -> str:
    """Return the dtype to compute in: of a name, a policy object, or None (`floatx()`).

    A name such as "mixed_float16" stands for its second half.
    """
    named = getattr(dtype, "compute_dtype", dtype)
    if isinstance(named, str):
        named = named.removeprefix("mixed_")
    return standardize_dtype(named)


def as_floating(x: Any) -> Any:
    """Return `x` as a tensor; whole numbers and booleans become `floatx()`."""
    x = ops.convert_to_tensor(x)
    return x if dtypes.is_float(dtype_of(x)) else ops.cast(x, floatx())


def divide_no_nan(numerator: Any, denominator: Any) -> Any:
    """Return the quotient, and 0 where the denominator is 0."""
    empty = ops.equal(denominator, 0)
    safe = ops.where(empty, 1.0, denominator)
    return ops.where(empty, 0.0, ops.divide(numerator, safe))


def matched_shapes(first: Shape, second: Shape) -> tuple[Shape, Shape]:
    """Return two shapes as `match_ranks` would make them.

    Args:
        first: A shape; unknown sizes are None.
        second: Another.

    Example:
        >>> matched_shapes((4,), (4, 1)), matched_shapes((4, 3, 1), (4, 3))
        (((4, 1), (4, 1)), ((4, 3), (4, 3)))
    """
    if len(first) + 1 == len(second):
        return _match(first, second)
    if len(second) + 1 == len(first):
        second, first = _match(second, first)
    return first, second


def _match(lower: Shape, higher: Shape) -> tuple[Shape, Shape]:
    if higher[-1] != 1:
        return lower, higher
    if len(lower) == 1:
        return (*lower, 1), higher
    return lower, higher[:-1]


def match_ranks(first: Any, second: Any) -> tuple[Any, Any]:
    """Return two tensors at one rank where they differ by a trailing axis of size 1."""
    shapes = matched_shapes(tuple(first.shape), tuple(second.shape))
    return reshaped(first, shapes[0]), reshaped(second, shapes[1])


def reshaped(x: Any, shape: Sequence[Any]) -> Any:
    """Return `x` in `shape`; `x` itself if it has it already."""
    return x if tuple(x.shape) == tuple(shape) else ops.reshape(x, shape)


def elementwise_pair(y_true: Any, y_pred: Any, what: str) -> tuple[Any, Any]:
    """Return targets and predictions, floating, at one rank, fit for broadcasting.

    Args:
        y_true: Targets.
        y_pred: Predictions.
        what: Name of the loss or metric, for messages.

    Raises:
        ShapeError: The shapes do not broadcast, or the predictions are a lone number.
    """
    y_pred = as_floating(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=dtype_of(y_pred))
    y_true, y_pred = match_ranks(y_true, y_pred)
    require_broadcastable(tuple(y_true.shape), tuple(y_pred.shape), what)
    return y_true, y_pred


def require_broadcastable(y_true: Shape, y_pred: Shape, what: str) -> None:
    """Raise unless targets and predictions of these shapes can meet element by element.

    Raises:
        ShapeError: They cannot, or both are of rank 0.
    """
    if not y_true and not y_pred:
        raise ShapeError(
            explain(
                f"{what} needs predictions with at least one axis.",
                got="a lone number",
                expected="shape (batch, ...)",
                fix="put the numbers of a batch into a list or an array",
            )
        )
    pairs = zip(reversed(y_true), reversed(y_pred), strict=False)
    if not all(t == p or 1 in (t, p) or None in (t, p) for t, p in pairs):
        raise _mismatch(y_true, y_pred, what)


def require_same_shape(y_true: Shape, y_pred: Shape, what: str) -> None:
    """Raise unless targets and predictions have one shape.

    Args:
        y_true: Shape of the targets; None where unknown.
        y_pred: Shape of the predictions.
        what: Name of the loss or metric.

    Raises:
        ShapeError: They differ; class labels are recognised and named.
    """
    if not _agree(y_true, y_pred):
        raise _mismatch(y_true, y_pred, what)


def _agree(first: Shape, second: Shape) -> bool:
    return len(first) == len(second) and all(
        a == b or None in (a, b) for a, b in zip(first, second, strict=True)
    )


def _mismatch(y_true: Shape, y_pred: Shape, what: str) -> ShapeError:
    fix = "check the target array, or the units of the last layer"
    if looks_like_labels(y_true, y_pred):
        fix = (
            f"for whole-number class labels use to_categorical(y, {y_pred[-1]}), or "
            "the sparse loss or metric, such as SparseCategoricalCrossentropy"
        )
    return ShapeError(
        explain(
            f"{what} cannot compare these targets and predictions.",
            got=f"y_true of shape {y_true}, y_pred of shape {y_pred}",
            expected=f"y_true of shape {y_pred}, as the predictions",
            fix=fix,
        )
    )


def looks_like_labels(y_true: Shape, y_pred: Shape) -> bool:
    """Return whether the targets have the shape of class labels of the predictions."""
    if not y_pred or y_pred[-1] in (1, None):
        return False
    lead = y_pred[:-1]
    return _agree(y_true, lead) or (y_true[-1:] == (1,) and _agree(y_true[:-1], lead))


def class_labels_shape(y_true: Shape, y_pred: Shape) -> bool:
    """Return whether Keras takes such targets for class numbers, by rank and last axis.

    Args:
        y_true: Shape of the targets.
        y_pred: Shape of the predictions.
    """
    ends_in_one = y_true[-1:] == (1,) and y_pred[-1:] != (1,)
    return len(y_true) < len(y_pred) or ends_in_one


def require_one_hot(
    y_true: Shape,
    y_pred: Shape,
    what: str,
    other: str = "SparseCategoricalCrossentropy",
) -> None:
    """Raise unless the targets hold one row of probabilities per row of predictions.

    Args:
        y_true: Shape of the targets; None where unknown.
        y_pred: Shape of the predictions.
        what: Name of the loss or metric.
        other: The class that takes whole-number labels, to recommend.

    Raises:
        ShapeError: The shapes differ; integer labels are recognised and named.
    """
    if _agree(y_true, y_pred):
        return
    found, fix = "", "make the last layer's units the number of columns of y_true"
    if looks_like_labels(y_true, y_pred):
        found = ", which looks like whole-number class labels"
        fix = (
            f"use {other} ('{snake_case(other)}') for whole-number labels, or "
            f"to_categorical(y, {y_pred[-1]}) to make one-hot targets of them"
        )
    raise ShapeError(
        explain(
            f"{what} needs one-hot targets.",
            got=f"y_true of shape {y_true}{found}; y_pred of shape {y_pred}",
            expected=f"y_true of shape {y_pred}: one column per class",
            fix=fix,
        )
    )


def require_labels(
    y_true: Shape,
    y_pred: Shape,
    what: str,
    axis: int = -1,
    other: str = "CategoricalCrossentropy",
) -> None:
    """Raise unless the targets hold one class number per row of predictions.

    Args:
        y_true: Shape of the class numbers, without the class axis.
        y_pred: Shape of the predictions, with it.
        what: Name of the loss or metric.
        axis: The class axis of the predictions.
        other: The class that takes one-hot targets, to recommend.

    Raises:
        ShapeError: The shapes do not fit; one-hot targets are recognised and named.
    """
    rank = len(y_pred)
    expected = tuple(s for i, s in enumerate(y_pred) if i != axis % max(rank, 1))
    if rank and _agree(y_true, expected):
        return
    found, fix = "", f"give one class number per prediction, an array of {expected}"
    if y_true and _agree(y_true, y_pred):
        found = ", which looks like one-hot rows"
        fix = (
            f"use {other} ('{snake_case(other)}') for one-hot targets, or "
            "y.argmax(axis=-1) to make whole-number labels of them"
        )
    raise ShapeError(
        explain(
            f"{what} needs whole-number class labels.",
            got=f"y_true of shape {y_true}{found}; y_pred of shape {y_pred}",
            expected=f"y_true of shape {expected}, numbers of classes",
            fix=fix,
        )
    )
