import numpy as np
import pytest
from sklearn.metrics import fbeta_score

from kerasish import metrics
from kerasish.errors import ShapeError

Y_TRUE = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0], [0, 0, 1]])
Y_PRED = np.array([[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0], [0.1, 0.2, 0.9]])
WEIGHTS = [1.0, 2.0, 0.5, 1.5]


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_scores_are_sklearn_s(average, beta, weights):
    metric = metrics.FBetaScore(average, beta, threshold=0.5)
    expected = fbeta_score(
        Y_TRUE,
        Y_PRED > 0.5,
        beta=beta,
        average=average,
        sample_weight=weights,
        zero_division=0,
    )
    value = metric(Y_TRUE, Y_PRED, sample_weight=weights)
    np.testing.assert_allclose(value, expected, rtol=1e-5)  # epsilons of 1e-7


def test_the_largest_of_a_row_is_chosen_without_a_threshold():
    one_hot = np.eye(3)[[2, 0, 1, 2]]
    score = metrics.F1Score()(one_hot, Y_PRED)
    best = np.array([[0, 0, 1], [0, 1, 1], [0, 1, 0], [0, 0, 1]])
    expected = fbeta_score(one_hot, best, beta=1, average=None, zero_division=0)
    np.testing.assert_allclose(score, expected, rtol=1e-5)


def test_a_row_of_zeros_chooses_nothing():
    metric = metrics.F1Score()
    metric.update_state([[1, 0]], [[0.0, 0.0]])
    assert metric.false_positives.numpy().tolist() == [0.0, 0.0]
    assert metric.false_negatives.numpy().tolist() == [1.0, 0.0]


def test_before_any_update():
    metric = metrics.F1Score()
    assert float(metric.result()) == 0.0
    assert metric.variables == []
    metric.create_variables((None, 3), (None, 3))
    assert [v.name for v in metric.variables] == [
        "true_positives",
        "false_positives",
        "false_negatives",
        "intermediate_weights",
    ]
    np.testing.assert_array_equal(metric.result(), [0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"average": "mikro"}, "Unknown average 'mikro'(.|\n)*did you mean 'mi?a?cro'"),
        ({"beta": 0.0}, r"beta cannot be used(.|\n)*a positive number"),
        ({"threshold": 1.5}, r"threshold cannot be used(.|\n)*\(0, 1\]"),
    ],
)
def test_arguments_out_of_range(arguments, text):
    with pytest.raises(ValueError, match=text):
        metrics.FBetaScore(**arguments)


@pytest.mark.parametrize("shape", [(4,), (4, 3, 2)])
def test_columns_are_needed(shape):
    with pytest.raises(ShapeError, match="needs one column per class"):
        metrics.F1Score()(np.zeros(shape), np.zeros(shape))
