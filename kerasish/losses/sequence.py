"""The loss of sequences whose labels are not aligned with the predictions: CTC."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.losses.base import takes_class_numbers
from kerasish.losses.directory import FunctionLoss, loss_of
from kerasish.losses.inputs import as_floating, dtype_of

_BLANK = 0


@takes_class_numbers
def ctc(y_true: Any, y_pred: Any) -> Any:
    """Return -log of the probability of all alignments of the labels to the frames.

    Class 0 is the blank between labels; in the targets it fills up short rows.

    Args:
        y_true: Class numbers, shape (batch, longest), zeros behind the labels.
        y_pred: Logits, shape (batch, frames, classes).

    Returns:
        Shape (batch,).

    Raises:
        ShapeError: The shapes do not fit.

    References:
        Graves et al., "Connectionist Temporal Classification", ICML 2006, eq. 3.

    Example:
        >>> values = ctc([[1]], [[[0.0, 0.0]]])  # one frame, two equal classes
        >>> [round(float(v), 4) for v in values]
        [0.6931]
    """
    y_pred = as_floating(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    if "int" not in dtype_of(y_true):
        y_true = ops.cast(y_true, "int32")
    _require_sequences(tuple(y_true.shape), tuple(y_pred.shape))
    labelled = ops.cast(ops.not_equal(y_true, _BLANK), "int32")
    batch, frames, _ = y_pred.shape
    return ops.ctc_loss(
        y_true,
        y_pred,
        ops.sum(labelled, axis=-1),
        ops.full((batch,), frames, dtype="int32"),
        mask_index=_BLANK,
    )


def _require_sequences(y_true: tuple[int, ...], y_pred: tuple[int, ...]) -> None:
    if len(y_true) == 2 and len(y_pred) == 3 and y_true[0] == y_pred[0]:
        return
    raise ShapeError(
        explain(
            "ctc needs sequences of labels and of logits.",
            got=f"y_true of shape {y_true}, y_pred of shape {y_pred}",
            expected="y_true of shape (batch, longest), y_pred of shape "
            "(batch, frames, classes)",
        )
    )


@loss_of(ctc)
class CTC(FunctionLoss):
    """Connectionist temporal classification, of logits; class 0 is the blank.

    References:
        Graves et al., "Connectionist Temporal Classification", ICML 2006.
    """
