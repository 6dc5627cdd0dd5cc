"""The circle loss against its formula, row by row in float64."""

import numpy as np
import pytest

from kerasish import losses
from kerasish.errors import ShapeError
from kerasish.losses.compile import CompileLoss

LABELS = np.array([0, 1, 0, 1, 2])


@pytest.fixture
def embeddings(rng):
    values = rng.normal(size=(5, 4))
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def circle_of_a_row(row, embeddings, gamma, margin, own_counts):
    """Return eq. 6 of the paper with the weights of eq. 5 and 8."""
    s = embeddings @ embeddings[row]
    same = LABELS[row] == LABELS
    positive = same & (own_counts | (np.arange(5) != row))
    s_p, s_n = s[positive], s[~same]
    pulls = np.exp(-gamma * np.maximum(1 + margin - s_p, 0) * (s_p - (1 - margin)))
    pushes = np.exp(gamma * np.maximum(s_n + margin, 0) * (s_n - margin))
    return np.log(1 + pushes.sum() * pulls.sum())


@pytest.mark.parametrize("remove_diagonal", [True, False])
def test_each_row(remove_diagonal, embeddings):
    values = losses.circle(
        LABELS,
        embeddings.astype("float32"),
        remove_diagonal=remove_diagonal,
        gamma=8.0,
        margin=0.3,
    )
    expected = [
        circle_of_a_row(row, embeddings, 8.0, 0.3, not remove_diagonal)
        for row in range(5)
    ]
    # logarithms of sums of exponentials of numbers up to 15 in float32
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5)


def test_a_row_without_another_of_its_label_counts_for_nothing(embeddings):
    x = embeddings.astype("float32")
    values = np.asarray(losses.circle(LABELS, x))
    assert values[4] == 0
    np.testing.assert_allclose(losses.Circle()(LABELS, x), values[:4].mean(), rtol=1e-6)
    assert float(losses.Circle()(np.arange(5), x)) == 0.0


def test_half_precision_is_finite(embeddings):
    loss = losses.Circle(dtype="float16")
    assert np.isfinite(loss(LABELS, embeddings.astype("float16")))


SHAPES = [((4,), (5, 4)), ((5, 2), (5, 4)), ((5,), (5, 4, 1))]


@pytest.mark.parametrize("shapes", SHAPES)
def test_labels_that_do_not_fit(shapes):
    with pytest.raises(ShapeError, match="cannot match labels to embeddings"):
        losses.circle(*map(np.zeros, shapes))


def test_a_model_may_be_compiled_with_it(embeddings):
    total = CompileLoss("circle")
    assert total.sparse_classes is None  # labels are no columns of the predictions
    value = total(LABELS, embeddings.astype("float32"))
    assert float(value) > 0
