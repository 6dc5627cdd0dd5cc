"""CTC against the sum over all alignments, written out."""

import itertools

import numpy as np
import pytest

from kerasish import losses
from kerasish.errors import ShapeError
from kerasish.losses.compile import CompileLoss, SparseTarget


def labels_of(path):
    """Return what a path of classes says: repeats merged, blanks (0) left out."""
    return [label for label, _ in itertools.groupby(path) if label]


def by_all_paths(labels, logits):
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    frames, classes = p.shape
    total = sum(
        np.prod(p[np.arange(frames), path])
        for path in itertools.product(range(classes), repeat=frames)
        if labels_of(path) == labels
    )
    return -np.log(total)


LABELS = [[1, 2], [2, 2], [1], []]


def test_each_row_is_the_sum_over_all_paths(rng):
    logits = rng.normal(size=(4, 5, 3))
    y_true = np.array([row + [0] * (3 - len(row)) for row in LABELS])
    expected = [by_all_paths(row, x) for row, x in zip(LABELS, logits, strict=True)]
    values = losses.ctc(y_true, logits.astype("float32"))
    np.testing.assert_allclose(values, expected, rtol=1e-5)
    loss = losses.CTC()
    np.testing.assert_allclose(
        loss(y_true.astype("float64"), logits), np.mean(expected), rtol=1e-5
    )


SHAPES = [((4,), (4, 5, 3)), ((2, 3), (4, 5, 3)), ((4, 3), (4, 3))]


@pytest.mark.parametrize("shapes", SHAPES)
def test_shapes_that_do_not_fit(shapes):
    with pytest.raises(ShapeError, match=r"ctc needs sequences(.|\n)*frames, classes"):
        losses.ctc(*map(np.ones, shapes))


def test_a_model_may_be_compiled_with_it(rng):
    total = CompileLoss("ctc")
    assert total.sparse_classes == SparseTarget(-1, None)  # labels can be checked
    y_pred = rng.normal(size=(2, 4, 3)).astype("float32")
    assert float(total(np.array([[1, 2], [2, 0]]), y_pred)) > 0
