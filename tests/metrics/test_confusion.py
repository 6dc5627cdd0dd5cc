import numpy as np
import pytest

from kerasish import metrics

Y_TRUE = [0, 1, 1, 0, 1]
Y_PRED = [0.1, 0.7, 0.4, 0.6, 0.9]


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        (metrics.TruePositives, [3.0, 2.0]),
        (metrics.FalsePositives, [1.0, 1.0]),
        (metrics.TrueNegatives, [1.0, 1.0]),
        (metrics.FalseNegatives, [0.0, 1.0]),
    ],
)
def test_counts(cls, expected):
    both = cls(thresholds=[0.3, 0.5])
    assert np.asarray(both(Y_TRUE, Y_PRED)).tolist() == expected
    assert np.asarray(both(Y_TRUE, Y_PRED)).tolist() == [2 * e for e in expected]
    one = cls()
    assert float(one(Y_TRUE, Y_PRED)) == expected[1]
    assert one.result().shape == ()
    weighted = cls(thresholds=0.5)
    assert float(weighted(Y_TRUE, Y_PRED, np.full(5, 0.5))) == expected[1] / 2


def test_precision_and_recall():
    assert float(metrics.Precision()(Y_TRUE, Y_PRED)) == pytest.approx(2 / 3)
    assert float(metrics.Recall()(Y_TRUE, Y_PRED)) == pytest.approx(2 / 3)
    recall = metrics.Recall(thresholds=[0.3, 0.8])
    np.testing.assert_allclose(recall(Y_TRUE, Y_PRED), [1.0, 1 / 3], rtol=1e-6)


def test_nothing_counted_gives_zero():
    assert float(metrics.Precision().result()) == 0.0
    assert float(metrics.Recall()([0, 0], [0.1, 0.2])) == 0.0


ROWS = np.float32([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])


def test_top_k():
    y_true = [[0, 0, 1], [0, 1, 0]]
    assert float(metrics.Precision(top_k=2)(y_true, ROWS)) == 0.25
    assert float(metrics.Recall(top_k=2)(y_true, ROWS)) == 0.5
    # a threshold beside top_k still counts
    assert float(metrics.Precision(top_k=2, thresholds=0.4)(y_true, ROWS)) == 0.0


def test_class_id():
    y_true = [[0, 0, 1], [1, 0, 1]]
    assert float(metrics.Precision(class_id=0)(y_true, ROWS)) == 1.0
    weighted = metrics.Recall(class_id=2, thresholds=0.25)
    weights = [[9.0, 9.0, 1.0], [9.0, 9.0, 3.0]]
    assert float(weighted(y_true, ROWS, weights)) == 1.0
    assert float(weighted.true_positives.numpy()[0]) == 4.0


def test_names_of_the_state():
    precision, recall = metrics.Precision(), metrics.Recall()
    assert [v.name for v in precision.variables] == [
        "true_positives",
        "false_positives",
    ]
    assert recall.false_negatives is recall.variables[1]
    assert [v.name for v in metrics.TrueNegatives().variables] == ["accumulator"]


def test_config_holds_thresholds_as_given():
    metric = metrics.Precision(name="p", thresholds=None, top_k=3)
    assert metric.get_config() == {
        "name": "p",
        "dtype": "float32",
        "thresholds": None,
        "top_k": 3,
        "class_id": None,
    }
    again = metrics.deserialize(metrics.serialize(metrics.Recall([0.1, 0.2])))
    assert again.thresholds == [0.1, 0.2]
