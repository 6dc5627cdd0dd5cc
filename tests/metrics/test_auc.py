import numpy as np
import pytest

from kerasish import metrics
from kerasish.errors import ShapeError

Y_TRUE = np.array([0, 1, 1, 0])
Y_PRED = np.array([0.1, 0.7, 0.4, 0.5])


def test_the_area_is_the_chance_of_the_right_order(rng):
    """The ROC area is P(score of a positive > score of a negative)."""
    y_pred = rng.permutation(np.linspace(0.005, 0.995, 100)).astype("float32")
    y_true = rng.random(100) < y_pred
    positive, negative = y_pred[y_true], y_pred[~y_true]
    expected = (positive[:, None] > negative).mean()
    # no two scores lie between the same two of 2000 thresholds
    area = metrics.AUC(num_thresholds=2000)(y_true, y_pred)
    assert float(area) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("curve", "method", "expected"),
    [
        ("ROC", "interpolation", 0.875),
        ("ROC", "minoring", 0.75),
        ("ROC", "majoring", 1.0),
        ("PR", "interpolation", 0.8873265),
        ("PR", "minoring", 1 / 3),
        ("PR", "majoring", 1.0),
        ("PRGAIN", "interpolation", 0.75),
    ],
)
def test_curves_at_four_thresholds(curve, method, expected):
    metric = metrics.AUC(num_thresholds=4, curve=curve, summation_method=method)
    assert float(metric(Y_TRUE, Y_PRED)) == pytest.approx(expected, rel=1e-6)


def test_counts_at_thresholds():
    metric = metrics.AUC(thresholds=[0.2, 0.6])
    metric.update_state(Y_TRUE, Y_PRED)
    assert metric.thresholds == [-1e-7, 0.2, 0.6, 1.0 + 1e-7]
    assert {v.name: v.numpy().tolist() for v in metric.variables} == {
        "true_positives": [2, 2, 1, 0],
        "false_positives": [2, 1, 0, 0],
        "true_negatives": [0, 1, 2, 2],
        "false_negatives": [0, 0, 1, 2],
    }


def test_logits(rng):
    logits = rng.normal(size=50).astype("float32")
    y_true = rng.integers(0, 2, 50)
    plain = metrics.AUC()(y_true, 1 / (1 + np.exp(-logits)))
    assert float(metrics.AUC(from_logits=True)(y_true, logits)) == pytest.approx(
        float(plain)
    )


def test_labels_of_their_own(rng):
    y_true, y_pred = rng.integers(0, 2, (50, 3)), rng.uniform(0, 1, (50, 3))
    each = [float(metrics.AUC()(y_true[:, i], y_pred[:, i])) for i in range(3)]
    metric = metrics.AUC(multi_label=True)
    assert metric.variables == []
    assert float(metric.result()) == 0.0
    assert float(metric(y_true, y_pred)) == pytest.approx(np.mean(each), rel=1e-5)
    weights = [1.0, 2.0, 0.5]
    metric = metrics.AUC(multi_label=True, num_labels=3, label_weights=weights)
    assert [v.shape for v in metric.variables] == [(200, 3)] * 4
    expected = np.average(each, weights=weights)
    assert float(metric(y_true, y_pred)) == pytest.approx(expected, rel=1e-5)


def test_weights_of_labels_are_weights_of_predictions():
    y_true, y_pred = np.array([[0, 1], [1, 0]]), np.array([[0.2, 0.6], [0.9, 0.1]])
    weighted = metrics.AUC(label_weights=[1.0, 3.0], num_thresholds=3)
    explicit = metrics.AUC(num_thresholds=3)
    weighted.update_state(y_true, y_pred, sample_weight=[1.0, 2.0])
    explicit.update_state(y_true, y_pred, sample_weight=[[1.0, 3.0], [2.0, 6.0]])
    for a, b in zip(weighted.variables, explicit.variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy())


def test_variables_can_be_made_ahead_of_data():
    metric = metrics.AUC(multi_label=True, num_thresholds=5)
    metric.create_variables((None, 4), (None, 4))
    metric.create_variables((None, 4), (None, 4))
    assert [v.shape for v in metric.variables] == [(5, 4)] * 4


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"curve": "ROCK"}, "did you mean 'ROC'"),
        ({"summation_method": "minor"}, "did you mean 'minoring'"),
        ({"num_thresholds": 1}, "greater than 1"),
        ({"thresholds": [0.5, 1.5]}, r"numbers in \[0, 1\]"),
    ],
)
def test_arguments_that_are_wrong(kwargs, message):
    with pytest.raises(ValueError, match=message):
        metrics.AUC(**kwargs)


def test_data_that_does_not_fit():
    with pytest.raises(ShapeError, match="needs columns"):
        metrics.AUC(multi_label=True).update_state(Y_TRUE, Y_PRED)
    with pytest.raises(ShapeError, match="is for 4 labels"):
        metrics.AUC(multi_label=True, num_labels=4).update_state(np.eye(3), np.eye(3))
    with pytest.raises(ShapeError, match="is for 2 labels"):
        metrics.AUC(label_weights=[1.0, 2.0]).update_state(np.eye(3), np.eye(3))
    with pytest.raises(ShapeError, match="cannot compare"):
        metrics.AUC().update_state(np.zeros((4, 2)), np.zeros((4, 3)))


def test_config():
    config = metrics.AUC(name="a", thresholds=[0.6, 0.2], curve="pr").get_config()
    assert config["curve"] == "PR"
    assert config["thresholds"] == [0.2, 0.6]
    assert config["num_thresholds"] == 4
    assert metrics.AUC.from_config(config).thresholds[1:3] == [0.2, 0.6]
    assert "thresholds" not in metrics.AUC().get_config()
