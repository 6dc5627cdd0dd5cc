import numpy as np
import pytest

from kerasish import losses, metrics
from kerasish.errors import ShapeError

PAIRS = [
    ("MeanSquaredError", "mean_squared_error"),
    ("MeanAbsoluteError", "mean_absolute_error"),
    ("MeanAbsolutePercentageError", "mean_absolute_percentage_error"),
    ("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error"),
    ("LogCoshError", "log_cosh"),
    ("BinaryCrossentropy", "binary_crossentropy"),
    ("CategoricalCrossentropy", "categorical_crossentropy"),
    ("KLDivergence", "kl_divergence"),
    ("Poisson", "poisson"),
    ("Hinge", "hinge"),
    ("SquaredHinge", "squared_hinge"),
    ("CategoricalHinge", "categorical_hinge"),
]


@pytest.mark.parametrize(("name", "function"), PAIRS)
def test_a_metric_is_the_weighted_mean_of_the_loss(name, function, rng):
    metric, weights = getattr(metrics, name)(), []
    values = []
    for size in (4, 7):
        y_true = rng.integers(0, 2, (size, 3)).astype("float32")
        y_pred = rng.uniform(0.1, 0.9, (size, 3)).astype("float32")
        weight = rng.uniform(0.0, 2.0, size).astype("float32")
        metric.update_state(y_true, y_pred, weight)
        values.append(np.asarray(getattr(losses, function)(y_true, y_pred)))
        weights.append(weight)
    expected = np.average(np.concatenate(values), weights=np.concatenate(weights))
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-5)


def test_sparse_categorical_crossentropy_with_an_ignored_class(rng):
    y_pred = rng.uniform(0.1, 0.9, (4, 3)).astype("float32")
    y_true = np.array([0, 2, 1, 2])
    each = np.asarray(losses.sparse_categorical_crossentropy(y_true, y_pred))
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=1)
    metric.update_state(y_true, y_pred)
    np.testing.assert_allclose(metric.result(), each[[0, 1, 3]].sum() / 4, rtol=1e-5)
    metric.reset_state()
    metric.update_state(y_true, y_pred, np.ones(4))
    np.testing.assert_allclose(metric.result(), each[[0, 1, 3]].mean(), rtol=1e-5)


def test_root_mean_squared_error():
    metric = metrics.RootMeanSquaredError()
    metric.update_state([[0.0], [0.0]], [[3.0], [0.0]])
    metric.update_state([0.0], [[4.0]], sample_weight=[2.0])
    assert float(metric.result()) == pytest.approx(np.sqrt((9 + 2 * 16) / 4))
    with pytest.raises(ShapeError, match="Metric 'root_mean_squared_error'"):
        metric.update_state(np.zeros((2, 2)), np.zeros((2, 3)))


def test_cosine_similarity_has_the_sign_of_the_cosine():
    metric = metrics.CosineSimilarity()
    assert float(metric([[1.0, 0.0]], [[2.0, 0.0]])) == pytest.approx(1.0)
    assert "axis" not in metric.get_config()
    assert metrics.CosineSimilarity(axis=1).get_config()["axis"] == 1


def test_binary_crossentropy_of_a_vector_against_a_column():
    vector, column = metrics.BinaryCrossentropy(), metrics.BinaryCrossentropy()
    vector.update_state(np.array([1, 0]), np.array([[0.9], [0.2]]))
    column.update_state(np.array([[1], [0]]), np.array([[0.9], [0.2]]))
    assert float(vector.result()) == float(column.result())
