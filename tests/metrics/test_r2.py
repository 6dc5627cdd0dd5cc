import numpy as np
import pytest
from sklearn.metrics import r2_score

from kerasish import metrics
from kerasish.errors import ShapeError

OF_SKLEARN = {
    None: "raw_values",
    "uniform_average": "uniform_average",
    "variance_weighted_average": "variance_weighted",
}


@pytest.fixture
def pair(rng):
    t = rng.normal(size=(12, 2)).astype("float32")
    return t, t + 0.5 * rng.normal(size=(12, 2)).astype("float32")


@pytest.mark.parametrize("aggregation", OF_SKLEARN)
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_are_sklearn_s(aggregation, weighted, pair, rng):
    weights = rng.uniform(0.5, 2.0, 12) if weighted else None
    metric = metrics.R2Score(aggregation)
    for rows in (slice(0, 5), slice(5, 12)):
        t, p = (x[rows] for x in pair)
        metric.update_state(t, p, None if weights is None else weights[rows])
    expected = r2_score(
        *pair, sample_weight=weights, multioutput=OF_SKLEARN[aggregation]
    )
    # a variance from sums of squares: a few more roundings
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-4)


def test_adjusted_for_regressors(pair):
    plain = float(metrics.R2Score()(*pair))
    adjusted = float(metrics.R2Score(num_regressors=3)(*pair))
    assert adjusted == pytest.approx(1 - (1 - plain) * 23 / 20, rel=1e-5)


@pytest.mark.parametrize("regressors", [23, 24, 100])
def test_too_few_samples_leave_the_score_as_it_is(regressors, pair):
    plain = float(metrics.R2Score()(*pair))
    assert float(metrics.R2Score(num_regressors=regressors)(*pair)) == plain


def test_targets_that_do_not_vary():
    assert float(metrics.R2Score()([[1.0], [1.0]], [[1.0], [3.0]])) == 0.0
    assert float(metrics.R2Score()([[1.0], [1.0]], [[1.0], [1.0]])) == 0.0


def test_before_any_update(pair):
    metric = metrics.R2Score()
    assert float(metric.result()) == 0.0
    metric.update_state(*pair)
    names = [v.name for v in metric.variables]
    assert names == ["num_samples", "squared_sum", "sum", "residual", "count"]
    metric.reset_state()
    assert float(metric.result()) == 0.0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"class_aggregation": "uniform"}, "did you mean 'uniform_average'"),
        ({"num_regressors": -1}, r"cannot use this num_regressors(.|\n)*0 or more"),
    ],
)
def test_arguments_out_of_range(arguments, text):
    with pytest.raises(ValueError, match=text):
        metrics.R2Score(**arguments)


@pytest.mark.parametrize("shape", [(4,), (4, 3, 2)])
def test_columns_are_needed(shape):
    with pytest.raises(ShapeError, match=r"needs columns(.|\n)*reshape both"):
        metrics.R2Score()(np.zeros(shape), np.zeros(shape))
