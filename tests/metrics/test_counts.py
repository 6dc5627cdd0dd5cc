import numpy as np
import pytest

from kerasish.errors import ShapeError
from kerasish.metrics.counts import (
    count_confusion,
    fit_weight,
    keep_top_k,
    parse_thresholds,
    pick_class,
    prepare,
)


def reference(y_true, y_pred, thresholds, weight):
    positive, above = y_true != 0, y_pred > np.reshape(thresholds, (-1, 1))
    cells = (above & positive, above & ~positive, ~above & ~positive, ~above & positive)
    return [(cell * weight).sum(-1) for cell in cells]


@pytest.mark.parametrize("weighted", [False, True])
def test_counts(weighted, rng):
    y_true = rng.integers(0, 2, 50).astype("float32")
    y_pred = rng.uniform(0, 1, 50).astype("float32")
    weight = rng.uniform(0, 2, 50).astype("float32") if weighted else np.float32(1)
    thresholds = [0.0, 0.3, 0.5, 1.0]
    counts = count_confusion(y_true, y_pred, thresholds, weight if weighted else None)
    for ours, expected in zip(
        counts, reference(y_true, y_pred, thresholds, weight), strict=True
    ):
        # differences of sums of 50 weights
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


def test_counts_by_label(rng):
    y_true = rng.integers(0, 2, (20, 3)).astype("float32")
    y_pred = rng.uniform(0, 1, (20, 3)).astype("float32")
    thresholds = [0.25, 0.75]
    counts = count_confusion(y_true, y_pred, thresholds, by_label=True)
    for label in range(3):
        column = reference(y_true[:, label], y_pred[:, label], thresholds, 1)
        for ours, expected in zip(counts, column, strict=True):
            np.testing.assert_array_equal(np.asarray(ours)[:, label], expected)


def test_counts_are_never_negative(rng):
    y_pred = np.full(1000, 0.7, "float32")
    weight = rng.uniform(0, 1, 1000).astype("float32")
    counts = count_confusion(np.ones(1000, "float32"), y_pred, [0.5], weight)
    assert all(float(c[0]) >= 0 for c in counts)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, [0.5]), (0.3, [0.3]), ([0, 1], [0.0, 1.0]), ((0.2,), [0.2])],
)
def test_thresholds(given, expected):
    assert parse_thresholds(given) == expected


@pytest.mark.parametrize("wrong", [1.5, -0.1, [0.5, 2.0], [None], []])
def test_thresholds_outside(wrong):
    with pytest.raises(ValueError, match=r"numbers in \[0, 1\]"):
        parse_thresholds(wrong)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((4,), (4, 1)),
        ((4, 1), (4, 1)),
        ((4, 3), (4, 3)),
        ((4, 3, 1), (4, 3)),
        ((), (1, 1)),
    ],
)
def test_weights(given, expected):
    assert fit_weight(np.ones(given), (4, 3), "m").shape == expected


@pytest.mark.parametrize("given", [(3,), (4, 2), (4, 3, 2)])
def test_weights_that_do_not_fit(given):
    with pytest.raises(ShapeError, match="Metric 'm' cannot use this sample_weight"):
        fit_weight(np.ones(given), (4, 3), "m")


def test_shapes_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"(?s)Metric 'm'.*to_categorical\(y, 3\)"):
        prepare(np.zeros(4), np.zeros((4, 3)), None, "float32", "m")


def test_only_the_best_stay_in_reach():
    kept = keep_top_k(np.float32([[0.3, 0.1, 0.3, 0.3]]), 2, "m")
    np.testing.assert_array_equal(np.asarray(kept) > 0, [[True, False, True, False]])
    with pytest.raises(ShapeError, match="use top_k=4 or less"):
        keep_top_k(np.zeros((2, 4), "float32"), 5, "m")


def test_a_class_that_is_not_there():
    np.testing.assert_array_equal(pick_class(np.eye(3), 1, "m"), [0.0, 1.0, 0.0])
    with pytest.raises(ShapeError, match="class_id from 0 to 2"):
        pick_class(np.eye(3), 3, "m")
