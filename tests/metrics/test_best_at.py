import numpy as np
import pytest

from kerasish import metrics
from kerasish.errors import ShapeError

Y_TRUE = np.array([0, 0, 0, 1, 1])
Y_PRED = np.array([0.0, 0.3, 0.8, 0.3, 0.9])
# thresholds 0, 0.25, 0.5, 0.75, 1 count as positive: 4, 4, 2, 2, 0 of them


@pytest.mark.parametrize(
    ("name", "bound", "expected"),
    [
        ("PrecisionAtRecall", 0.5, 0.5),
        ("PrecisionAtRecall", 0.6, 0.5),
        ("RecallAtPrecision", 0.5, 1.0),
        ("RecallAtPrecision", 0.6, 0.0),
        ("SensitivityAtSpecificity", 0.3, 1.0),
        ("SensitivityAtSpecificity", 0.6, 0.5),
        ("SensitivityAtSpecificity", 0.7, 0.0),
        ("SpecificityAtSensitivity", 0.5, 2 / 3),
        ("SpecificityAtSensitivity", 0.6, 1 / 3),
    ],
)
def test_best_rates(name, bound, expected):
    metric = getattr(metrics, name)(bound, num_thresholds=5)
    assert float(metric(Y_TRUE, Y_PRED)) == pytest.approx(expected)


def test_weights_count():
    metric = metrics.PrecisionAtRecall(0.5, num_thresholds=5)
    value = metric(Y_TRUE, Y_PRED, sample_weight=[2, 2, 2, 1, 1])
    assert float(value) == pytest.approx(1 / 3)


def test_one_class():
    metric = metrics.SensitivityAtSpecificity(0.5, num_thresholds=3, class_id=1)
    metric.update_state([[0, 1], [1, 0]], [[0.2, 0.6], [0.7, 0.4]], [1, 2])
    assert metric.true_negatives.numpy().tolist() == [0.0, 2.0, 2.0]
    assert float(metric.result()) == 1.0
    with pytest.raises(ShapeError, match="finds no class 5"):
        metrics.PrecisionAtRecall(0.5, class_id=5)([[0, 1]], [[0.2, 0.6]])


def test_thresholds():
    assert metrics.PrecisionAtRecall(0.5, num_thresholds=1).thresholds == [0.5]
    assert metrics.PrecisionAtRecall(0.5, num_thresholds=3).thresholds == [0.0, 0.5, 1]
    assert float(metrics.RecallAtPrecision(0.5).result()) == 0.0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"recall": 1.5}, r"cannot use this recall(.|\n)*got: +recall=1.5"),
        ({"recall": 0.5, "num_thresholds": 0}, r"needs thresholds(.|\n)*1 or more"),
    ],
)
def test_numbers_out_of_range(arguments, text):
    with pytest.raises(ValueError, match=text):
        metrics.PrecisionAtRecall(**arguments)
