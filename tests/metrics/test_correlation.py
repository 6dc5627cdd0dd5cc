import numpy as np
import pytest

from kerasish import metrics
from kerasish.errors import ShapeError

CLOSE = {"rtol": 1e-5, "atol": 1e-6}


@pytest.fixture
def pair(rng):
    t = rng.normal(size=(4, 9))
    return t, 0.5 * t + rng.normal(size=(4, 9)) + 2.0


def test_pearson(pair):
    expected = [np.corrcoef(t, p)[0, 1] for t, p in zip(*pair, strict=True)]
    np.testing.assert_allclose(metrics.pearson_correlation(*pair), expected, **CLOSE)
    value = metrics.PearsonCorrelation()(*pair, sample_weight=[1, 2, 0, 1])
    average = np.average(expected, weights=[1, 2, 0, 1])
    np.testing.assert_allclose(value, average, **CLOSE)


def test_concordance(pair):
    t, p = pair
    shift = t.mean(-1) - p.mean(-1)
    common = ((t - t.mean(-1, keepdims=True)) * (p - p.mean(-1, keepdims=True))).mean(
        -1
    )
    expected = 2 * common / (t.var(-1) + p.var(-1) + shift**2)
    np.testing.assert_allclose(
        metrics.concordance_correlation(*pair), expected, **CLOSE
    )
    np.testing.assert_allclose(
        metrics.ConcordanceCorrelation()(*pair), expected.mean(), **CLOSE
    )


@pytest.mark.parametrize("axis", [0, (0, 1)])
def test_other_axes(axis, pair):
    t, p = pair
    if axis == 0:
        expected = [np.corrcoef(t[:, i], p[:, i])[0, 1] for i in range(9)]
    else:
        expected = np.corrcoef(t.ravel(), p.ravel())[0, 1]
    values = metrics.pearson_correlation(*pair, axis=axis)
    np.testing.assert_allclose(values, expected, **CLOSE)


def test_a_shift_lowers_concordance_alone():
    t = np.float32([[1.0, 2.0, 3.0]])
    assert float(metrics.pearson_correlation(t, t + 1)[0]) == pytest.approx(1.0)
    # 2 var / (2 var + 1), with var = 2/3
    value = float(metrics.concordance_correlation(t, t + 1)[0])
    assert value == pytest.approx(4 / 7, rel=1e-5)


def test_what_does_not_vary():
    ones, t = np.ones((1, 3), "float32"), np.float32([[1.0, 2.0, 3.0]])
    assert float(metrics.concordance_correlation(ones, t)[0]) == 0.0
    assert np.isnan(metrics.pearson_correlation(ones, t)).all()


@pytest.mark.parametrize(
    "function", [metrics.pearson_correlation, metrics.concordance_correlation]
)
def test_shapes_that_do_not_fit(function):
    with pytest.raises(ShapeError, match=f"{function.__name__} cannot compare"):
        function(np.zeros((4, 2)), np.zeros((4, 3)))
