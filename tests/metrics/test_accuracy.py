import numpy as np
import pytest

from kerasish import metrics
from kerasish.errors import ShapeError

SCORES = np.float32([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4], [0.5, 0.25, 0.25]])


def hits(values):
    return np.asarray(values).tolist()


def test_accuracy():
    metric = metrics.Accuracy()
    assert float(metric([1, 2, 3, 4], [1, 2, 3, 0])) == 0.75


@pytest.mark.parametrize(
    ("threshold", "expected"), [(0.5, [1.0, 1.0, 0.0]), (0.2, [1.0, 0.0, 1.0])]
)
def test_binary_accuracy(threshold, expected):
    y_true, y_pred = [1, 0, 1], [0.9, 0.4, 0.3]
    values = metrics.binary_accuracy(y_true, y_pred, threshold=threshold)
    assert hits(values) == expected
    metric = metrics.BinaryAccuracy(threshold=threshold)
    assert float(metric(y_true, y_pred)) == pytest.approx(np.mean(expected))
    column = metrics.BinaryAccuracy(threshold=threshold)
    column.update_state(np.array(y_true), np.array(y_pred)[:, None])
    assert float(column.result()) == float(metric.result())


def test_a_prediction_at_the_threshold_is_not_above_it():
    assert hits(metrics.binary_accuracy([0, 1], [0.5, 0.5])) == [1.0, 0.0]


def test_categorical_accuracy():
    y_true = np.eye(3)[[1, 0, 0]]
    assert hits(metrics.categorical_accuracy(y_true, SCORES)) == [1.0, 0.0, 1.0]
    metric = metrics.CategoricalAccuracy()
    metric.update_state(y_true, SCORES, sample_weight=[1.0, 1.0, 0.0])
    assert float(metric.result()) == 0.5


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32"])
@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_sparse_categorical_accuracy(dtype, shape):
    y_true = np.array([1, 0, 0], dtype).reshape(shape)
    assert hits(metrics.sparse_categorical_accuracy(y_true, SCORES)) == [1.0, 0.0, 1.0]
    assert float(metrics.SparseCategoricalAccuracy()(y_true, SCORES)) == pytest.approx(
        2 / 3
    )


def test_sparse_categorical_accuracy_of_sequences():
    y_true, y_pred = np.array([[1, 0], [2, 2]]), SCORES[[[0, 1], [2, 1]]]
    values = metrics.sparse_categorical_accuracy(y_true, y_pred)
    assert hits(values) == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("k", "expected"),
    [(1, [1.0, 0.0, 0.0]), (2, [1.0, 1.0, 1.0]), (9, [1.0, 1.0, 1.0])],
)
def test_the_best_k(k, expected):
    labels = np.array([1, 0, 2])
    values = metrics.sparse_top_k_categorical_accuracy(labels, SCORES, k=k)
    assert hits(values) == expected
    values = metrics.top_k_categorical_accuracy(np.eye(3)[labels], SCORES, k=k)
    assert hits(values) == expected
    metric = metrics.SparseTopKCategoricalAccuracy(k=k)
    assert float(metric(labels, SCORES)) == pytest.approx(np.mean(expected))
    metric = metrics.TopKCategoricalAccuracy(k=k)
    assert float(metric(np.eye(3)[labels], SCORES)) == pytest.approx(np.mean(expected))


def test_no_hits_outside_the_classes_or_without_numbers():
    scores = np.float32([[0.1, 0.9], [0.1, 0.9], [np.nan, np.nan]])
    values = metrics.sparse_top_k_categorical_accuracy([2, -1, 0], scores, k=2)
    assert hits(values) == [0.0, 0.0, 0.0]


def test_from_sorted_ids():
    y_true, best = [1, 0, 2], [[1, 2, 0], [2, 1, 0], [0, 2, 1]]
    metric = metrics.SparseTopKCategoricalAccuracy(k=2, from_sorted_ids=True)
    assert float(metric(y_true, best)) == pytest.approx(2 / 3)
    assert metric.get_config()["from_sorted_ids"] is True
    assert "from_sorted_ids" not in metrics.SparseTopKCategoricalAccuracy().get_config()


@pytest.mark.parametrize(
    ("function", "other"),
    [
        (metrics.categorical_accuracy, "SparseCategoricalAccuracy"),
        (metrics.top_k_categorical_accuracy, "SparseTopKCategoricalAccuracy"),
    ],
)
def test_whole_number_labels_for_one_hot_targets(function, other):
    for shape in ((3,), (3, 1)):
        with pytest.raises(ShapeError, match=f"use {other} "):
            function(np.zeros(shape), SCORES)


@pytest.mark.parametrize(
    ("function", "other"),
    [
        (metrics.sparse_categorical_accuracy, "'categorical_accuracy'"),
        (metrics.sparse_top_k_categorical_accuracy, "'top_k_categorical_accuracy'"),
    ],
)
def test_one_hot_targets_for_whole_number_labels(function, other):
    with pytest.raises(ShapeError, match=other):
        function(np.eye(3), SCORES)
