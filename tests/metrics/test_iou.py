import numpy as np
import pytest

from kerasish import metrics
from kerasish.errors import ShapeError


def by_hand(y_true, y_pred, classes):
    """Return the mean intersection over union of the classes that occur."""
    values = []
    for c in classes:
        t, p = np.equal(y_true, c), np.equal(y_pred, c)
        if (t | p).any():
            values.append((t & p).sum() / (t | p).sum())
    return np.mean(values)


@pytest.fixture
def maps(rng):
    return rng.integers(0, 4, (2, 5, 6)), rng.integers(0, 4, (2, 5, 6))


# Keras's epsilon of 1e-7 in both denominators
CLOSE = {"rtol": 1e-5}


@pytest.mark.parametrize("classes", [[0], [1, 3], [0, 1, 2, 3]])
def test_some_classes(classes, maps):
    metric = metrics.IoU(4, classes)
    for t, p in zip(*maps, strict=True):
        metric.update_state(t, p)
    np.testing.assert_allclose(metric.result(), by_hand(*maps, classes), **CLOSE)
    assert metric.total_confusion_matrix.numpy().sum() == 60


def test_all_classes(maps):
    expected = by_hand(*maps, range(4))
    np.testing.assert_allclose(metrics.MeanIoU(4)(*maps), expected, **CLOSE)
    rows = [np.eye(4)[m] for m in maps]
    np.testing.assert_allclose(metrics.OneHotMeanIoU(4)(*rows), expected, **CLOSE)
    first = [np.moveaxis(r, -1, 1) for r in rows]
    metric = metrics.MeanIoU(4, sparse_y_true=False, sparse_y_pred=False, axis=1)
    np.testing.assert_allclose(metric(*first), expected, **CLOSE)
    mixed = metrics.OneHotIoU(4, [2], sparse_y_pred=True)
    np.testing.assert_allclose(mixed(rows[0], maps[1]), by_hand(*maps, [2]), **CLOSE)


def test_a_class_that_does_not_occur_does_not_count():
    assert float(metrics.MeanIoU(3)([0, 0], [0, 0])) == pytest.approx(1.0)
    assert float(metrics.MeanIoU(3).result()) == 0.0


@pytest.mark.parametrize("ignored", [1, -1, 255])
def test_an_ignored_class(ignored, maps):
    t, p = maps
    t = np.where(t == 1, ignored, t)
    kept = t != ignored
    metric = metrics.MeanIoU(4, ignore_class=ignored)
    expected = by_hand(t[kept], p[kept], range(4))
    np.testing.assert_allclose(metric(t, p), expected, **CLOSE)


def test_labels_that_do_not_exist_count_nowhere():
    metric = metrics.IoU(2, [0, 1])
    metric.update_state([0, 7, 1, -1], [0, 1, 5, 0])
    assert metric.total_confusion_matrix.numpy().tolist() == [[1, 0], [0, 0]]


def test_weights_of_pixels_and_of_samples(maps):
    t, p = maps
    whole = metrics.MeanIoU(4, dtype="float32")
    whole.update_state(t, p, np.float32([1.5, 0.0]))
    pixels = metrics.MeanIoU(4, dtype="float32")
    pixels.update_state(t, p, np.repeat(np.float32([1.5, 0.0]), 30).reshape(t.shape))
    np.testing.assert_allclose(whole.result(), by_hand(t[0], p[0], range(4)), **CLOSE)
    np.testing.assert_array_equal(
        whole.total_confusion_matrix.numpy(), pixels.total_confusion_matrix.numpy()
    )


def test_whole_counts_cut_weights_down():
    metric = metrics.MeanIoU(2)
    with pytest.warns(UserWarning, match=r"cuts sample weights(.|\n)*dtype='float32'"):
        metric.update_state([0, 1], [0, 1], sample_weight=[0.5, 2.5])
    assert metric.dtype == "int32"
    assert metric.total_confusion_matrix.numpy().tolist() == [[0, 0], [0, 2]]


@pytest.mark.parametrize(
    ("classes", "threshold", "expected"),
    [([0], 0.3, 1 / 3), ([1], 0.3, 1 / 3), ([0, 1], 0.3, 1 / 3), ([1], 0.2, 2 / 3)],
)
def test_binary(classes, threshold, expected):
    metric = metrics.BinaryIoU(classes, threshold)
    value = metric([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])
    assert float(value) == pytest.approx(expected, rel=1e-5)
    column = metrics.BinaryIoU(classes, threshold)
    assert float(column([0, 1, 0, 1], [[0.1], [0.2], [0.4], [0.7]])) == float(value)


@pytest.mark.parametrize("classes", [[2], [0, 5], [-1], []])
def test_target_classes_must_exist(classes):
    with pytest.raises(ValueError, match=r"cannot use these target(.|\n)*0 to 1"):
        metrics.IoU(2, classes)


def test_labels_and_predictions_must_pair():
    with pytest.raises(ShapeError, match=r"prediction per label(.|\n)*sparse_y_pred"):
        metrics.MeanIoU(3)(np.zeros(4), np.zeros((4, 3)))
    with pytest.raises(ShapeError, match="cannot use this sample_weight"):
        metrics.MeanIoU(3)(np.zeros((2, 3)), np.zeros((2, 3)), [1, 1, 1])
