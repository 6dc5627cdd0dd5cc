"""Class labels checked on the host, before a step could read beyond its classes.

Inside a compiled step nothing can look at values, so the trainer calls `check_labels`
once per array of targets. It reads the smallest and the largest label and no more,
unless one of them is wrong.
"""

from __future__ import annotations

from typing import Any

from kerasish.errors import explain


def check_labels(
    y: Any, num_classes: int, what: str = "y", ignore_class: int | None = None
) -> None:
    """Raise unless all class labels lie in [0, num_classes).

    Args:
        y: Host array of labels, any shape and numeric dtype, samples along axis 0.
        num_classes: How many classes the model predicts.
        what: What the user calls the array, for the message.
        ignore_class: A label that is allowed wherever it stands.

    Raises:
        ValueError: A label is outside, or not a number; names it and its row.

    Example:
        >>> import numpy as np
        >>> check_labels(np.array([0, 2, 1]), 3)
    """
    if y.size == 0 or _inside(y.min(), y.max(), num_classes):
        return
    wrong = ~((y >= 0) & (y < num_classes))
    if ignore_class is not None:
        wrong &= y != ignore_class
    if not wrong.any():
        return
    rows = wrong.reshape(y.shape[0], -1) if y.ndim else wrong.reshape(1, 1)
    row = int(rows.any(axis=1).argmax())
    label = y.reshape(rows.shape)[row, int(rows[row].argmax())]
    raise ValueError(
        explain(
            f"{what} holds a class label that the model has no output for.",
            got=f"label {label.item()} in row {row} "
            f"(labels run from {y.min().item()} to {y.max().item()})",
            expected=f"whole numbers from 0 to {num_classes - 1}, as the last axis of "
            f"the predictions has {num_classes} classes",
            fix=_fix(y.min(), y.max(), num_classes),
        )
    )


def _inside(low: Any, high: Any, num_classes: int) -> bool:
    return bool(low >= 0 and high < num_classes)  # False where one is NaN


def _fix(low: Any, high: Any, num_classes: int) -> str:
    if low == 1 and high == num_classes:
        return "labels start at 0: subtract 1 from them"
    if low >= 0 and high >= num_classes:
        return f"give the last layer {int(high) + 1} units, or correct the labels"
    return "correct the labels, or name the one to leave out as ignore_class"
