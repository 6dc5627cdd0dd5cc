"""The circle loss of embeddings: like labels are drawn together, others apart."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.losses.base import takes_class_numbers
from kerasish.losses.directory import FunctionLoss, loss_of
from kerasish.losses.inputs import as_floating, dtype_of, reshaped


@takes_class_numbers
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Return log(1 + sum exp(g a_n (s_n - m)) sum exp(-g a_p (s_p - 1 + m))) per row.

    s_p are a row's similarities to references of the same label, s_n to all others;
    their weights are a_p = max(1 + m - s_p, 0) and a_n = max(s_n + m, 0). As in Keras
    these are differentiated too; the paper holds them constant.

    Args:
        y_true: Labels, shape (batch,) or (batch, 1).
        y_pred: Embeddings of norm 1, shape (batch, d).
        ref_labels: Labels of the references, shape (references,); `y_true` by default.
        ref_embeddings: Embeddings of the references; `y_pred` by default.
        remove_diagonal: Whether row i is no positive of reference i: needed where the
            references are the rows themselves.
        gamma: Scale of the similarities, g.
        margin: Relaxation m: a positive is near enough from 1 - m on, a negative far
            enough up to m.

    Returns:
        Shape (batch,); 0 in rows without a positive.

    Raises:
        ShapeError: Labels do not fit the embeddings.

    References:
        Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity
        Optimization", CVPR 2020, eq. 6 and 8.
    """
    y_pred = as_floating(y_pred)
    others = y_pred if ref_embeddings is None else as_floating(ref_embeddings)
    labels = _labels(y_true, y_pred)
    other_labels = labels if ref_labels is None else _labels(ref_labels, others)
    dtype = dtype_of(y_pred)
    same, positive = _positives(labels, other_labels, dtype, remove_diagonal)
    s = ops.matmul(y_pred, ops.transpose(others))
    near = ops.maximum(1.0 + margin - s, 0.0)
    far = ops.maximum(s + margin, 0.0)
    pull = near * (1.0 - margin - s) * gamma
    push = far * (s - margin) * gamma
    pulls = _masked_logsumexp(pull, positive, dtype)
    return ops.softplus(pulls + _masked_logsumexp(push, 1.0 - same, dtype))


def _labels(labels: Any, embeddings: Any) -> Any:
    """Return labels as a vector, one per embedding."""
    labels = ops.convert_to_tensor(labels)
    shape, count = tuple(labels.shape), tuple(embeddings.shape[:1])
    if len(embeddings.shape) == 2 and shape in (count, (*count, 1)):
        return reshaped(labels, count)
    raise ShapeError(
        explain(
            "circle cannot match labels to embeddings.",
            got=f"labels of shape {shape}, embeddings of shape "
            f"{tuple(embeddings.shape)}",
            expected="labels of shape (batch,), embeddings of shape (batch, d)",
        )
    )


def _positives(
    labels: Any, others: Any, dtype: str, remove_diagonal: bool
) -> tuple[Any, Any]:
    """Return, as 0 and 1, which pairs are alike, and which of those are to be near."""
    pairs = ops.equal(ops.expand_dims(labels, 1), ops.expand_dims(others, 0))
    same = ops.cast(pairs, dtype)
    if not remove_diagonal:
        return same, same
    rows, columns = same.shape
    return same, same * (1.0 - ops.eye(rows, columns, dtype=dtype))


def _masked_logsumexp(x: Any, mask: Any, dtype: str) -> Any:
    """Return log(sum(exp(x))) over the entries of each row where the mask is 1."""
    never = -6e4 if dtype == "float16" else -1e9
    return ops.logsumexp(x * mask + (1.0 - mask) * never, axis=1)


@loss_of(circle, order="gamma margin remove_diagonal reduction name dtype")
class Circle(FunctionLoss):
    """Circle loss of a batch of embeddings among themselves.

    The model should end in `UnitNormalization`. Rows without another of their label
    count for nothing, in no mean either.

    References:
        Sun et al., "Circle Loss", CVPR 2020.
    """

    remove_diagonal: bool

    def valid_mask(self, y_true: Any, y_pred: Any) -> Any:
        """Return where a row has a positive, bool of shape (batch,)."""
        labels, dtype = _labels(y_true, y_pred), dtype_of(y_pred)
        _, positive = _positives(labels, labels, dtype, self.remove_diagonal)
        return ops.greater(ops.max(positive, axis=1), 0)
